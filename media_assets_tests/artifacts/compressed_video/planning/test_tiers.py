"""Which rule a file falls under, and what is small enough already."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets.artifacts.compressed_video.planning.tiers import choose_tier, is_efficient, main_video, target_size
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.media.info import MediaInfo, Stream
from media_assets.pipeline.conditions import PictureCondition


def movie(width: int, height: int, **fields: Any) -> MediaInfo:
    stream = Stream(index=0, type="video", codec="h264", width=width, height=height, **fields)
    return MediaInfo(container="mov", streams=(stream,))


def lines(settings: VideoCompressionSettings, media: MediaInfo, size_bytes: int = 10**9, age: float = 0) -> int | None:
    tier = choose_tier(settings, media, size_bytes, age)
    return tier.max_lines if tier else None


def test_a_file_is_made_smaller_in_steps_as_it_grows_old():
    settings = VideoCompressionSettings(
        rules=(VideoRule(when=PictureCondition(older_than_years=2), max_lines=720), VideoRule(max_lines=1080))
    )
    assert lines(settings, movie(3840, 2160), age=1.9) == 1080
    assert lines(settings, movie(3840, 2160), age=2.0) == 720


def test_the_first_rule_whose_conditions_are_all_met_decides():
    settings = VideoCompressionSettings(
        rules=(
            VideoRule(when=PictureCondition(older_than_years=2, larger_than_bytes=1000), max_lines=480),
            VideoRule(when=PictureCondition(more_lines_than=1080), max_lines=720),
        ),
    )
    assert lines(settings, movie(1920, 1080), size_bytes=1001, age=2) == 480
    assert lines(settings, movie(1920, 1080), size_bytes=1000, age=2) is None
    assert lines(settings, movie(3840, 2160), size_bytes=1000, age=2) == 720


def test_lines_are_those_of_the_displayed_picture():
    settings = VideoCompressionSettings(rules=(VideoRule(when=PictureCondition(more_lines_than=1000), max_lines=720),))
    assert lines(settings, movie(1920, 1080, rotation=90)) == 720
    assert lines(settings, movie(900, 1920, rotation=90)) is None


@pytest.mark.parametrize(
    ("size", "max_lines", "expected"),
    [
        ((1920, 1080), 1080, (1920, 1080)),
        ((3840, 2160), 1080, (1920, 1080)),
        ((2160, 3840), 720, (720, 1280)),
        ((640, 360), 1080, (640, 360)),
        ((321, 241), 1080, (320, 240)),
        ((1998, 1080), 720, (1332, 720)),
        ((4096, 1716), 1080, (2578, 1080)),
        ((1, 1), 720, (2, 2)),
    ],
)
def test_the_result_keeps_its_shape_is_even_and_never_larger(
    size: tuple[int, int], max_lines: int, expected: tuple[int, int]
):
    assert target_size(size, max_lines) == expected


def test_a_cover_is_not_the_picture_and_the_default_one_is_preferred():
    cover = Stream(index=0, type="video", codec="mjpeg", width=4000, height=4000, attached_picture=True)
    small = Stream(index=1, type="video", codec="h264", width=64, height=64, default=True)
    large = Stream(index=2, type="video", codec="h264", width=640, height=640)
    assert main_video(MediaInfo(container="mov", streams=(cover, small, large))) == small
    assert main_video(MediaInfo(container="mov", streams=(cover, large))) == large
    assert main_video(MediaInfo(container="mov", streams=(cover,))) is None


def test_few_bits_for_the_size_are_efficient_and_smaller_pictures_need_more_for_each_pixel():
    limits = {"hevc": 0.025}
    full_hd = 0.025 * 1920 * 1080 * 30
    assert is_efficient("hevc", full_hd, (1920, 1080), 30, limits)
    assert not is_efficient("hevc", full_hd * 1.01, (1920, 1080), 30, limits)
    assert is_efficient("hevc", full_hd / 4 * 1.4, (960, 540), 30, limits)
    assert not is_efficient("mpeg2video", 1.0, (1920, 1080), 30, limits)
