"""What is shown when: frames of a variable rate, and chapters."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.compressed_video.reading.timeline import read_timeline
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import QUICK, clip, compress, result, times

PASS = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize(
    "vary",
    [
        "settb=1/1000,setpts='N*33+mod(N*7,11)'",
        "settb=1/1000,select='gt(mod(n,5),1)',setpts='PTS+mod(N*13,17)'",
        "settb=1/1000,setpts='N*5+gt(N,20)*900'",
        "settb=1/1000,setpts='if(lt(N,20),N,200+N*100)'",
        "settb=1/1000,setpts='N*40-mod(N,2)*38'",
    ],
    ids=["jittered", "dropped", "jump", "bursts", "pairs"],
)
def test_each_frame_of_a_variable_rate_keeps_its_time(vary: str, ending: str, tmp_path: Path):
    source = clip(tmp_path / f"source.{ending}", "-vf", vary, *PASS, size="160x90", seconds=1.5)
    made = result(compress(source))
    before, after = times(source), times(made)
    assert [time - after[0] for time in after] == pytest.approx([time - before[0] for time in before], abs=1.5e-3)


@pytest.mark.thorough
@pytest.mark.parametrize(("ending", "at"), [("mkv", 20), ("mp4", 0), ("mp4", 34)])
def test_a_jump_of_the_clock_is_no_length_of_a_frame_where_frames_are_reordered(ending: str, at: int, tmp_path: Path):
    """In mp4 a length tells when the next frame is decoded, which is another than the one that is shown next."""
    jump = f"settb=1/1000,setpts='N*40+gt(N,{at})*30000'"
    source = clip(tmp_path / f"source.{ending}", "-vf", jump, *PASS, size="160x90", seconds=1.5)
    assert read_timeline(source, 0, Work(tmp_path)).duration_seconds == pytest.approx(31.5, abs=0.1)
    made = result(compress(source, QUICK.model_copy(update={"preset": "medium"})))
    assert read_timeline(made, 0, Work(tmp_path)).duration_seconds == pytest.approx(31.5, abs=0.1)
    before, after = times(source), times(made)
    assert [time - after[0] for time in after] == pytest.approx([time - before[0] for time in before], abs=1.5e-3)


@pytest.mark.thorough
@pytest.mark.parametrize("count", [2, 300])
def test_chapters_without_titles_are_numbered(count: int, tmp_path: Path):
    marks = tmp_path / "marks.txt"
    step = 900 // count
    marks.write_text(
        ";FFMETADATA1\n"
        + "".join(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={n * step}\nEND={(n + 1) * step}\n" for n in range(count))
    )
    source = tmp_path / "source.mkv"
    media.ffmpeg("-i", clip(tmp_path / "bare.mkv", size="160x90", seconds=1.0), "-i", marks, "-c", "copy", source)
    found = probe(result(compress(source)), Work(tmp_path)).media
    assert found is not None
    assert [chapter.title for chapter in found.chapters] == [f"Chapter {n + 1}" for n in range(count)]
