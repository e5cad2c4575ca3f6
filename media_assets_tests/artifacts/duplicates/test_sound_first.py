"""Of clips however short, the one in which something is heard is kept, also if the other has the higher bit rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates.indexing import rows_of

_PICTURES = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=3")
_SPOKEN = "sine=f=500:d=3,volume=0.3"


def clip(path: Path, sound: str | None, *options: str) -> Path:
    heard = ("-f", "lavfi", "-i", sound, "-map", "0", "-map", "1") if sound else ()
    media.ffmpeg(*_PICTURES, *heard, "-t", "3", "-c:v", "libx264", "-preset", "ultrafast", *options, path)
    return path


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name, sound, options",
    [
        ("silence.mp4", "anullsrc=d=3", ()),
        ("hiss.mkv", "anoisesrc=d=3:a=0.0001", ("-c:a", "flac")),
        ("no_packets.mkv", "anullsrc=d=3,atrim=end=0", ("-c:a", "flac")),
        ("breaks_off.mkv", "sine=f=500:d=0.4,volume=0.3", ("-c:a", "flac")),
        ("one_channel.mp4", _SPOKEN, ("-af", "pan=stereo|c0=c0|c1=0*c0")),
        ("none.mp4", None, ()),
    ],
)
def test_the_clip_with_sound_is_kept_whatever_the_other_has_more_of(
    tmp_path: Path, name: str, sound: str | None, options: tuple[str, ...]
) -> None:
    spoken = clip(tmp_path / "spoken.mp4", _SPOKEN, "-crf", "40", "-b:a", "48k", "-ac", "2")
    other = clip(tmp_path / name, sound, "-crf", "15", *options)
    (group,) = duplicate_groups(rows_of([other, spoken]))
    assert (group.keep_path, group.keep_because) == ("spoken.mp4", "it has the sound")


def test_clips_in_which_equally_much_is_heard_are_told_apart_by_the_next_rule(tmp_path: Path) -> None:
    low = clip(tmp_path / "low.mp4", _SPOKEN, "-crf", "40", "-b:a", "48k")
    high = clip(tmp_path / "high.mp4", _SPOKEN, "-crf", "15")
    (group,) = duplicate_groups(rows_of([low, high]))
    assert group.keep_path == "high.mp4"
