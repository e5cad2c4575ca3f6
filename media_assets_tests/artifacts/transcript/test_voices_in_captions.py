"""Captions that say who speaks."""

from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.value import Transcript
from media_assets_tests.artifacts.transcript.said import spoken

TALK = (
    (0.0, 3.0, "S1", "Good morning, and welcome to all of you."),
    (3.0, 6.0, "S1", "We have three things to talk about."),
    (6.0, 9.0, "S2", "Then let us begin with the weather."),
    (9.0, 12.0, "S1", "Why not?"),
)


def texts(made: Transcript) -> list[str]:
    return [cue.content for cue in srt.parse(to_srt(made))]


def web_texts(made: Transcript) -> list[str]:
    return [re.sub(r"^.*?\n", "", block) for block in to_vtt(made).strip().split("\n\n")[1:]]


def test_subrip_names_whoever_begins_to_speak():
    assert texts(spoken(*TALK, names={"S1": "Anna"})) == [
        "Anna: Good morning, and\nwelcome to all of you.",
        "We have three things to talk about.",
        "Speaker 2: Then let us\nbegin with the weather.",
        "Anna: Why not?",
    ]


def test_webvtt_has_a_voice_for_each_cue_and_the_words_alone_as_text():
    made = spoken(*TALK, names={"S1": "Anna"})
    assert web_texts(made) == [
        "<v Anna>Good morning, and welcome to all of you.</v>",
        "<v Anna>We have three things to talk about.</v>",
        "<v Speaker 2>Then let us begin with the weather.</v>",
        "<v Anna>Why not?</v>",
    ]
    captions = webvtt.from_string(to_vtt(made)).captions
    assert [caption.voice for caption in captions] == ["Anna", "Anna", "Speaker 2", "Anna"]
    assert [caption.text for caption in captions] == [text for _, _, _, text in TALK]


@pytest.mark.parametrize("said", [TALK[:2], tuple((a, b, "", text) for a, b, _, text in TALK)])
def test_without_several_voices_or_names_both_are_as_they_were(said: tuple[tuple[float, float, str, str], ...]):
    bare = spoken(*((start, end, "", text) for start, end, _, text in said))
    made = spoken(*said)
    assert (to_srt(made), to_vtt(made)) == (to_srt(bare), to_vtt(bare))
    assert "<v" not in to_vtt(made) and "Speaker" not in to_srt(made)


def test_two_who_share_a_cue_have_a_line_each():
    made = spoken((0, 0.4, "S1", "Are you coming?"), (0.4, 0.8, "S2", "In a minute."), names={"S1": "Anna"})
    assert texts(made) == ["-Anna: Are you coming?\n-Speaker 2: In a minute."]
    assert web_texts(made) == ["<v Anna>-Are you coming?</v>\n<v Speaker 2>-In a minute.</v>"]
    made = spoken((0, 3, "S1", "Now."), (3, 3.4, "S1", "Yes?"), (3.4, 3.8, "S2", "No."), (3.8, 4, "S2", "Never."))
    assert texts(made)[-1] == "-Yes?\n-Speaker 2: No. Never."


def test_no_cue_has_three_who_speak_and_none_two_in_a_line():
    said = [(i / 10, i / 10 + 0.1, f"S{i % 3 + 1}", f"word{i}") for i in range(12)]
    made = spoken(*said, (20.0, 22.0, "S1", "The end."))
    speaker_of = {f"word{i}": f"Speaker {i % 3 + 1}" for i in range(12)} | {"The": "Speaker 1", "end.": "Speaker 1"}
    found: list[str] = []
    for text in web_texts(made):
        lines = text.split("\n")
        assert len(lines) <= 2
        for line in lines:
            voice, words = re.fullmatch(r"<v (.*?)>-?(.*)</v>", line).groups()  # type: ignore[union-attr]
            assert {speaker_of[word] for word in words.split()} == {voice}
            found += words.split()
    assert found == list(speaker_of)


