from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.transcript.hearing.readable import MAX_CHARACTERS, MAX_SECONDS, split_readably
from media_assets.artifacts.transcript.value import TranscriptSegment, Word


def spoken(text: str, seconds_per_word: float = 0.4, pauses: dict[str, float] | None = None) -> TranscriptSegment:
    """A segment whose words follow each other evenly, but for the pauses after some of them."""
    words = []
    now = 10.0
    for token in text.split():
        words.append(Word(text=token, start_seconds=now, end_seconds=now + seconds_per_word, confidence=0.5))
        now += seconds_per_word + (pauses or {}).get(token, 0.0)
    return TranscriptSegment(
        start_seconds=10.0, end_seconds=words[-1].end_seconds or now, text=text, confidence=0.5, words=tuple(words)
    )


def texts(segment: TranscriptSegment) -> list[str]:
    return [piece.text for piece in split_readably(segment)]


def test_what_fits_stays_as_it_is():
    segment = spoken("we talk about water")
    assert split_readably(segment) == (segment,)


def test_a_long_segment_is_split_at_the_end_of_a_sentence():
    assert texts(
        spoken("When rain falls on a field it runs into the river. The rest of it goes down, slowly, to the deep sand.")
    ) == ["When rain falls on a field it runs into the river.", "The rest of it goes down, slowly, to the deep sand."]


def test_without_punctuation_it_is_split_where_the_speaker_paused():
    segment = spoken(
        "some of it runs into the river and some of it goes down into the soil where the plants are",
        pauses={"river": 0.3},
    )
    first, second = split_readably(segment)
    assert first.text == "some of it runs into the river"
    assert second.start_seconds - first.end_seconds > 0.29
    assert first.words + second.words == segment.words


def test_a_slow_segment_is_split_by_its_time():
    pieces = split_readably(spoken("one two three four five six", seconds_per_word=2.0))
    assert len(pieces) > 1
    assert all(piece.end_seconds - piece.start_seconds <= MAX_SECONDS for piece in pieces)


def test_words_without_ends_last_until_the_next():
    segment = spoken("alpha beta gamma delta epsilon", seconds_per_word=3.0)
    silent = segment.model_copy(
        update={"words": tuple(w.model_copy(update={"end_seconds": None}) for w in segment.words)}
    )
    pieces = split_readably(silent)
    assert [p.end_seconds for p in pieces[:-1]] == [p.start_seconds for p in pieces[1:]]


def test_without_words_the_times_follow_the_characters():
    segment = TranscriptSegment(start_seconds=0, end_seconds=20, text=("a" * 49 + " ") * 2, confidence=0.5)
    first, second = split_readably(segment)
    assert (first.start_seconds, first.end_seconds) == (0, 9.8)
    assert (second.start_seconds, second.end_seconds) == (10, 20)


def test_text_without_spaces_is_split_too():
    pieces = texts(
        TranscriptSegment(start_seconds=0, end_seconds=20, text="今日は水の話をします。" * 12, confidence=0.5)
    )
    assert "".join(pieces) == "今日は水の話をします。" * 12
    assert max(map(len, pieces)) <= MAX_CHARACTERS
    assert all(piece.endswith("。") for piece in pieces)


def test_words_that_do_not_agree_with_the_text_are_not_trusted():
    segment = spoken("one two three four five six", seconds_per_word=2.0).model_copy(
        update={"text": "uno due tre " * 9}
    )
    assert " ".join(texts(segment)).split() == ["uno", "due", "tre"] * 9


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=12),
        min_size=1,
    ),
    st.floats(0.001, 3.0),
    st.booleans(),
)
def test_no_character_gets_lost_and_the_pieces_follow_each_other(tokens, seconds_per_word, with_words):
    segment = spoken(" ".join(tokens), seconds_per_word)
    if not with_words:
        segment = segment.model_copy(update={"words": ()})
    pieces = split_readably(segment)
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(tokens)
    assert pieces[0].start_seconds == segment.start_seconds
    assert all(a.start_seconds < a.end_seconds <= b.start_seconds + 0.0011 for a, b in pairwise(pieces))
    for piece in pieces:
        fits = len(piece.text) <= MAX_CHARACTERS and piece.end_seconds - piece.start_seconds <= MAX_SECONDS + 0.002
        assert fits or len(piece.text.split()) == 1


def by_letter(text: str, seconds_per_letter: float) -> TranscriptSegment:
    words = [
        Word(text=letter, start_seconds=i * seconds_per_letter, end_seconds=(i + 1) * seconds_per_letter, confidence=1)
        for i, letter in enumerate(text)
        if letter.strip()
    ]
    end = len(text) * seconds_per_letter
    return TranscriptSegment(start_seconds=0, end_seconds=end, text=text, confidence=1, words=tuple(words))


def test_letters_with_times_are_not_parted_where_no_line_may_end():
    tibetan = texts(by_letter("དེ་རིང་ང་ཚོས་ལོ་རྗེས་མའི་སྔོན་རྩིས་སྐོར་གྲོས་བསྡུར་བྱེད་ཀྱི་ཡིན།", 0.22))
    assert len(tibetan) > 1
    assert all(piece[-1] in "་།" for piece in tibetan), "after a mark of a syllable"
    numbers = texts(by_letter("部署好了，版本是3.14，费用为一万元，大家都同意了。", 0.5))
    assert numbers == ["部署好了，版本是3.14，", "费用为一万元，大家都同意了。"]
    segment = by_letter("Then (applause) again", 0.9)
    assert "(applause)" in texts(segment)
    assert [word for piece in split_readably(segment) for word in piece.words] == list(segment.words)


def test_chinese_without_marks_is_cut_between_words():
    said = "大家早上好今天我们讨论明年的预算去年的花园项目花了三百万元比计划多出百分之二十张经理认为应该减少广告费用"
    pieces = texts(by_letter(said, 0.28))
    assert "".join(pieces) == said
    assert not any(piece.startswith(("年的", "告费")) or piece.endswith(("明", "广", "三百")) for piece in pieces)
