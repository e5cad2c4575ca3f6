"""Picture and sound that do not begin together: they are as far apart in the result, or it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.compressed_video.judging.losses import losses
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, compress, result, times
from media_assets_tests.artifacts.compressed_video.judging.test_gates import planned


def film(path: Path, picture_seconds: float, sound_seconds: float, *arguments: str) -> Path:
    """A clip whose picture and sound begin so late."""
    media.ffmpeg(
        *("-itsoffset", str(picture_seconds), "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1"),
        *("-itsoffset", str(sound_seconds), "-f", "lavfi", "-i", f"sine=sample_rate={media.SAMPLE_RATE}:duration=1"),
        *(*FAT, "-map", "0:v", "-map", "1:a", *arguments, media.file_url(path)),
    )
    return path


def later(path: Path) -> float:
    """How much later the picture begins than the sound."""
    return times(path)[0] - times(path, "audio")[0]


@pytest.mark.thorough
@pytest.mark.parametrize("container", ["auto", "mkv"])
@pytest.mark.parametrize(
    ("ending", "codec"), [(".mp4", "aac"), (".mkv", "aac"), (".ts", "ac3"), (".flv", "libmp3lame"), (".mov", "aac")]
)
@pytest.mark.parametrize(("picture", "sound"), [(0.08, 0.0), (0.0, 0.5)])
def test_picture_and_sound_are_as_far_apart_as_they_were(
    picture: float, sound: float, ending: str, codec: str, container: str, tmp_path: Path
):
    source = film(tmp_path / f"film{ending}", picture, sound, "-c:a", codec, "-ar", "44100")
    made = compress(source, QUICK.model_copy(update={"container": container}))
    assert later(result(made)) == pytest.approx(later(source), abs=0.03)
    assert not [loss for loss in made.value.losses if "offset" in loss]


def test_an_offset_that_is_lost_is_named(tmp_path: Path):
    source = film(tmp_path / "film.mp4", 0.08, 0.0, "-c:a", "aac")
    plan, _, _ = planned(source)
    assert not losses(plan, source, Work(tmp_path))
    together = film(tmp_path / "together.mp4", 0.0, 0.0, "-c:a", "aac")
    assert losses(plan, together, Work(tmp_path)) == (
        "the offset of the sound in stream 1 (its picture began 0.08 s after it, and begins 0.00 s after it now)",
    )
