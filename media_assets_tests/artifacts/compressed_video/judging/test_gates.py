"""A result that is not what was planned is not handed over: each gate is shown a file that must not pass it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from media_assets.artifacts.compressed_video.encoding.encode import encode
from media_assets.artifacts.compressed_video.finish import Finish, LeftAsItIs, NotWorthIt
from media_assets.artifacts.compressed_video.judging import gates
from media_assets.artifacts.compressed_video.planning.plan import EncodePlan, make_plan
from media_assets.artifacts.compressed_video.planning.tiers import main_video
from media_assets.artifacts.compressed_video.reading.picture import look_at_picture
from media_assets.artifacts.compressed_video.reading.timeline import Timeline, read_timeline
from media_assets.artifacts.compressed_video.searching.samples import take_samples
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, clip, frames, result, scene

TAGS = ("-metadata", "creation_time=2019-07-20T20:17:40.000000Z", "-metadata", "location=+48.8577+002.2950/")


def planned(source: Path, settings: VideoCompressionSettings = QUICK) -> tuple[EncodePlan, Timeline, Work]:
    work = Work(source.parent)
    found = probe(source, work).media
    assert found is not None
    main = main_video(found)
    assert main is not None
    picture = look_at_picture(source, main, work)
    plan = make_plan(source, found, main, picture, VideoRule(max_lines=1080), settings)
    return plan, read_timeline(source, main.index, work), work


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two seconds with two sounds and a creation time."""
    path = tmp_path / "source.mp4"
    media.ffmpeg(
        *(*scene("motion", "160x120", 2.0), "-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000"),
        *("-map", "0", "-map", "1", "-map", "1", *FAT, "-c:a", "aac", *TAGS, path),
    )
    return path


def test_a_true_result_passes_all_gates(source: Path, tmp_path: Path):
    plan, timeline, work = planned(source)
    made = tmp_path / "made.mp4"
    encode(FFmpeg(), plan, 28, made, work)
    assert gates.agrees(plan, timeline, made, work) is None
    assert gates.decodes(FFmpeg(), made, 2.0, work) is None
    assert gates.losses(plan, made, work) == ()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-map", "0", "-t", "1", "-c", "copy"), "the picture of the result lasts"),
        (("-map", "0:v", "-map", "0:a:0", "-c", "copy"), "1 stream of type audio and not 2"),
        (("-map", "0:a", "-c", "copy"), "has no picture"),
        (("-map", "0", "-c", "copy", "-c:v", "libx264", "-s", "80x60"), r"displayed at \(80, 60\)"),
        (("-map", "0", "-c", "copy", "-c:v", "libx264", "-r", "12"), "frames are missing"),
        (("-map", "0", "-c", "copy", "-c:a:1", "mp3"), "the codec of a sound track became mp3"),
        (
            ("-map", "0", "-c", "copy", "-c:a", "aac", "-filter:a:0", "anull", "-filter:a:1", "atrim=end=1"),
            "a sound track of the result lasts",
        ),
    ],
)
def test_what_is_not_as_planned_is_seen(arguments: tuple[str, ...], reason: str, source: Path, tmp_path: Path):
    plan, timeline, work = planned(source)
    made = tmp_path / "made.mp4"
    media.ffmpeg("-i", source, *arguments, made)
    found = gates.agrees(plan, timeline, made, work)
    assert found is not None
    assert re.search(reason, found), found


def test_a_result_with_damage_does_not_pass_as_decoded(source: Path):
    _, _, work = planned(source)
    data = bytearray(source.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20_000] = bytes(20_000)
    source.write_bytes(data)
    found = gates.decodes(FFmpeg(), source, 2.0, work)
    assert found is not None
    assert found.startswith("the result cannot be decoded")


def test_tags_that_are_gone_are_named(source: Path, tmp_path: Path):
    plan, _, work = planned(source)
    made = tmp_path / "made.mp4"
    media.ffmpeg("-i", source, "-map", 0, "-c", "copy", "-map_metadata", "-1", made)
    assert gates.losses(plan, made, work) == ("the creation time", "the place of the recording")


def finish(source: Path, **changes: object) -> Finish:
    settings = VideoCompressionSettings.model_validate({"codec": "x264", "preset": "superfast", **changes})
    plan, timeline, work = planned(source, settings)
    samples = take_samples(FFmpeg(), plan, timeline, settings, work)
    return Finish(FFmpeg(), samples, settings, settings.target_vmaf, source.stat().st_size, ())


@pytest.mark.thorough
def test_a_result_that_falls_short_is_encoded_again_with_more_quality(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", kind="noise", size="160x120", seconds=1.0)
    work = Work(tmp_path)
    short = finish(source, max_encodes=1, min_saved_share=0)
    with pytest.raises(LeftAsItIs, match=r"the result has VMAF \d\d.\d\d, worst second"):
        short.make(24.0, work, work)
    assert not (tmp_path / "video.mp4").exists()
    value = finish(source, max_encodes=4, min_saved_share=0).make(24.0, work, work).value
    assert value.vmaf is not None
    assert value.vmaf.mean >= 95
    assert value.crf is not None
    assert value.crf < 24


@pytest.mark.thorough
def test_a_result_that_is_too_large_is_thrown_away(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", size="160x120", seconds=1.0)
    work = Work(tmp_path)
    with pytest.raises(NotWorthIt, match=r"the result has \d+ bytes, and \d+ are allowed"):
        finish(source, min_saved_share=0.99).make(20.0, work, work)
    made = finish(source, min_saved_share=0.0).make(20.0, work, work)
    assert len(frames(result(made))) == 25
