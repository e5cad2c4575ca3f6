from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.transcript.hearing.utterances import Utterance, place, to_segments
from media_assets.artifacts.transcript.value import TranscriptSegment, Word


def word(text: str, start: float, end: float | None, confidence: float = 0.8) -> Word:
    return Word(text=text, start_seconds=start, end_seconds=end, confidence=confidence)


def heard(start: float, end: float | None, text: str = "hello there", *words: Word) -> Utterance:
    return Utterance(text=text, start_seconds=start, end_seconds=end, confidence=0.4, words=words)


def times(segments: tuple[TranscriptSegment, ...]) -> list[tuple[float, float]]:
    return [(segment.start_seconds, segment.end_seconds) for segment in segments]


def test_utterances_come_out_in_the_order_of_time():
    assert times(to_segments([heard(5, 6), heard(1, 2)], 10)) == [(1, 2), (5, 6)]


def test_without_an_end_an_utterance_ends_with_its_last_word():
    words = (word("hello", 1, 1.5), word("there", 1.6, 2.1), word("now", 2.2, None))
    assert times(to_segments([heard(1, None, "hello there now", *words)], 10)) == [(1, 2.1)]


def test_without_any_end_an_utterance_lasts_as_long_as_it_takes_to_say_but_not_into_the_next():
    assert times(to_segments([heard(1, None, "x" * 30)], 10)) == [(1, 3)]
    assert times(to_segments([heard(1, None, "x" * 30), heard(2, 3)], 10)) == [(1, 2), (2, 3)]
    assert times(to_segments([heard(1, math.nan, "x" * 30)], 2)) == [(1, 2)]


def test_an_end_before_the_start_counts_as_missing():
    assert times(to_segments([heard(4, 3, "x" * 15)], 10)) == [(4, 5)]


def test_a_word_without_a_length_has_no_end():
    (segment,) = to_segments([heard(0, 2, "a b", word("a", 0, 0), word("b", 1, math.nan))], 10)
    assert [w.end_seconds for w in segment.words] == [None, None]


def test_a_word_ends_when_the_next_begins():
    (segment,) = to_segments([heard(0, 2, "a b", word("a", 0, 1.2), word("b", 1, 2))], 10)
    assert [w.end_seconds for w in segment.words] == [1, 2]


def test_confidence_is_the_mean_of_the_words_and_else_that_of_the_engine():
    with_words, without = to_segments([heard(0, 1, "a b", word("a", 0, 1, 0.2), word("b", 1, 2, 0.6)), heard(3, 4)], 9)
    assert with_words.confidence == 0.4
    assert without.confidence == 0.4
    (odd,) = to_segments([heard(0, 1, "a", word("a", 0, 1, math.nan))], 9)
    assert odd.confidence == 0


def test_utterances_without_text_are_left_out():
    assert to_segments([heard(0, 1, "  "), heard(1, 2, "")], 9) == ()


def test_moved_segments_are_cut_to_the_audio_they_belong_to_and_none_is_lost():
    segments = to_segments([heard(0, 4, "a b", word("a", 0, 1), word("b", 3.5, 4)), heard(4, 5)], 10)
    placed = place(segments, offset_seconds=2.5, duration_seconds=3)
    assert times(placed) == [(2.5, 5.5), (5.499, 5.5)], "the end of a recording is where an engine was last wrong"
    assert [(w.start_seconds, w.end_seconds) for w in placed[0].words] == [(2.5, 3.5), (5.5, None)]


finite = st.floats(-50, 150)
ends = st.none() | finite | st.just(math.nan)


@pytest.mark.thorough
@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Utterance,
            text=st.text(max_size=20),
            start_seconds=finite,
            end_seconds=ends,
            confidence=st.floats(-1, 2),
            words=st.lists(
                st.builds(Word, text=st.text(max_size=5), start_seconds=finite, end_seconds=ends, confidence=finite),
                max_size=4,
            ).map(tuple),
        ),
        max_size=6,
    ),
    st.floats(0, 50),
)
def test_whatever_an_engine_says_the_times_make_sense(utterances, offset):
    duration = 100.0
    segments = place(to_segments(utterances, duration), offset_seconds=offset, duration_seconds=duration)
    assert [start for start, _ in times(segments)] == sorted(start for start, _ in times(segments))
    for segment in segments:
        assert round(offset, 3) <= segment.start_seconds < segment.end_seconds <= round(offset + duration, 3)
        assert 0 <= segment.confidence <= 1
        for w in segment.words:
            assert segment.start_seconds <= w.start_seconds <= segment.end_seconds
            assert w.end_seconds is None or w.start_seconds < w.end_seconds <= segment.end_seconds
