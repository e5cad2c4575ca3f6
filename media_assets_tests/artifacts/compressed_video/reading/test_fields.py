"""Pictures of two fields, marked as such or not, in all of a file or in parts of it. Read back by PyAV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.compressed_video.judging import gates
from media_assets.artifacts.compressed_video.reading.fields import Tally, judge, look_at_fields
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, compress, frames, result, vmaf
from media_assets_tests.artifacts.compressed_video.judging.test_gates import planned

JOINED = "(fields were joined to frames)"
MARK = ("-flags", "+ildct+ilme")
WOVEN = "tinterlace=interleave_top,setfield={},fps=25"


def moving(
    path: Path, filters: str, *arguments: str, rate: int = 50, size: str = "160x96", seconds: float = 1.6
) -> Path:
    """Shapes that move, filmed `rate` times a second."""
    source = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    media.ffmpeg("-f", "lavfi", "-i", source, "-vf", filters, *(arguments or FAT), path)
    return path


def whole(path: Path) -> Path:
    return moving(path, "fps=25")


def interlaced(path: Path, order: str = "tff") -> Path:
    side = {"tff": "top", "bff": "bottom"}[order]
    woven = f"tinterlace=interleave_{side},setfield={order},fps=25"
    return moving(path, woven, *FAT, *MARK, "-x264-params", f"{order}=1")


def joined(path: Path, *parts: Path) -> Path:
    """Parts one after the other, as they are."""
    (path.parent / "parts.txt").write_text("".join(f"file {part.name}\n" for part in parts))
    media.ffmpeg("-f", "concat", "-safe", "0", "-i", path.parent / "parts.txt", "-c", "copy", path)
    return path


def combed(path: Path) -> np.ndarray:
    """For each frame, by how much neighbouring lines differ more than those that are two apart."""
    pictures = [frame.to_ndarray(format="gray").astype(int) for frame in frames(path)]
    return np.array(
        [np.abs(np.diff(picture, axis=0)).mean() - np.abs(picture[2:] - picture[:-2]).mean() for picture in pictures]
    )


def difference(first: Path, second: Path, number: int) -> float:
    one, other = (frames(path)[number].to_ndarray(format="gray").astype(int) for path in (first, second))
    return float(np.abs(one - other).mean())


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("first_whole", [True, False], ids=["whole first", "fields first"])
def test_only_frames_of_two_fields_have_them_joined(first_whole: bool, ending: str, tmp_path: Path):
    parts = [whole(tmp_path / "whole.mp4"), interlaced(tmp_path / "fields.mp4")]
    source = joined(tmp_path / f"source.{ending}", *(parts if first_whole else parts[::-1]))
    marks = [bool(frame.interlaced_frame) for frame in frames(source)]
    assert {True, False} == set(marks)
    compressed = compress(source, QUICK.model_copy(update={"crf": 6.0}))
    made = result(compressed)
    assert compressed.value.losses[0] == f"interlacing of some frames {JOINED}"
    assert len(frames(made)) == len(marks)
    of_fields = np.array(marks)
    assert (combed(made)[of_fields] < combed(source)[of_fields] - 0.1).mean() > 0.9
    number = marks.index(False) + 20
    assert difference(source, made, number) < 1.0
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.worst_second > 95


@pytest.mark.thorough
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_where_all_frames_are_of_two_fields_all_have_them_joined(order: str, tmp_path: Path):
    source = interlaced(tmp_path / "source.mp4", order)
    compressed = compress(source)
    assert compressed.value.losses == (f"interlacing {JOINED}",)
    assert not any(frame.interlaced_frame for frame in frames(result(compressed)))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("ending", "arguments"),
    [
        ("ts", ("-c:v", "mpeg2video", "-q:v", "2", *MARK)),
        ("mpg", ("-c:v", "mpeg2video", "-q:v", "2", *MARK)),
        ("mov", ("-c:v", "prores_ks", *MARK)),
        ("mp4", ("-c:v", "mpeg4", "-q:v", "2", *MARK)),
    ],
)
def test_fields_of_other_codecs_are_joined(ending: str, arguments: tuple[str, ...], tmp_path: Path):
    source = moving(tmp_path / f"source.{ending}", WOVEN.format("tff"), *arguments)
    compressed = compress(source)
    assert f"interlacing {JOINED}" in compressed.value.losses
    assert combed(result(compressed)).mean() < combed(source).mean() - 0.1


@pytest.mark.thorough
def test_fields_without_a_mark_are_joined_where_it_is_sure(tmp_path: Path):
    source = moving(tmp_path / "source.mp4", WOVEN.format("prog"))
    assert not any(frame.interlaced_frame for frame in frames(source))
    compressed = compress(source)
    assert compressed.value.losses == (f"interlacing that its frames are not marked with {JOINED}",)
    assert combed(result(compressed)).mean() < combed(source).mean() - 0.1


@pytest.mark.thorough
def test_film_that_is_marked_as_fields_is_not_softened(tmp_path: Path):
    """Broadcasts carry 25 whole frames a second as 50 fields."""
    source = moving(tmp_path / "source.mp4", "fps=25,setfield=tff", *FAT, *MARK, "-x264-params", "tff=1")
    assert all(frame.interlaced_frame for frame in frames(source))
    compressed = compress(source)
    assert compressed.value.losses == ()
    scores = vmaf(result(compressed), source)
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.mean == pytest.approx(sum(scores) / len(scores), abs=0.1)


@pytest.mark.parametrize("kind", ["telecine", "in parts"])
def test_what_cannot_be_told_is_left_as_it_is(kind: str, tmp_path: Path):
    source = tmp_path / "source.mp4"
    if kind == "telecine":
        moving(source, "telecine,setfield=prog", rate=24)
    else:
        parts = [whole(tmp_path / "whole.mp4"), moving(tmp_path / "woven.mp4", WOVEN.format("prog"))]
        joined(source, *parts)
    value = compress(source).value
    assert not value.compressed
    assert value.reason.startswith("left as it is: many of its frames look interlaced without being marked so")


@pytest.mark.thorough
@pytest.mark.parametrize("noise", ["null", "noise=alls=12:allf=t:all_seed=3"])
@pytest.mark.parametrize(
    "kind", ["testsrc2", "testsrc", "mandelbrot", "life=mold=10:seed=3", "cellauto=rule=110:seed=7:scroll=1"]
)
def test_whole_frames_are_not_taken_for_fields(kind: str, noise: str, tmp_path: Path):
    source = tmp_path / "source.mp4"
    drawn = f"{kind}{':' if '=' in kind else '='}size=320x180:rate=25,{noise},trim=duration=1.5"
    media.ffmpeg("-f", "lavfi", "-i", drawn, *FAT, source)
    compressed = compress(source)
    assert result(compressed)
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_fields_far_inside_a_long_file_are_found(tmp_path: Path):
    """Of 30 s without, 3 s with, and 30 s without."""
    long = moving(tmp_path / "long.mp4", "fps=25", size="64x48", seconds=30.0)
    woven = WOVEN.format("tff")
    fields = moving(tmp_path / "f.mp4", woven, *FAT, *MARK, "-x264-params", "tff=1", size="64x48", seconds=3.0)
    for ending in ("mkv", "ts"):
        value = compress(joined(tmp_path / f"source.{ending}", long, fields, long)).value
        assert f"interlacing of some frames {JOINED}" in value.losses


def test_a_picture_that_is_turned_and_of_fields_is_left_as_it_is(tmp_path: Path):
    upright = interlaced(tmp_path / "upright.mp4")
    source = tmp_path / "source.mp4"
    media.ffmpeg("-display_rotation", 90, "-i", upright, "-c", "copy", source)
    assert "turned for display" in compress(source).value.reason


def test_a_result_that_lacks_frames_of_an_interlaced_source_is_refused(tmp_path: Path):
    """Only where fields come in packets of their own is there nothing to count."""
    source = interlaced(tmp_path / "source.mp4")
    plan, timeline, work = planned(source)
    fields = look_at_fields(source, plan.main, work)
    assert not fields.apart
    made = tmp_path / "made.mp4"
    media.ffmpeg("-i", source, "-r", "12", "-c:v", "libx264", made)
    assert "frames are missing" in str(gates.agrees(replace(plan, fields=fields), timeline, made, work))


def test_marks_and_lines_are_weighed_together():
    nothing, woven = Tally(), Tally(frames=50, moving=48, top_first=45, whole=1)
    still, filmed = Tally(frames=50), Tally(frames=50, moving=48, whole=48)
    lower = Tally(frames=50, moving=48, bottom_first=40)
    assert judge(nothing, filmed, "h264").deinterlace == judge(nothing, still, "h264").deinterlace == "none"
    assert judge(still, nothing, "h264").filters == judge(woven, filmed, "h264").filters
    assert judge(woven, woven, "h264").filters == judge(nothing, woven, "h264").filters
    assert "parity=bff" in judge(nothing, lower, "h264").filters[0]
    assert judge(filmed, nothing, "h264").deinterlace == "none"
    assert judge(Tally(frames=50, moving=48, whole=46, top_first=2), nothing, "h264").deinterlace == "marked"
    assert judge(still, nothing, "hevc").doubt is not None
    assert judge(woven, nothing, "hevc").doubt is None
