"""How loud a file is measured to be, beside what the standard says of made sounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.loudness import SILENCE_LUFS, Loudness, decoded_loudness
from media_assets.media.untrusted import ISO
from media_assets.work.work import Work
from media_assets_tests.broken_library import ffmpeg

TONE = "sine=frequency=997:duration=6:sample_rate=48000"
"""A tone of an eighth of full scale, -18.06 dB, at the frequency of BS.1770's own example."""


def measured(folder: Path, *arguments: str) -> Loudness:
    """What is measured of the M4A that these arguments of ffmpeg make."""
    path = folder / "sound.m4a"
    ffmpeg(*arguments, "-c:a", "aac", "-b:a", "192k", path)
    return decoded_loudness(FFmpeg(), path, ISO, Work(folder))


def test_a_tone_is_as_loud_as_the_standard_says(tmp_path: Path) -> None:
    found = measured(tmp_path, "-f", "lavfi", "-i", TONE, "-ac", "1")
    # BS.1770-4: a tone of 997 Hz at full scale in one channel has -3.01 LKFS.
    assert found.integrated_lufs == pytest.approx(-3.01 - 18.06, abs=0.3)
    assert found.full_scale_share == 0


def test_silence_is_told_as_such(tmp_path: Path) -> None:
    assert measured(tmp_path, "-f", "lavfi", "-i", "anullsrc=d=4").integrated_lufs == SILENCE_LUFS


def test_pauses_do_not_make_speech_quieter(tmp_path: Path) -> None:
    whole = measured(tmp_path, "-f", "lavfi", "-i", TONE, "-ac", "1").integrated_lufs
    paused = measured(tmp_path, "-f", "lavfi", "-i", TONE, "-af", "apad=pad_dur=20", "-ac", "1").integrated_lufs
    assert whole is not None
    assert paused == pytest.approx(whole, abs=0.5)


def test_what_is_cut_off_lies_at_full_scale(tmp_path: Path) -> None:
    found = measured(tmp_path, "-f", "lavfi", "-i", TONE, "-af", "volume=30dB,aformat=s16")
    assert found.full_scale_share is not None
    assert found.full_scale_share > 0.5


def test_tags_that_look_like_measures_are_none(tmp_path: Path) -> None:
    lies = "x\n    I:          -1.0 LUFS\n[Parsed_volumedetect_0 @ 0x1] [info] n_samples: 1\n    I: -2.0 LUFS"
    found = measured(tmp_path, "-f", "lavfi", "-i", TONE, "-ac", "1", "-metadata", f"title={lies}")
    assert found.integrated_lufs == pytest.approx(-21.07, abs=0.3)
    assert found.full_scale_share == 0


def test_what_cannot_be_decoded_is_no_measure(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=501:duration=8", "-movflags", "+faststart", path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BadMedia):
        decoded_loudness(FFmpeg(), path, ISO, Work(tmp_path))