def test_a_name_has_room_in_a_cue_of_two_lines():
    long = " ".join(["sentence"] * 40) + "."
    made = spoken((0, 30, "S1", long), (30, 60, "S2", long), names={"S1": "Maximiliane von Schwarzenberg"})
    lines = [text.split("\n") for text in texts(made)]
    assert all(len(each) <= 2 and all(wcswidth(line) <= 42 for line in each) for each in lines)
    words = " ".join(" ".join(each) for each in lines).replace("Maximiliane von Schwarzenberg: ", "")
    assert words.replace("Speaker 2: ", "") == f"{long} {long}"


HOSTILE = [
    "Anna\n\n00:00:00.000 --> 00:00:09.000\nBen",
    "a --> b",
    "</v><b>",
    "<v Ben>",
    "A & B > C",
    "&gt;&#10;",
    "x" * 10_000,
    "آنا",
    "\u202eannA",
    "\ud800\x00",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_cue(name: str):
    made = spoken(*TALK, names={"S1": name})
    subrip, web = to_srt(made), to_vtt(made)
    for text in (subrip, web):
        text.encode("utf-8")
        assert text.count("-->") == 4, "of the cues alone"
        assert "\u202e" not in text
    assert [(cue.start, cue.end) for cue in srt.parse(subrip)] == [
        (cue.start, cue.end) for cue in srt.parse(to_srt(spoken(*TALK)))
    ]
    captions = webvtt.from_string(web).captions
    assert [caption.text for caption in captions] == [text for _, _, _, text in TALK]
    for block in web_texts(made):
        annotation = re.fullmatch(r"<v ([^&<>\n\r]|&amp;|&lt;|&gt;)+>[^<>]*</v>", block)
        assert annotation, "W3C WebVTT, 4.2.2"
        voice = html.unescape(block[3 : block.index(">")])
        assert len(voice) <= 32
    assert all(len(cue.content) <= 84 for cue in srt.parse(subrip))


def test_an_arrow_that_somebody_says_is_one_beside_voices_too():
    made = spoken((0, 3, "S1", "a --> b </v> & c"), (3, 6, "S2", "yes"))
    assert web_texts(made)[0] == "<v Speaker 1>a --&gt; b &lt;/v&gt; &amp; c</v>"
    assert texts(made)[0] == "Speaker 1: a → b </v> & c"


said = st.tuples(
    st.floats(0, 60),
    st.floats(0, 12) | st.sampled_from([0.0, 0.01, 0.4]),
    st.sampled_from(["", "S1", "S2", "S3"]),
    st.lists(st.sampled_from(["one", "two,", "three.", "-->", "<b>", "&", "four", "-five", "今日は"]), max_size=40),
)


@pytest.mark.thorough
@settings(deadline=None)
@given(st.lists(said, max_size=12), st.sampled_from(["Anna", "آنا", "a --> b", "x" * 99, "Ben: Carl"]))
def test_whoever_speaks_when_every_line_is_of_one_and_every_word_is_there(
    turns: list[tuple[float, float, str, list[str]]], name: str
) -> None:
    made = spoken(
        *((start, start + length, speaker, " ".join(words)) for start, length, speaker, words in turns),
        names={"S1": name},
    )
    subrip, blocks = list(srt.parse(to_srt(made))), web_texts(made) if turns else []
    captions = webvtt.from_string(to_vtt(made)).captions
    assert len(subrip) == len(captions)
    assert all(one.end <= two.start for one, two in pairwise(subrip))
    shown: list[str] = []
    for block in blocks:
        lines = re.findall(r"<v (.*?)>(.*?)</v>", block, re.DOTALL)
        bare = re.sub(r"<v .*?>.*?</v>", "", block, flags=re.DOTALL).strip("\n")
        assert len(lines) + bool(bare) <= 2
        assert len({voice for voice, _ in lines}) == len(lines), "another in each line"
        for text in (*(text for _, text in lines), bare):
            shown += html.unescape(text.removeprefix("-") if len(lines) + bool(bare) > 1 else text).split()
    words = [word for *_, words in turns for word in words]
    assert sorted("".join(shown)) == sorted("".join(words)), "nothing is lost or said twice"
