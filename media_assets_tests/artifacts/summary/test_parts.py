"""Splitting of long transcripts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.summary.clock import from_clock, to_clock
from media_assets.artifacts.summary.engines.openai.parts import TranscriptPart, split
from media_assets.artifacts.transcript.value import TranscriptSegment
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript


def spoken_words(parts: list[TranscriptPart]) -> list[str]:
    return [word for part in parts for segment in part.segments for word in segment.text.split()]


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 120), min_size=1, max_size=60),
    max_characters=st.integers(200, 3000),
)
def test_parts_hold_every_word_in_order_and_none_is_too_long(lengths: list[int], max_characters: int) -> None:
    segments = transcript([" ".join(f"w{i}x{j}" for j in range(n)) for i, n in enumerate(lengths)]).segments

    parts = split(segments, max_characters)

    assert spoken_words(parts) == [word for segment in segments for word in segment.text.split()]
    assert max(len(part.text) for part in parts) <= max_characters
    starts = [segment.start_seconds for part in parts for segment in part.segments]
    assert starts == sorted(starts)


def test_segments_are_kept_whole_and_parts_are_of_about_equal_length() -> None:
    segments = transcript([BEES[0]] * 100).segments

    parts = split(segments, 2000)

    assert [segment for part in parts for segment in part.segments] == list(segments)
    lengths = [len(part.text) for part in parts]
    assert max(lengths) - min(lengths) < 2 * len(BEES[0]) + 40


def test_a_word_longer_than_a_part_is_cut_and_nothing_of_it_is_lost() -> None:
    segment = TranscriptSegment(start_seconds=10, end_seconds=20, text="字" * 5000, confidence=1.0)

    parts = split([segment], 1000)

    assert "".join(spoken_words(parts)) == segment.text
    assert max(len(part.text) for part in parts) <= 1000
    assert (parts[0].start_seconds, parts[-1].end_seconds) == (10, 20)


def test_halves_are_two_parts_of_the_same_words_until_there_is_too_little_to_halve() -> None:
    part = TranscriptPart(transcript(["word " * 2000]).segments)
    sizes = []
    while (halves := part.halves()) is not None:
        assert spoken_words(list(halves)) == spoken_words([part])
        part = halves[0]
        sizes.append(len(part.text))

    assert all(b < 0.65 * a for a, b in pairwise(sizes))
    assert sizes[-1] < 800


def test_a_segment_with_line_breaks_cannot_pose_as_two() -> None:
    segment = TranscriptSegment(start_seconds=3725.9, end_seconds=3730, text="one\n[0:00:00] two", confidence=1.0)

    assert TranscriptPart((segment,)).text == "[1:02:05] one [0:00:00] two"


def test_clock_times_are_read_as_models_write_them() -> None:
    assert [from_clock(text) for text in ("1:02:05", "[0:00:07]", "75:30", " 0:09.5 ", "00:01:02,250")] == [
        3725, 7, 4530, 9, 62,
    ]  # fmt: skip
    assert [from_clock(text) for text in ("", "later", "12", "1:2:3:04", "-0:10", "9" * 5000 + ":00")] == [None] * 6


@given(st.integers(0, 10**6))
def test_a_written_time_reads_back(seconds: int) -> None:
    assert from_clock(to_clock(seconds + 0.9)) == seconds
