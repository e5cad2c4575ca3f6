"""Who says each word: segments are parted where another takes over, and no text is lost, changed or moved."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, Word
from media_assets.artifacts.transcript.voices.assigning import AssignedTranscript, assign, with_names
from media_assets.artifacts.transcript.voices.value import Diarization, SpokenTurn, Voice


def segment(start: float, *words: str, each: float = 0.3, timed: bool = True) -> TranscriptSegment:
    said = tuple(
        Word(text=text, start_seconds=start + number * each, end_seconds=start + (number + 1) * each, confidence=0.9)
        for number, text in enumerate(words)
    )
    return TranscriptSegment(
        start_seconds=start,
        end_seconds=start + len(words) * each,
        text=" ".join(words),
        confidence=0.9,
        words=said if timed else (),
    )


def transcript(*segments: TranscriptSegment) -> Transcript:
    return Transcript(language="en", duration_seconds=60, engine="e", model="m", segments=segments)


def turns(*found: tuple[float, float, str]) -> Diarization:
    speakers = dict.fromkeys(speaker for *_, speaker in found)
    return Diarization(
        turns=tuple(SpokenTurn(start_seconds=a, end_seconds=b, speaker=speaker) for a, b, speaker in found),
        voices=tuple(
            Voice(speaker=one, seconds=sum(b - a for a, b, who in found if who == one), embedding=(1.0,))
            for one in speakers
        ),
    )


def said(assigned: AssignedTranscript) -> list[tuple[str | None, str]]:
    return [(one.speaker, one.text) for one in assigned.transcript.segments]


def test_a_segment_is_parted_where_another_takes_over() -> None:
    heard = transcript(segment(0, "Good", "morning,", "Anna.", "Good", "morning,", "David."))
    found = assign(heard, turns((0, 0.9, "S1"), (0.9, 1.8, "S2")))
    assert said(found) == [("S1", "Good morning, Anna."), ("S2", "Good morning, David.")]
    first, second = found.transcript.segments
    assert (first.end_seconds, second.start_seconds, second.end_seconds) == pytest.approx((0.9, 0.9, 1.8))
    assert {word.speaker for word in first.words} == {"S1"}
    assert [speaker.id for speaker in found.transcript.speakers] == ["S1", "S2"]


def test_a_border_that_is_late_or_early_tears_no_word_from_its_sentence() -> None:
    heard = transcript(segment(0, "Let", "us", "begin.", "It", "was", "down", "again."))
    for border in (0.6, 0.8, 0.9, 1.0, 1.2, 1.3):
        assert said(assign(heard, turns((0, border, "S1"), (border, 2.1, "S2")))) == [
            ("S1", "Let us begin."),
            ("S2", "It was down again."),
        ]


def test_a_short_answer_between_two_sentences_is_kept() -> None:
    heard = transcript(segment(0, "Is", "it", "ready?", "Yes.", "Then", "let", "us", "go."))
    found = assign(heard, turns((0, 0.9, "S1"), (0.9, 1.2, "S2"), (1.2, 2.4, "S1")))
    assert said(found) == [("S1", "Is it ready?"), ("S2", "Yes."), ("S1", "Then let us go.")]


def test_a_moment_of_another_within_a_sentence_parts_nothing() -> None:
    heard = transcript(segment(0, "This", "is", "one", "long", "sentence", "of", "mine."))
    assert said(assign(heard, turns((0, 0.9, "S1"), (0.9, 1.2, "S2"), (1.2, 2.1, "S1")))) == [
        ("S1", "This is one long sentence of mine.")
    ]


def test_one_who_is_interrupted_is_parted_within_the_sentence() -> None:
    heard = transcript(segment(0, "So", "I", "think", "we", "should", "no", "wait", "a", "moment", "please"))
    found = assign(heard, turns((0, 1.5, "S1"), (1.5, 3.0, "S2")))
    assert said(found) == [("S1", "So I think we should"), ("S2", "no wait a moment please")]


def test_a_segment_without_words_goes_to_whoever_speaks_most_in_it() -> None:
    heard = transcript(segment(0, "Said", "by", "one", "and", "by", "another,", "and", "by", "her.", timed=False))
    found = assign(heard, turns((0, 1.0, "A"), (1.0, 3.0, "B")))
    assert found.voices == (Voice(speaker="S1", seconds=2, embedding=(1.0,)),)


def test_words_that_are_not_those_of_the_text_part_nothing() -> None:
    one = segment(0, "four", "hundred.", "It", "was", "down.").model_copy(update={"text": "$400. It was down."})
    found = assign(transcript(one), turns((0, 0.6, "S1"), (0.6, 1.5, "S2")))
    assert len(found.transcript.segments) == 1
    assert found.transcript.segments[0].text == "$400. It was down."
    assert {word.speaker for word in found.transcript.segments[0].words} == {found.transcript.segments[0].speaker}


def test_speakers_are_numbered_by_their_first_words_and_who_says_none_is_left_out() -> None:
    heard = transcript(segment(10, "Yes."), segment(20, "No."))
    found = assign(heard, turns((0, 1, "S1"), (10, 10.3, "S3"), (15, 15.5, "S1"), (20, 20.3, "S2")))
    assert said(found) == [("S1", "Yes."), ("S2", "No.")]
    assert [voice.speaker for voice in found.voices] == ["S1", "S2"]


def test_words_far_from_any_speech_have_no_speaker() -> None:
    heard = transcript(segment(0, "Yes."), segment(30, "Thank", "you."))
    assert said(assign(heard, turns((0, 0.3, "S1")))) == [("S1", "Yes."), (None, "Thank you.")]


def test_a_word_beside_a_turn_belongs_to_the_nearest() -> None:
    heard = transcript(segment(1.0, "Hm."))
    assert said(assign(heard, turns((0, 0.8, "S1"), (2.5, 4, "S2"))))[0][0] == "S1"
    found = assign(heard, turns((0, 0.1, "A"), (1.4, 4, "B")))
    assert found.transcript.segments[0].speaker == "S1"
    assert len(found.voices) == 1


def test_text_without_blanks_is_parted_where_it_stands() -> None:
    one = segment(0, "今日は。", "はい", "そうです。", each=1.0).model_copy(update={"text": "今日は。はいそうです。"})
    found = assign(transcript(one), turns((0, 1, "S1"), (1, 3, "S2")))
    assert said(found) == [("S1", "今日は。"), ("S2", "はいそうです。")]


def test_words_without_ends_are_assigned() -> None:
    one = segment(0, "Ready?", "Yes.", each=1.0)
    words = tuple(word.model_copy(update={"end_seconds": None}) for word in one.words)
    found = assign(transcript(one.model_copy(update={"words": words})), turns((0, 1, "S1"), (1, 2, "S2")))
    assert said(found) == [("S1", "Ready?"), ("S2", "Yes.")]


def test_without_speech_or_words_a_transcript_stays_as_it_is() -> None:
    heard = transcript(segment(0, "Yes."))
    assert assign(heard, Diarization()).transcript == heard
    assert assign(transcript(), turns((0, 1, "S1"))).transcript == transcript()


def test_names_are_given_and_taken_away() -> None:
    found = assign(transcript(segment(0, "Yes."), segment(5, "No.")), turns((0, 1, "S1"), (5, 6, "S2"))).transcript
    named = with_names(found, {"S2": ("Anna", 0.8)})
    assert [(one.name, one.confidence) for one in named.speakers] == [(None, None), ("Anna", 0.8)]
    assert with_names(named, {}) == found


WORDS = st.lists(st.sampled_from(["yes.", "no", "perhaps,", "I", "see.", "so"]), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.floats(0, 2), st.booleans()), min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(0.1, 3), st.floats(0, 5), st.sampled_from("ABC")), max_size=12),
)
def test_no_text_is_lost_changed_or_moved_and_times_stay_in_order(
    said_words: list[tuple[list[str], float, bool]], said_turns: list[tuple[float, float, str]]
) -> None:
    now, segments = 0.0, []
    for words, pause, timed in said_words:
        segments.append(segment(now, *words, timed=timed))
        now = segments[-1].end_seconds + pause
    at, found = 0.0, []
    for length, pause, speaker in said_turns:
        found.append((at, at + length, speaker))
        at += length + pause
    heard = transcript(*segments)
    assigned = assign(heard, turns(*found)).transcript
    assert assigned.text == heard.text
    before = [word.text for one in heard.segments for word in one.words]
    assert [word.text for one in assigned.segments for word in one.words] == before
    assert all(one.start_seconds <= one.end_seconds for one in assigned.segments)
    assert all(a.start_seconds <= b.start_seconds for a, b in pairwise(assigned.segments))
    assert all(word.speaker == one.speaker for one in assigned.segments for word in one.words)
    assert {one.speaker for one in assigned.segments} - {None} == {speaker.id for speaker in assigned.speakers}
