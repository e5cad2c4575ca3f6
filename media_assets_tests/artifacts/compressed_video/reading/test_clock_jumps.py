"""Videos whose clock jumps: the result shows what is decoded, in step with its sound, and what is lost is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.media.ffmpeg_errors import of_content
from media_assets_tests.artifacts.compressed_video.clips import compress, result, times
from media_assets_tests.media.test_clock_jumps import JUMPS, MPEG2, SECONDS, film, joined, saved_as_it_came, without

FILMS = [jump for jump in JUMPS if jump not in ("of sound alone", "back by a little")]


@pytest.mark.thorough
@pytest.mark.parametrize("jump", FILMS)
def test_a_film_whose_clock_jumps_is_as_long_as_what_is_decoded(jump: str, tmp_path: Path):
    ending, offsets, arguments = JUMPS[jump]
    made = compress(joined(tmp_path, ending, offsets, *arguments))
    picture, sound = np.array(times(result(made))), np.array(times(result(made), "audio"))
    assert picture.max() - picture.min() == pytest.approx(len(offsets) * SECONDS, abs=0.1 * len(offsets))
    assert picture.size >= len(offsets) * 25 - 2 * len(offsets)
    assert np.diff(picture).max() < 0.15
    assert abs(picture.max() - sound.max()) < 0.15
    assert f"the jumps of its clock ({len(offsets) - 1} ×): what follows one is shown right behind" in made.value.losses
    assert made.value.vmaf is not None and made.value.vmaf.mean > 85  # frames are compared with their like


@pytest.mark.thorough
def test_a_film_whose_parts_cannot_be_joined_in_step_is_left_as_it_is(tmp_path: Path):
    """The ffmpeg that closes a small jump back doubles it, where sound and picture meet it one after the other."""
    ending, offsets, arguments = JUMPS["back by a little"]
    made = compress(joined(tmp_path, ending, offsets, *arguments))
    if made.value.compressed:
        assert max(times(result(made))) < 2.2 * SECONDS
    else:
        assert made.value.reason.startswith("left as it is: the picture of the result lasts")


def test_what_a_writer_remarks_is_no_damage():
    assert of_content(
        (
            "[mp4] Non-monotonic DTS; previous: 5, current: 4; changing to 6.",
            "[null] Application provided invalid, non monotonically increasing dts to muxer in stream 0: 5450 >= 5450",
            "[out#0/mp4] video:1KiB audio:0KiB",
            "[mov,mp4,m4a,3gp,3g2,mj2] stream 0, offset 0x30: partial file",
            "[matroska,webm] Read error",
            "[h264] error while decoding MB 3 4",
            "[in#0/mpegts] Packet corrupt (stream = 0, dts = 302400).",
        )
    ) == (
        "[mov,mp4,m4a,3gp,3g2,mj2] stream 0, offset 0x30: partial file",
        "[matroska,webm] Read error",
        "[h264] error while decoding MB 3 4",
        "[in#0/mpegts] Packet corrupt (stream = 0, dts = 302400).",
    )


@pytest.mark.parametrize(
    ("wild", "reason"),
    [
        (True, "the clock of a sound track goes back (1 ×), and the result would be out of step"),
        (False, "the clock of its picture goes back (1 ×), and frames would be lost"),
    ],
)
def test_a_film_whose_clock_goes_back_where_nothing_is_corrected_is_left_as_it_is(
    wild: bool, reason: str, tmp_path: Path
):
    made = compress(saved_as_it_came(tmp_path / "saved.flv", "aac", wild=wild))
    assert made.value.reason == f"left as it is: {reason}"
    assert not list(tmp_path.glob("work-saved/*"))  # nothing was encoded for it


@pytest.mark.thorough
def test_a_film_of_which_only_a_writer_complains_is_made_smaller(tmp_path: Path):
    """Two of its frames come out at one time, of which the writer that throws all away remarks."""
    whole = film(tmp_path / "whole.ts", 0.0, *MPEG2, "-c:a", "mp2", seconds=30.0).read_bytes()
    (tmp_path / "film.ts").write_bytes(without(whole, 0.5))
    made = compress(tmp_path / "film.ts")
    assert result(made)
    assert any("the jumps of its clock" in loss for loss in made.value.losses)
