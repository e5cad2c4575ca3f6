"""Videos of which less is shown than is stored: trimmed by edit lists, cut by apertures. The rest does not count."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media_assets.media.edit_lists import Aperture
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.boxes import aperture, edited, pixel_shape, put
from media_assets_tests.artifacts.compressed_video.clips import QUICK, compress, result

LATE = 0.08
"""Seconds by which times in the media are later than those that are shown: the first frame waits for two others."""
CODED = ("-c:v", "libx264", "-preset", "medium", "-crf", "4", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p")
GOOD = QUICK.model_copy(update={"crf": 22.0})


def stored(path: Path, *arguments: str, sound: bool = True, seconds: float = 3.0) -> Path:
    """Moving shapes, with a tone that rises."""
    tone = f"aevalsrc=0.5*sin(2*PI*(200+300*t)*t):d={seconds}:s=48000"
    media.ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=size=160x96:rate=25:duration={seconds}", "-f", "lavfi", "-i", tone),
        *("-map", "0", *(("-map", "1", "-c:a", "aac") if sound else ()), *CODED, *arguments, path),
    )
    return path


def pictures(path: Path) -> np.ndarray:
    """Brightness of all frames as ffmpeg shows them: turned, cut and trimmed."""
    told = media.ffmpeg("-i", path, "-map", "0:v:0", "-frames:v", 1, "-f", "framehash", "-").decode()
    size = re.search(r"dimensions 0: (\d+)x(\d+)", told)
    assert size is not None
    as_it_comes = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-pix_fmt", "gray", "-f", "rawvideo")
    data = np.frombuffer(media.ffmpeg("-i", path, "-map", "0:v:0", *as_it_comes, "-"), np.uint8)
    return data.reshape(-1, int(size[2]), int(size[1])).astype(int)


def times(path: Path) -> np.ndarray:
    """Milliseconds at which ffmpeg shows the frames, from the first sound or picture on."""
    as_it_comes = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    told = media.ffmpeg("-i", path, "-map", "0:v:0", *as_it_comes, "-f", "framehash", "-").decode()
    return np.array([int(line.split(",")[2]) for line in told.splitlines() if not line.startswith("#")])


def sound(path: Path) -> np.ndarray:
    return np.frombuffer(
        media.ffmpeg("-i", path, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-f", "f32le", "-"),
        np.float32,
    )


def same_is_shown(source: Path, made: Path, *, heard: bool) -> None:
    before, after = pictures(source), pictures(made)
    assert before.shape == after.shape
    assert np.abs(before - after).mean(axis=(1, 2)).max() < 3
    assert list(times(source)) == pytest.approx(list(times(made)), abs=1)
    if heard:
        assert np.array_equal(sound(source), sound(made))


TRIMS: dict[str, tuple[tuple[float, float], ...]] = {
    "head": ((1.8, 1.2),),
    "head within a frame": ((1.39, 1.61),),
    "tail": ((1.5, 0.0),),
    "head and tail": ((1.1, 1.1),),
    "delay": ((0.5, -1), (3.0, 0.0)),
    "delay and head": ((0.5, -1), (1.5, 1.5)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", TRIMS)
def test_what_an_edit_list_leaves_out_is_not_missed(name: str, tmp_path: Path):
    source = stored(tmp_path / "source.mp4")
    edited(source, *((length, begin + LATE if begin >= 0 else begin) for length, begin in TRIMS[name]))
    edited(source, *TRIMS[name], track=1)
    same_is_shown(source, result(compress(source, GOOD)), heard=True)


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [("-c", "copy"), ("-t", "0.9", "-c", "copy")], ids=["head", "head and tail"])
def test_a_cut_without_a_new_encode_is_compressed(arguments: tuple[str, ...], tmp_path: Path):
    source = tmp_path / "source.mp4"
    media.ffmpeg("-ss", "1.5", "-i", stored(tmp_path / "whole.mp4"), *arguments, source)
    same_is_shown(source, result(compress(source, GOOD)), heard=True)


@pytest.mark.thorough
@pytest.mark.parametrize("pieces", [((1, 0), (1, 1.8)), ((1, 0.4), (1, 0.4)), ((1, 1.8), (1, 0.2))])
def test_pictures_of_several_pieces_are_compressed(pieces: tuple[tuple[float, float], ...], tmp_path: Path):
    source = stored(tmp_path / "source.mp4", sound=False)
    edited(source, *((length, begin + LATE) for length, begin in pieces))
    same_is_shown(source, result(compress(source, GOOD)), heard=False)


@pytest.mark.thorough
def test_a_trimmed_video_is_sampled_where_it_is_shown(tmp_path: Path):
    source = stored(tmp_path / "source.mp4", sound=False, seconds=40.0)
    edited(source, (12, 20.3 + LATE), (20, 3.1 + LATE))
    compressed = compress(source, GOOD.model_copy(update={"samples": 4, "sample_seconds": 1.0}))
    same_is_shown(source, result(compressed), heard=False)
    assert compressed.value.vmaf_of == "samples"
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.worst_second > 95


@pytest.mark.parametrize(
    ("edits", "track", "reason"),
    [
        (((1, 0), (1, 1.5)), 1, "puts its sound together from 2 pieces"),
        (((1, 0), (0.5, -1), (1, 1.5)), 0, "puts a pause into its picture"),
        (((1, 0), (0.5, -1), (1, 1.0)), 1, "puts a pause into its sound"),
        (((6, 0, 0.5),), 0, "changes the speed of its picture"),
        (((2, 0), (1, 2, 0)), 0, "changes the speed of its picture"),
        (((0, 1.2),), 0, "shows none of its frames"),
    ],
)
def test_edits_that_cannot_be_followed_are_named_before_anything_is_encoded(
    edits: tuple[tuple[float, ...], ...], track: int, reason: str, tmp_path: Path
):
    source = edited(stored(tmp_path / "source.mp4", seconds=2.5), *edits, track=track)
    value = compress(source, QUICK.model_copy(update={"crf": None})).value
    assert value.reason.startswith("left as it is: its edit list")
    assert reason in value.reason
    assert value.trials == ()


def turned(degrees: int) -> Callable[[Path], Path]:
    def turn(path: Path) -> Path:
        upright = path.replace(path.with_name("upright.mp4"))
        media.ffmpeg("-display_rotation", degrees, "-i", upright, "-c", "copy", path)
        return put(path, b"avc1", aperture(120, 64, 10, -6))

    return turn


def trimmed(path: Path) -> Path:
    return edited(put(path, b"avc1", aperture(120, 64)), (1.2, 0.6 + LATE))


CUTS: dict[str, Callable[[Path], Path]] = {
    "middle": lambda path: put(path, b"avc1", aperture(120, 64)),
    "aside": lambda path: put(path, b"avc1", aperture(120, 64, 10, -6)),
    "odd": lambda path: put(path, b"avc1", aperture(121, 65)),
    "pixels not square": lambda path: put(put(path, b"avc1", pixel_shape(4, 3)), b"avc1", aperture(120, 64)),
    "turned left": turned(90),
    "turned right": turned(270),
    "upside down": turned(180),
    "trimmed": trimmed,
    "all of it": lambda path: put(path, b"avc1", aperture(160, 96)),
    "wider than it is": lambda path: put(path, b"avc1", aperture(1000, 64)),
    "beside it": lambda path: put(path, b"avc1", aperture(120, 64, 100, 0)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", CUTS)
def test_a_picture_is_shown_within_its_aperture(name: str, tmp_path: Path):
    source = CUTS[name](stored(tmp_path / "source.mp4", sound=False, seconds=2.0))
    compressed = compress(source, GOOD)
    same_is_shown(source, result(compressed), heard=False)
    width, height = pictures(source).shape[:0:-1]
    assert (compressed.value.width, compressed.value.height) == (width, height)


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_a_picture_is_shown_without_what_its_codec_crops(ending: str, tmp_path: Path):
    source = tmp_path / f"source.{ending}"
    crop = "h264_metadata=crop_left=16:crop_top=8:crop_right=8:crop_bottom=2"
    media.ffmpeg("-i", stored(tmp_path / "whole.mp4", sound=False, seconds=1.0), "-c", "copy", "-bsf:v", crop, source)
    assert pictures(source).shape[1:] == (86, 136)
    same_is_shown(source, result(compress(source, GOOD)), heard=False)


@pytest.mark.thorough
def test_a_picture_is_shown_without_what_matroska_crops(tmp_path: Path):
    stored(tmp_path / "whole.mp4", sound=False, seconds=1.0)
    source = tmp_path / "source.mkv"
    media.ffmpeg("-i", CUTS["aside"](tmp_path / "whole.mp4"), "-c", "copy", source)
    assert pictures(source).shape[1:] == (64, 120)
    same_is_shown(source, result(compress(source, GOOD)), heard=False)


def test_only_an_aperture_that_lies_within_the_picture_counts():
    assert Aperture(120, 64, 10, -6).is_part_of(160, 96)
    assert Aperture(160, 95, 0, 0.5).is_part_of(160, 96)
    for other in (Aperture(160, 96, 0, 0), Aperture(170, 64, 0, 0), Aperture(120, 64, 30, 0), Aperture(0, 64, 0, 0)):
        assert not other.is_part_of(160, 96)
