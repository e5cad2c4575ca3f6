"""The benchmark's figures: what counts as found and as wrong, and that every file of the set has a kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets_tests.artifacts.duplicates import kinds, labelled
from media_assets_tests.artifacts.duplicates.scores import ALL, Score, pairs_within, scores, table

SET = {
    path: kinds.sample_of("pictures", path, content)
    for content, path in (
        ("photo3", Path("photo3.jpg")),
        ("photo3", Path("photo3_cropped.jpg")),
        ("photo3", Path("photo3_q30.jpg")),
        ("burst3_0", Path("burst3_0.jpg")),
        ("burst3_0", Path("burst3_0_half.jpg")),
        ("burst3_1", Path("burst3_1.jpg")),
        ("burst4_1", Path("burst4_1.jpg")),
    )
}


def test_precision_and_recall_are_counted_by_kind():
    called = pairs_within(
        [[Path("photo3.jpg"), Path("photo3_q30.jpg")], [Path("burst3_0_half.jpg"), Path("burst3_1.jpg")]]
    )
    found = scores(SET, called)
    assert found["pictures: 10 % cropped"] == Score(same=1, different=0, found=0, wrong=0)
    assert found["pictures: re-encoded"] == Score(same=1, different=0, found=1, wrong=0)
    assert found["pictures: shots of a burst"] == Score(same=1, different=2, found=0, wrong=1)
    assert found[ALL].precision == 0.5
    assert found[ALL].recall == pytest.approx(1 / 3)
    assert found["pictures: 10 % cropped"].precision is None
    assert found["pictures: nothing in common"].recall is None


def test_two_copies_of_one_original_are_not_counted_twice():
    copies = [Path("photo3_cropped.jpg"), Path("photo3_q30.jpg")]
    assert kinds.kind_of(*(SET[path] for path in copies)) is None


def test_a_method_that_has_nothing_for_a_kind_is_named_so():
    lines = list(table({"ours": scores(SET, set()), "peer": {}}))
    assert all("n/a" in line for line in lines[2:])


@pytest.mark.parametrize(
    "name",
    [*labelled.VIDEO_CHANGES, *labelled.IMAGE_CHANGES, *labelled.SOUND_CHANGES, *labelled.FASTER_VIDEOS],
)
def test_every_change_has_a_kind(name: str):
    assert kinds.sample_of("videos", Path(f"film7_{name}"), "film7").change
