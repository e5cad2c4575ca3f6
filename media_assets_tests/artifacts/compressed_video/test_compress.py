"""Videos made smaller: quality and size of what comes out, and what is left alone. Results are judged by commands and
decoders of the tests' own."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

import pytest

from media_assets.artifacts.compressed_video.encoding.encode import MARK
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.base.errors import BadMedia, Fatal, NotApplicable, TimeLimitExceeded
from media_assets.media.probe import probe
from media_assets.pipeline.conditions import PictureCondition
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import (
    FAT,
    QUICK,
    clip,
    compress,
    frames,
    result,
    scene,
    times,
    vmaf,
)

SEARCHED = VideoCompressionSettings(codec="x264", preset="superfast")


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["motion", "noise", "text"])
def test_the_target_is_reached_and_not_much_more(kind: str, tmp_path: Path):
    source = clip(tmp_path / "source.mp4", kind=kind, size="192x108", seconds=1.6)
    compressed = compress(source, SEARCHED)
    smaller = result(compressed)
    scores = vmaf(smaller, source)
    value = compressed.value
    assert value.vmaf is not None
    assert value.vmaf_of == "whole"
    assert value.vmaf.mean == pytest.approx(sum(scores) / len(scores), abs=0.02)
    assert value.vmaf.mean >= 95
    assert value.vmaf.worst_second >= 88
    assert min(value.vmaf.mean - 95, value.vmaf.worst_second - 88) < 1.0
    assert smaller.stat().st_size <= 0.8 * source.stat().st_size
    assert len(frames(smaller)) == len(frames(source)) == 40
    assert len(value.trials) <= 8


@pytest.mark.slow
def test_the_worst_second_counts_as_well_as_the_mean(tmp_path: Path):
    """One second of noise behind two easy ones: the mean alone would let it go."""
    source = tmp_path / "source.mp4"
    media.ffmpeg(
        *(*scene("motion", "160x120", 2.0), *scene("noise", "160x120", 1.0)),
        *(
            "-filter_complex",
            "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]concat",
            *FAT,
            media.file_url(source),
        ),
    )
    lenient = SEARCHED.model_copy(update={"target_vmaf": 70.0, "min_second_vmaf": 0.0, "min_saved_share": 0.0})
    strict = lenient.model_copy(update={"min_second_vmaf": 90.0})
    scores = vmaf(result(compress(source, lenient)), source)
    worst = min(sum(scores[at : at + 25]) / 25 for at in (0, 25, 50))
    assert worst < 85
    scores = vmaf(result(compress(source, strict)), source)
    assert min(sum(scores[at : at + 25]) / 25 for at in (0, 25, 50)) >= 89.9


@pytest.mark.thorough
def test_a_longer_file_is_judged_by_samples_and_the_whole_of_it_is_as_good(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-g", "25", kind="noise", size="160x120", seconds=12)
    compressed = compress(source, SEARCHED.model_copy(update={"samples": 3, "sample_seconds": 1.0}))
    smaller = result(compressed)
    assert compressed.value.vmaf_of == "samples"
    scores = vmaf(smaller, source)
    assert len(scores) == 300
    assert sum(scores) / 300 >= 94.3
    best = compressed.value.trials[-1]
    assert best.predicted_video_bytes == pytest.approx(smaller.stat().st_size, rel=0.25)


@pytest.mark.slow
def test_a_source_without_an_index_is_sampled_at_the_right_places(tmp_path: Path):
    source = clip(tmp_path / "source.ts", "-g", "60", kind="noise", size="160x120", seconds=8)
    compressed = compress(source, SEARCHED.model_copy(update={"samples": 2, "sample_seconds": 1.0}))
    smaller = result(compressed)
    assert compressed.value.vmaf_of == "samples"
    scores = vmaf(smaller, source)
    assert compressed.value.vmaf is not None
    assert sum(scores) / len(scores) == pytest.approx(compressed.value.vmaf.mean, abs=1.5)


@pytest.mark.thorough
def test_the_picture_gets_the_size_of_its_tier_and_quality_is_that_at_this_size(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", kind="text", seconds=1.0)
    settings = SEARCHED.model_copy(
        update={"rules": (VideoRule(when=PictureCondition(older_than_years=3), max_lines=90), VideoRule(max_lines=120))}
    )
    compressed = compress(source, settings, age_years=2.9)
    first = frames(result(compressed))[0]
    assert (first.width, first.height) == (214, 120)
    scores = vmaf(result(compressed), source, "scale=214:120")
    assert sum(scores) / len(scores) >= 94.9
    value = compress(source, settings, age_years=3.1).value
    assert (value.width, value.height, value.max_lines) == (160, 90, 90)


@pytest.mark.thorough
def test_a_fixed_crf_is_taken_as_it_is(tmp_path: Path):
    value = compress(clip(tmp_path / "source.mp4", seconds=1.0), QUICK).value
    assert (value.crf, value.trials, value.preset) == (28, (), "ultrafast")
    assert value.vmaf is not None


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("codec", "preset"), [("x265", "ultrafast"), pytest.param("svt-av1", "12", marks=pytest.mark.slow)]
)
def test_the_other_encoders_reach_the_target_too(codec: str, preset: str, tmp_path: Path):
    source = clip(tmp_path / "source.mp4", kind="noise", size="192x108", seconds=1.0)
    settings = VideoCompressionSettings.model_validate({"codec": codec, "preset": preset})
    compressed = compress(source, settings)
    scores = vmaf(result(compressed), source)
    assert 95 <= sum(scores) / len(scores) < 96.5
    assert len(frames(result(compressed))) == 25


@pytest.mark.thorough
def test_the_same_source_and_settings_give_the_same_bytes(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=1.0)
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = result(compress(source, SEARCHED, work=Work(tmp_path / name)))
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


# ------------------------------------------------------------------------------------------------- left alone


@pytest.mark.thorough
def test_what_was_compressed_once_is_left_alone_the_second_time(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", kind="noise", size="192x108", seconds=1.0)
    again = tmp_path / "again.mp4"
    shutil.copy(result(compress(source, SEARCHED)), again)
    value = compress(again, SEARCHED).value
    assert not value.compressed
    assert value.reason == "left as it is: media-assets made it, and it has the size of its tier"
    older = SEARCHED.model_copy(update={"rules": (VideoRule(max_lines=90),)})
    assert compress(again, older).value.compressed


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["mkv", "mov"])
def test_a_result_is_recognised_in_every_container(ending: str, tmp_path: Path):
    source = tmp_path / f"source.{ending}"
    sound = ("-c:a", "pcm_s16le") if ending == "mov" else ("-c:a", "libvorbis")
    media.video(source, 1.0, *sound, *FAT)
    made = result(compress(source))
    assert made.suffix == f".{ending}"
    again = tmp_path / f"again.{ending}"
    shutil.copy(made, again)
    assert "media-assets made it" in compress(again).value.reason


def test_an_efficient_file_is_recognised_without_a_trial(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-crf", "45", seconds=2.0)
    value = compress(source, SEARCHED).value
    assert not value.compressed
    assert value.reason.endswith("is efficient already")
    assert value.trials == ()


@pytest.mark.thorough
def test_a_result_that_would_save_too_little_is_not_made(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-preset", "medium", "-crf", "26", kind="noise", seconds=1.0)
    value = compress(source, SEARCHED).value
    assert not value.compressed
    assert "bytes, and" in value.reason
    assert value.trials
    assert value.saved_share == 0.0


def test_a_target_out_of_reach_leaves_the_original(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-crf", "0", kind="noise", size="96x64", seconds=1.0)
    settings = SEARCHED.model_copy(update={"target_vmaf": 100.0, "min_saved_share": 0.0})
    value = compress(source, settings).value
    assert value.reason == "left as it is: VMAF 100 is out of reach at this size"


def test_a_file_for_which_there_is_no_rule_is_left_alone(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=1.0)
    settings = SEARCHED.model_copy(
        update={"rules": (VideoRule(when=PictureCondition(more_lines_than=1080), max_lines=1080),)}
    )
    assert compress(source, settings).value.reason == "left as it is: no rule of compression.rules is for it"


# ------------------------------------------------------------------------------------------------- failures


def test_a_recording_of_sound_alone_is_not_applicable_with_or_without_a_cover(tmp_path: Path):
    sound = media.tone(tmp_path / "sound.mp4", 1.0)
    with pytest.raises(NotApplicable, match="has no moving picture"):
        compress(sound)
    covered = tmp_path / "covered.mp4"
    cover = media.picture(tmp_path / "cover.jpg")
    media.ffmpeg(
        "-i", sound, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:0", "attached_pic", covered
    )
    with pytest.raises(NotApplicable, match="has no moving picture"):
        compress(covered)


def test_a_file_that_was_cut_off_is_bad_media(tmp_path: Path):
    whole = clip(tmp_path / "whole.mp4", "-movflags", "faststart", seconds=1.0)
    source = tmp_path / "source.mp4"
    source.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(BadMedia, match="is cut off"):
        compress(source)


def test_damage_in_the_middle_is_bad_media_with_the_words_of_ffmpeg(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=2.0)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = bytes(40_000)
    source.write_bytes(data)
    with pytest.raises(BadMedia, match=r"(?i)damaged|cannot be decoded|ffmpeg cannot process") as caught:
        compress(source)
    assert "h264" in caught.value.reason or "NAL" in caught.value.reason
    assert str(tmp_path) not in caught.value.reason


def test_a_hardware_encoder_that_is_not_there_stops_everything_and_says_so(tmp_path: Path):
    absent = "vaapi" if sys.platform == "darwin" else "videotoolbox"
    settings = QUICK.model_copy(update={"hardware": absent})
    with pytest.raises(Fatal, match=f"h264_{absent} does not work on this machine") as caught:
        compress(clip(tmp_path / "source.mp4", seconds=1.0), settings)
    assert "compression.hardware" in caught.value.next_step


def test_the_time_limit_ends_it(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=2.0)
    found = probe(source, Work(tmp_path)).media
    work = Work(tmp_path, time_limit_seconds=0.05)
    with pytest.raises(TimeLimitExceeded):
        compress(source, work=work, info=found)


@pytest.mark.thorough
def test_progress_only_grows_and_ends_with_the_whole(tmp_path: Path):
    seen: list[float] = []
    work = Work(tmp_path, report=seen.append)
    result(compress(clip(tmp_path / "source.mp4", kind="noise", seconds=1.0), SEARCHED, work=work))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert any(0.05 < fraction < 0.9 for fraction in seen)


def test_the_times_of_the_file_are_those_of_the_source(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=1.0)
    made = result(compress(source))
    assert made.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert MARK.encode() in made.read_bytes()
    assert times(made)[0] == 0.0


def test_sound_that_is_larger_than_what_is_allowed_is_told_before_anything_is_encoded(tmp_path: Path):
    sound = ("-f", "lavfi", "-i", "anoisesrc=duration=1:sample_rate=48000", "-ac", "6", "-c:a", "pcm_s24le")
    media.ffmpeg(*scene("motion", "160x90", 1.0), *sound, *FAT, media.file_url(tmp_path / "a.mov"))
    done = compress(tmp_path / "a.mov", QUICK.model_copy(update={"min_saved_share": 0.5}))
    assert re.fullmatch(
        r"not worth it: its sound, which is copied, has 864000 bytes, and \d+ are allowed", done.value.reason
    )
    assert not list(tmp_path.glob("work-a/*"))
