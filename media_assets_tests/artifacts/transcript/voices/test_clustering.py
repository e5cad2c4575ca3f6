"""Which pieces are of one voice, with made embeddings: as near to each other as those of voices are."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from media_assets.artifacts.transcript.voices.clustering import (
    VoiceLikeness,
    all_groups,
    grouped,
    groups_of_part,
    unit,
    voices_among,
)
from media_assets.artifacts.transcript.voices.embedding import PIECE_FRAMES, Pieces

RANDOM = np.random.default_rng(0)
ONE, OTHER, THIRD = unit(np.abs(RANDOM.standard_normal((3, 256))) * (RANDOM.random((3, 256)) < 0.5))


def pieces(*said: tuple[np.ndarray, int]) -> Pieces:
    """Pieces of 0.4 s each, so many of each voice; two of one have a cosine of about 0.8."""
    middles = np.concatenate([np.repeat(voice[None], count, axis=0) for voice, count in said])
    embeddings = unit(middles + RANDOM.standard_normal(middles.shape) * (0.5 / 16))
    starts = np.arange(len(middles)) * 40
    regions = np.zeros(len(middles), np.int64)
    return Pieces(starts, starts + 40, regions, np.full(len(middles), PIECE_FRAMES), embeddings.astype(np.float32))


def seconds(*parts: Pieces, most: int | None = None) -> list[float]:
    likeness = VoiceLikeness()
    found = voices_among(all_groups([groups_of_part(part, likeness) for part in parts]), likeness, most)
    return [round(float(one), 1) for one in sorted(found.seconds, reverse=True)]


def test_each_voice_is_one_group() -> None:
    assert seconds(pieces((ONE, 50))) == [20.0]
    assert seconds(pieces((ONE, 50), (OTHER, 25), (THIRD, 10))) == [20.0, 10.0, 4.0]


def test_a_voice_is_the_same_in_all_parts() -> None:
    parts = [pieces((ONE, 30), (OTHER, 20)), pieces((OTHER, 30)), pieces((ONE, 20), (THIRD, 20))]
    assert seconds(*parts) == [20.0, 20.0, 8.0]


def test_who_is_heard_for_too_short_a_time_is_nobody_of_their_own() -> None:
    assert seconds(pieces((ONE, 50), (OTHER, 6))) == [20.0]
    assert seconds(pieces((ONE, 2))) == [0.8]


def test_moments_of_both_at_once_do_not_add_up_to_a_voice() -> None:
    both = unit(ONE + OTHER)
    parts = [pieces((ONE, 30), (both, 4), (OTHER, 30)) for _ in range(6)]
    assert len(seconds(*parts)) == 2


@pytest.mark.thorough
def test_hours_are_grouped_in_the_memory_of_minutes() -> None:
    three_hours = pieces((ONE, 14_000), (OTHER, 13_000))
    labels = (np.arange(len(three_hours)) >= 14_000).astype(np.int64)
    tracemalloc.start()
    try:
        groups = grouped(three_hours, np.ones(len(three_hours), bool), labels)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert groups.seconds == pytest.approx([5600, 5200])
    assert most < three_hours.embeddings.nbytes + 25_000_000


def test_there_are_no_more_than_the_most() -> None:
    assert len(seconds(pieces((ONE, 30), (OTHER, 30), (THIRD, 30)), most=2)) == 2


def test_the_same_pieces_give_the_same_groups() -> None:
    part = pieces((ONE, 30), (OTHER, 30))
    likeness = VoiceLikeness()
    first, again = (voices_among(groups_of_part(part, likeness), likeness) for _ in range(2))
    assert np.array_equal(first.sums, again.sums)
