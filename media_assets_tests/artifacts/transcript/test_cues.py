"""When captions are shown, also where the engine's times are wrong."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.transcript.cues import Cue, timed_cues
from media_assets.artifacts.transcript.hearing.utterances import Utterance, to_segments
from media_assets.artifacts.transcript.lines import clean
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, Word
from media_assets.base.writing import columns

TWO_LINES = "Eighty characters are two lines of text that nobody has said in half of a second"
NAN = math.nan


def cues(*segments: tuple[float, float, str], duration: float = 60.0) -> list[tuple[float, float, str]]:
    """Start and end in seconds, and the text."""
    said = tuple(
        TranscriptSegment(start_seconds=start, end_seconds=end, text=text, confidence=0.5)
        for start, end, text in segments
    )
    return shown(Transcript(language="en", duration_seconds=duration, engine="none", model="none", segments=said))


def shown(made: Transcript) -> list[tuple[float, float, str]]:
    return [(cue.start_ms / 1000, cue.end_ms / 1000, cue.text) for cue in timed_cues(made)]


def test_what_can_be_read_keeps_the_times_of_its_speech() -> None:
    said = [(0.5, 2.25, "Good morning."), (2.25, 4.0, "Let us begin."), (9.0, 15.5, TWO_LINES)]
    assert cues(*said) == said


def test_two_lines_in_half_a_second_stay_in_the_silence_behind_them_until_they_can_be_read() -> None:
    assert len(TWO_LINES) == 80
    ((start, end, text),) = cues((5.0, 5.5, TWO_LINES))
    assert (start, text) == (5.0, TWO_LINES)
    assert end == pytest.approx(5 + 80 / 17, abs=0.001)
    (first, second) = cues((5.0, 5.5, TWO_LINES), (7.5, 14.0, "And here is the next of them."))
    assert first[1] == second[0] == 9.0, "the next, which has time, comes a second and a half later"


def test_a_short_word_is_shown_for_a_second() -> None:
    assert cues((5.0, 5.2, "Yes."), (8.0, 8.0, "No.")) == [(5.0, 6.0, "Yes."), (8.0, 9.0, "No.")]
    said = [(5.0, 5.2, "Yes."), (5.2, 9.0, "Then we shall go on with this.")]
    assert cues(*said) == [(5.0, 6.0, said[0][2]), (6.0, 9.0, said[1][2])]


def test_segments_that_begin_together_come_one_after_the_other_in_the_order_of_speech() -> None:
    made = cues((3, 9, "First of all,"), (3, 5, "good morning"), (3, 7, "everybody here."), (20, 22, "Then"))
    assert [text for _, _, text in made] == ["First of all,", "good morning", "everybody here.", "Then"]
    assert made[0][0] == 3.0
    assert made[2][1] == 9.0
    assert all(end - start >= 1.0 for start, end, _ in made)


def test_segments_that_begin_together_and_last_nothing_are_shown_for_as_long_as_it_takes_to_read_them() -> None:
    made = cues((3, 3, TWO_LINES), (3, 3, "And more"), (3, 3, TWO_LINES), (30, 32, "Then"))
    assert [text for _, _, text in made] == [TWO_LINES, "And more", TWO_LINES, "Then"]
    assert all(columns(text) / (end - start) <= 17.1 for start, end, text in made)


def test_segments_that_begin_together_where_there_is_no_room_are_one_caption() -> None:
    made = cues((1, 1.6, "click"), (1, 1.5, "clack"), (1.6, 8.5, TWO_LINES), (8.5, 15, TWO_LINES), duration=15)
    assert [text for _, _, text in made] == ["click clack", TWO_LINES, TWO_LINES]
    assert made[0][:2] == (1.0, 2.0)
    assert cues((1.0001, 1.0002, "click"), (1.0003, 1.0004, "clack"), duration=1.0004) == [(0.0, 1.0, "click clack")]


def test_a_segment_for_each_word_becomes_captions_of_several() -> None:
    said = [(i / 5, (i + 1) / 5, f"word{i}") for i in range(50)]
    made = cues(*said, duration=10)
    assert " ".join(text for _, _, text in made) == " ".join(text for _, _, text in said)
    assert all(end - start >= 1.0 for start, end, _ in made)
    japanese = cues(*((i / 5, (i + 1) / 5, "今日は") for i in range(10)), duration=2)
    assert [text for _, _, text in japanese] == ["今日は" * 10], "no blanks, as there were none"


def test_long_segments_that_begin_together_are_not_shuffled() -> None:
    first, second = "The first of them says this. " * 6, "The second of them says that. " * 6
    made = cues((0, 20, first), (0, 20, second))
    assert " ".join(text for _, _, text in made) == f"{first}{second}".strip()
    assert all(a[1] <= b[0] for a, b in pairwise(made))


def test_words_say_when_a_segment_begins_that_seems_to_begin_with_another() -> None:
    word = Word(text="Later", start_seconds=6.0, end_seconds=6.5, confidence=1.0)
    segments = (
        TranscriptSegment(start_seconds=0, end_seconds=2, text="Early", confidence=1),
        TranscriptSegment(start_seconds=0, end_seconds=8, text="Later", confidence=1, words=(word,)),
    )
    made = Transcript(language="en", duration_seconds=9, engine="none", model="none", segments=segments)
    assert shown(made) == [(0.0, 2.0, "Early"), (6.0, 8.0, "Later")]


def test_words_in_disorder_do_not_change_the_order_of_the_text() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    words = tuple(
        Word(text=token, start_seconds=float(17 - i), end_seconds=None, confidence=1.0)
        for i, token in enumerate(text.split())
    )
    segment = TranscriptSegment(start_seconds=0, end_seconds=20, text=text, confidence=1, words=words)
    made = Transcript(language="en", duration_seconds=20, engine="none", model="none", segments=(segment,))
    assert " ".join(cue.text for cue in timed_cues(made)) == text


@pytest.mark.parametrize(
    "script", ["a word and another. ", "今日は気候変動についてお話しします。", "สวัสดีครับยินดีต้อนรับทุกท่าน "]
)
def test_a_sentence_of_5000_characters_in_no_time_is_shown_as_long_as_the_silence_behind_it_lets(script: str) -> None:
    text = (script * 5000)[:5000].strip()
    made = cues((1, 1, text), (400, 405, "Then"), duration=500)
    assert "".join(text for _, _, text in made).replace(" ", "") == f"{text}Then".replace(" ", "")
    assert all(end - start >= 0.999 for start, end, _ in made)
    assert max(end for _, end, _ in made[:-1]) <= 401.5
    crowded = cues((1, 1, text), (2, 5, "Then"), duration=6)
    assert all(a[1] <= b[0] and a[0] < a[1] for a, b in pairwise(crowded))


def test_no_caption_lasts_longer_than_the_recording() -> None:
    assert cues((5.0, 5.2, "Yes."), (9.8, 10.0, "No."), duration=10) == [(5.0, 6.0, "Yes."), (9.0, 10.0, "No.")]
    assert cues((0.0, 0.2, TWO_LINES), duration=0.2) == [(0.0, 0.2, TWO_LINES)]
    # What begins late ends late: the asset knows when, the transcript alone does not.
    late = TranscriptSegment(start_seconds=11.0, end_seconds=11.2, text="Late", confidence=1)
    made = Transcript(language="en", duration_seconds=10, engine="none", model="none", segments=(late,))
    assert timed_cues(made, 12.5) == [Cue(11_000, 12_000, "Late")]


def test_times_that_are_none_or_run_backwards_cost_no_text() -> None:
    made = cues(
        (1, 2, "one"), (NAN, NAN, "two"), (NAN, 4, "three"), (9, 7, "four"), (5, math.inf, "five"), (-3, -2, "zero")
    )
    assert [text for _, _, text in made] == ["zero", "one", "two", "three", "five", "four"]
    assert all(end - start >= 0.999 for start, end, _ in made)
    assert timed_cues(Transcript(language="und", duration_seconds=NAN, engine="none", model="none")) == []


def test_utterances_that_begin_together_stay_in_order_and_are_not_sorted_by_their_ends() -> None:
    heard = [Utterance(text=text, start_seconds=1, end_seconds=end, confidence=1) for text, end in (("a", 5), ("b", 3))]
    assert [segment.text for segment in to_segments(heard, 10)] == ["a", "b"]


starts = st.floats(0, 40) | st.sampled_from([0.0, 1.0, 1.0001, 5.0, 5.05, 39.99])
lengths = st.floats(0, 25) | st.sampled_from([0.0, 0.01, 0.5])
texts = st.text(max_size=150) | st.sampled_from(["Yes.", TWO_LINES, "今日は" * 40])


@pytest.mark.thorough
@settings(deadline=None)
@given(st.lists(st.tuples(starts, lengths, texts), max_size=12), st.floats(0, 60))
def test_every_caption_has_the_time_it_needs_or_all_that_the_next_leaves(
    said: list[tuple[float, float, str]], duration: float
) -> None:
    segments = tuple(
        TranscriptSegment(start_seconds=start, end_seconds=start + length, text=text, confidence=1)
        for start, length, text in said
    )
    made = Transcript(language="en", duration_seconds=duration, engine="none", model="none", segments=segments)
    found = timed_cues(made)
    last = math.floor(max([duration, *(s.end_seconds for s in segments if clean(s.text))]) * 1000)
    for cue, next_start in zip(found, [*(cue.start_ms for cue in found[1:]), last], strict=False):
        assert 0 <= cue.start_ms < cue.end_ms
        assert cue.end_ms <= next_start or next_start == last
        assert cue.length_ms >= math.floor(min(cue.needed_ms, next_start - cue.start_ms))
