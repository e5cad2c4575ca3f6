"""Sentences and their times, with and without punctuation."""

from __future__ import annotations

from itertools import pairwise

from media_assets.artifacts.summary.engines.extractive.sentences import sentences
from media_assets.artifacts.transcript.value import TranscriptSegment, Word
from media_assets.base.words import word_count


def segment(start: float, end: float, text: str, words: tuple[Word, ...] = ()) -> TranscriptSegment:
    return TranscriptSegment(start_seconds=start, end_seconds=end, text=text, confidence=1.0, words=words)


def test_a_sentence_may_span_segments_and_a_segment_may_hold_several() -> None:
    found = sentences([segment(0, 4, "This is the first part of"), segment(4, 8, "one sentence. Here is another. And")])

    assert [s.text for s in found] == ["This is the first part of one sentence.", "Here is another.", "And"]
    assert found[0].start_seconds == 0.0
    assert 4.0 < found[0].end_seconds < found[1].end_seconds <= 8.0


def test_times_are_those_of_the_words_where_the_recogniser_gives_them() -> None:
    spoken = [("Stop.", 0.0, 0.5), ("Then", 7.0, 7.2), ("go.", 7.3, None)]
    words = tuple(Word(text=t, start_seconds=a, end_seconds=b, confidence=1.0) for t, a, b in spoken)

    found = sentences([segment(0, 8, "Stop. Then go.", words)])

    assert [(s.text, s.start_seconds) for s in found] == [("Stop.", 0.0), ("Then go.", 7.0)]


def test_abbreviations_initials_and_decimals_end_no_sentence() -> None:
    text = "We met Dr. Smith and J. Doe at 3.5 km, e.g. near the lake. It was late."

    assert [s.text for s in sentences([segment(0, 9, text)])] == [text[:-13], "It was late."]


def test_without_punctuation_segments_are_the_sentences() -> None:
    texts = ["the queen lays every egg in the hive", "worker bees collect nectar from the flowers"]

    found = sentences([segment(0, 3, texts[0]), segment(4, 7, texts[1])])

    assert [(s.text, s.start_seconds) for s in found] == [(texts[0], 0.0), (texts[1], 4.0)]


def test_without_punctuation_a_short_utterance_joins_the_nearer_neighbour() -> None:
    found = sentences(
        [
            segment(0.0, 3.0, "the queen lays every egg in the hive"),
            segment(4.0, 4.5, "and also"),
            segment(4.6, 8.0, "worker bees collect nectar from the flowers"),
            segment(20.0, 20.5, "thank you"),
        ]
    )

    assert [s.text for s in found] == [
        "the queen lays every egg in the hive",
        "and also worker bees collect nectar from the flowers",
        "thank you",
    ]


def test_without_punctuation_a_long_utterance_is_split_at_its_longest_pause() -> None:
    words = []
    time = 0.0
    for i in range(60):
        time += 2.0 if i == 25 else 0.01
        words.append(Word(text=f"w{i}", start_seconds=time, end_seconds=time + 0.3, confidence=1.0))
        time += 0.3
    text = " ".join(word.text for word in words)

    first, second = sentences([segment(0, time, text, tuple(words))])

    assert first.text.split()[-1] == "w24"
    assert second.text.split()[0] == "w25"
    assert second.start_seconds == words[25].start_seconds


def test_no_word_is_lost_and_no_sentence_is_longer_than_people_read() -> None:
    segments = [segment(i * 10, i * 10 + 9, " ".join(f"w{i}n{j}" for j in range(i % 90))) for i in range(1, 200)]

    found = sentences(segments)

    assert " ".join(s.text for s in found).split() == " ".join(s.text for s in segments).split()
    assert max(word_count(s.text) for s in found) <= 50
    assert all(a.start_seconds <= b.start_seconds for a, b in pairwise(found))


def test_chinese_and_hindi_sentences_end_at_their_own_marks() -> None:
    assert [s.text for s in sentences([segment(0, 4, "今天天气好。明天下雨。")])] == ["今天天气好。", "明天下雨。"]
    assert [s.text for s in sentences([segment(0, 4, "यह पहला है। यह दूसरा है।")])] == ["यह पहला है।", "यह दूसरा है।"]
