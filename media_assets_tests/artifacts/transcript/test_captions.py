from __future__ import annotations

import html
from datetime import timedelta
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, Word
from media_assets_tests.artifacts.transcript.said import plain


def transcript(*segments: tuple[float, float, str]) -> Transcript:
    return Transcript(
        language="en",
        duration_seconds=max((end for _, end, _ in segments), default=10.0),
        engine="none",
        model="none",
        segments=tuple(
            TranscriptSegment(start_seconds=start, end_seconds=end, text=text, confidence=0.5)
            for start, end, text in segments
        ),
    )


def srt_cues(made: Transcript) -> list[srt.Subtitle]:
    return list(srt.parse(to_srt(made)))


def vtt_cues(made: Transcript) -> list[webvtt.Caption]:
    captions: list[webvtt.Caption] = webvtt.from_string(to_vtt(made)).captions
    return captions


def vtt_text(cue: webvtt.Caption) -> str:
    return html.unescape(cue.raw_text)


def moment(clock: str) -> timedelta:
    hours, minutes, seconds, milliseconds = map(int, clock.replace(".", ":").split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)


TWO = transcript((0.5, 2.25, "Good morning."), (3.0, 4.0, "Let us begin."))


def test_srt_reads_as_players_expect_it():
    assert to_srt(TWO) == (
        "1\n00:00:00,500 --> 00:00:02,250\nGood morning.\n\n2\n00:00:03,000 --> 00:00:04,000\nLet us begin.\n\n"
    )


def test_vtt_reads_as_players_expect_it():
    assert to_vtt(TWO) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nGood morning.\n\n00:00:03.000 --> 00:00:04.000\nLet us begin.\n"
    )


def test_no_speech_gives_valid_empty_captions():
    empty = transcript()
    assert to_srt(empty) == ""
    assert to_vtt(empty) == "WEBVTT\n"
    assert vtt_cues(empty) == srt_cues(empty) == []


def test_what_would_be_markup_is_shown_as_text():
    made = transcript((1, 2, "a --> b & <c> &amp; </i>"))
    assert "a --&gt; b &amp; &lt;c&gt; &amp;amp; &lt;/i&gt;" in to_vtt(made)
    assert vtt_text(vtt_cues(made)[0]) == "a --> b & <c> &amp; </i>"


def test_text_cannot_end_its_own_srt_cue():
    made = transcript((1, 2, "first\n\n2\n00:00:05,000 --> 00:00:06,000\nnot a cue"), (3, 4, "second"))
    cues = srt_cues(made)
    assert len(cues) == 2
    assert cues[0].content.split() == ["first", "2", "00:00:05,000", "→", "00:00:06,000", "not", "a", "cue"]
    assert len(vtt_cues(made)) == 2


def test_a_hundred_hours_are_written_out():
    made = transcript((360_000.25, 360_001.5, "still here"))
    assert "100:00:00,250 --> 100:00:01,500" in to_srt(made)
    assert srt_cues(made)[0].start == timedelta(hours=100, milliseconds=250)
    assert moment(vtt_cues(made)[0].start) == timedelta(hours=100, milliseconds=250)


def test_cues_do_not_overlap_and_come_in_order():
    made = transcript((4, 9, "later"), (1, 6, "early"), (4, 5, "meanwhile"))
    cues = srt_cues(made)
    assert [cue.content for cue in cues] == ["early", "later", "meanwhile"]
    assert all(a.end <= b.start for a, b in pairwise(cues))
    assert cues[0].end == timedelta(seconds=4)


def test_a_long_segment_becomes_several_cues_at_the_times_of_its_words():
    text = "one two three four five six seven eight nine ten eleven twelve. " + "and so on it goes from there " * 3
    words = tuple(
        Word(text=token, start_seconds=5 + i, end_seconds=5.8 + i, confidence=0.9)
        for i, token in enumerate(text.split())
    )
    segment = TranscriptSegment(
        start_seconds=5, end_seconds=5 + len(words), text=text.strip(), confidence=0.9, words=words
    )
    cues = srt_cues(transcript().model_copy(update={"segments": (segment,)}))
    assert all(cue.end - cue.start <= timedelta(seconds=7) for cue in cues)
    starts = {word.start_seconds: word.text for word in words}
    assert all(starts[cue.start.total_seconds()] == cue.content.split()[0] for cue in cues)
    assert " ".join(" ".join(cue.content.split()) for cue in cues) == text.strip()


def test_a_cue_that_is_too_wide_has_two_lines_of_like_length():
    made = transcript((0, 6, "some of it runs into the river and some of it goes down into the soil"))
    lines = srt_cues(made)[0].content.split("\n")
    assert lines == ["some of it runs into the river and", "some of it goes down into the soil"]
    assert vtt_cues(made)[0].lines == lines


def test_control_characters_and_lone_surrogates_do_not_reach_a_file():
    made = transcript((0, 1, "bell\x07 nul\x00 half\ud800 line\u2028end\x85"), (2, 3, "\x00"))
    for text in (to_srt(made), to_vtt(made), plain(made)):
        text.encode("utf-8")
        assert "bell nul half\ufffd line end" in text
    assert len(srt_cues(made)) == 1


times = st.floats(0, 400_000)
awkward = st.lists(
    st.sampled_from(["-->", "&", "<", ">", "<b>", "&lt;", "\n\n", "\r\n", "1", "NOTE", "WEBVTT", "STYLE", "a", " "])
)
texts = st.text(max_size=120) | awkward.map("".join)
words = st.builds(Word, text=texts, start_seconds=times, end_seconds=st.none() | times, confidence=st.just(0.5))
transcripts = st.lists(
    st.builds(
        lambda start, length, text, words: TranscriptSegment(
            start_seconds=start, end_seconds=start + length, text=text, confidence=0.5, words=tuple(words)
        ),
        times,
        st.floats(0, 30),
        texts,
        st.lists(words, max_size=4),
    ),
    max_size=6,
).map(lambda segments: transcript().model_copy(update={"segments": tuple(segments)}))


@pytest.mark.thorough
@settings(deadline=None)
@given(transcripts)
def test_any_transcript_gives_captions_other_programs_read_the_same(made):
    subrip, web = srt_cues(made), vtt_cues(made)
    to_srt(made).encode("utf-8")
    assert len(subrip) == len(web)
    for cue, caption in zip(subrip, web, strict=True):
        assert cue.start < cue.end
        assert (cue.start, cue.end) == (moment(caption.start), moment(caption.end))
        assert cue.content.replace("→", "-->").split() == vtt_text(caption).replace("→", "-->").split()
    assert all(a.end <= b.start for a, b in pairwise(subrip))
    assert [cue.index for cue in subrip] == list(range(1, len(subrip) + 1))


@pytest.mark.thorough
@settings(deadline=None)
@given(transcripts)
def test_every_character_that_can_be_shown_is_shown(made):
    def shown(text: str) -> list[str]:
        return sorted(character for character in text if character.isprintable() and not character.isspace())

    said = "".join(segment.text for segment in sorted(made.segments, key=lambda segment: segment.start_seconds))
    cues = "".join(vtt_text(caption) for caption in vtt_cues(made))
    assert shown(cues.replace("\ufffd", "")) == shown(said.replace("\ufffd", ""))
    assert shown(plain(made).replace("\ufffd", "")) == shown(said.replace("\ufffd", ""))
