"""The search for a quality, the choice of a size, and the sample that stands for a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.compressed_image.encoding import least_quality
from media_assets.artifacts.compressed_image.exif import Mark
from media_assets.artifacts.compressed_image.judging import choose_sample, damaged_area, score
from media_assets.artifacts.compressed_image.rules import goal_bytes, next_long_side
from media_assets_tests.artifacts.compressed_image.photos import photo, rules


@pytest.mark.parametrize("target", [45.0, 66.6, 80.0, 92.0])
@pytest.mark.parametrize("bend", [0.4, 1.0, 2.5])
def test_the_least_quality_is_found_in_few_trials_whatever_the_curve(target: float, bend: float):
    def judge(quality: int) -> float:
        return float(100 * (quality / 100) ** bend)

    quality, scores = least_quality(judge, target, (1, 100, 80), tolerance=0.0)
    assert quality == min(q for q in range(1, 101) if judge(q) >= target)
    assert len(scores) <= 12


def test_a_target_out_of_reach_is_said_to_be():
    quality, scores = least_quality(lambda q: q / 2, 60.0, (40, 95, 80))
    assert quality is None
    assert max(scores) == 95


def test_the_size_is_reduced_towards_the_goal_but_not_below_the_rule():
    rule = rules(side=1000)[0]
    assert next_long_side(4000, 900_000, 1_000_000, rule) == 4000
    assert 2600 < next_long_side(4000, 2_000_000, 1_000_000, rule) < 2700
    assert next_long_side(4000, 2_000_000, 10_000, rule) == 1000
    assert next_long_side(800, 2_000_000, 10_000, rule) == 800


def test_the_goal_counts_from_the_original():
    rule = rules(reduction=0.9)[0]
    assert goal_bytes(rule, 1000, None) == 100
    assert goal_bytes(rule, 300, Mark(0.8, 1000)) == 100


@pytest.mark.thorough
def test_a_sample_has_flat_and_busy_areas_and_scores_like_the_whole():
    flat, busy = Image.new("RGB", (1024, 512), (90, 120, 200)), photo(1024).crop((0, 0, 1024, 512))
    picture = Image.fromarray(np.concatenate([np.asarray(flat), np.asarray(busy)]))
    sample = choose_sample(picture, 0.25)
    tops = [box[1] for box in sample.boxes]
    assert len(tops) == 4 and min(tops) < 512 <= max(tops)
    assert sample.of(picture).size == (512, 512)
    worse = picture.resize((512, 512)).resize(picture.size)
    assert score(sample.of(picture), sample.of(worse)) == pytest.approx(score(picture, worse), abs=12)
    assert score(picture, picture) == pytest.approx(100)


def test_a_small_picture_is_looked_at_whole():
    assert choose_sample(photo(480), 0.5).boxes == ()


def test_a_damaged_area_is_found_anywhere():
    broken = photo().copy()
    broken.paste((255, 0, 255), (200, 100, 240, 140))
    area = damaged_area(photo(), broken)
    assert area is not None and area[0] < 240 and area[2] > 200
    assert damaged_area(photo(), photo()) is None
