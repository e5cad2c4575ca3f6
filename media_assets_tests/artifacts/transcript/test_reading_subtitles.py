"""Subtitles as people, players and other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.transcript.subtitles.naming import with_names_in_text
from media_assets.artifacts.transcript.subtitles.reading import (
    SpokenCue,
    UnreadableSubtitles,
    cues_of,
    read_subtitles,
)

CUE = "00:00:01,000 --> 00:00:02,500\n"


def srt(text: str) -> list[tuple[float, float, str]]:
    return [(cue.start_seconds, cue.end_seconds, cue.text) for cue in cues_of(text, ".srt")]


@pytest.mark.parametrize(
    "text",
    [
        f"1\n{CUE}Hello\nyou\n",
        f"{CUE}Hello\nyou\n",
        f"\n\n7\n{CUE}Hello   \n you\n\n\n",
        "1\n00:00:01.000 --> 00:00:02.5 X1:10 X2:20\n<i>Hello</i>\n{\\an8}you\n",
        "1\n00:01,000 --> 00:02,5\nHello\nyou\n",
        '1\n0:0:1,0-->0:0:2,500\n<font color="#fff">Hello</font>\nyou',
    ],
)
def test_subrip_is_read_as_it_is_written_in_the_wild(text: str) -> None:
    assert srt(text) == [(1.0, 2.5, "Hello\nyou")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "talk.srt"
    path.write_bytes(f"1\r\n{CUE.strip()}\r\nGrüße, schön, daß Sie uns hören – über alles\r\n".encode(encoding))
    assert [cue.text for cue in read_subtitles(path, None, 5.0)] == ["Grüße, schön, daß Sie uns hören – über alles"]


def test_what_is_no_markup_stays() -> None:
    assert [text for *_, text in srt(f"1\n{CUE}a < b & c > d, 3 <4\n")] == ["a < b & c > d, 3 <4"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("garbage", "no times"),
        (f"1\n{CUE}one\n\n2\n00:00:03,000 --> 00:00:0x,000\ntwo\n", "line 6 has an arrow"),
        (f"1\n{CUE}one\n\n2\n00:00:03,000 to 00:00:04,000\ntwo\n", "line 6 has two times"),
        (f"1\n{CUE}one\n\n2\n00:00:13,840 --", "line 6 has a part of two times.* not written to its end"),
        (f"1\n{CUE}one\n\n2\n00:00:13,840 -- \n\n", "line 6 has a part"),
        (f"1\n{CUE}one\n\n2\n00:00:13,840", "line 6 has a part"),
        (f"1\n{CUE}one\n\n2\n00:00:1", "line 6 has a part"),
        (f"1\n{CUE}one\n\n2\n0", "line 6 has a part"),
        (f"{CUE}one\n\n00:00:13,840", "line 4 has a part"),
        (f"{CUE}one\n\n00:00:13,840 -\nGone\n", "line 4 has a part"),
        (f"1\n{CUE}one\n\n2\n00:00:04,000 --> 00:00:03,000\ntwo\n", r"ends before it begins \(two\)"),
    ],
)
def test_a_cue_that_cannot_be_read_is_told_and_not_passed_over(text: str, why: str) -> None:
    with pytest.raises(UnreadableSubtitles, match=why):
        cues_of(text, ".srt")


@pytest.mark.parametrize("rest", ["00:00:13.840 --", "00:13.840 -->", "00:13.840", "00:1"])
def test_webvtt_that_was_not_written_to_its_end_is_told(rest: str) -> None:
    with pytest.raises(UnreadableSubtitles, match="line 6"):
        cues_of(f"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\n{rest}", ".vtt")


@pytest.mark.parametrize("rest", ["Dialo", "Dialogue: 0,0:00:03.00", "Dialogue: 0,0:00:03.00,0:00:04.00,Def"])
def test_substation_alpha_that_was_not_written_to_its_end_is_told(rest: str) -> None:
    line = "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,Hello"
    with pytest.raises(UnreadableSubtitles, match="line 4 has a part of a line of dialogue"):
        cues_of(f"[Script Info]\n[Events]\n{line}\n{rest}", ".ass")


def test_times_and_numbers_that_are_said_are_text() -> None:
    text = f"1\n{CUE}It starts at\n10:30\n\n2\n00:00:03,000 --> 00:00:04,000\n3\n1:23.45\n\n3\n"
    assert srt(text) == [(1.0, 2.5, "It starts at\n10:30"), (3.0, 4.0, "3\n1:23.45")]


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("00:00:01.240 --> 00:00:05.946", 1.24, 5.946),
        ("00:00.750 --> 00:02.375", 0.75, 2.375),
        ("01:02.5 --> 01:03.75", 62.5, 63.75),
        ("100:00:01.007 --> 100:00:02.070", 360001.007, 360002.07),
        ("\t00:01.001\t-->\t00:02.999\talign:start position:10%", 1.001, 2.999),
        ("00:01.001-->00:02.999 line:0", 1.001, 2.999),
    ],
)
def test_webvtt_keeps_its_milliseconds(times: str, start: float, end: float) -> None:
    assert cues_of(f"WEBVTT\n\n{times}\nHello\n", ".vtt") == [SpokenCue(start, end, "Hello")]


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_bytes(b"\0\1\2" * 100)
    with pytest.raises(UnreadableSubtitles, match="no text"):
        read_subtitles(path, None, 5.0)


def test_webvtt_has_voices_and_entities_and_its_notes_are_none() -> None:
    text = (
        "WEBVTT - talk\n\nNOTE said --> by nobody\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:03.000 "
        "align:start\n<v.loud Anna &amp; Co>Good <b>morning</b></v>\n"
        "<v Bob>1 &lt; 2</v>\n\n00:04.000 --> 00:05.000\nbare\n"
    )
    assert cues_of(text, ".vtt") == [
        SpokenCue(1.0, 2.412, "Good morning", "Anna & Co"),
        SpokenCue(2.412, 3.0, "1 < 2", "Bob"),
        SpokenCue(4.0, 5.0, "bare"),
    ]


def test_lines_of_two_voices_lose_their_hyphens() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Anna>-Yes?</v>\n<v Bob>-No.</v>\n"
    assert [(cue.speaker, cue.text) for cue in cues_of(text, ".vtt")] == [("Anna", "Yes?"), ("Bob", "No.")]


def test_substation_alpha_has_names() -> None:
    text = (
        "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,left out\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,{\\b1}Hello\\Nyou\n"
    )
    assert cues_of(text, ".ass") == [SpokenCue(1.0, 2.5, "Hello\nyou", "Anna")]


def cue(start: float, text: str) -> SpokenCue:
    return SpokenCue(start, start + 2, text)


def named(
    cues: list[SpokenCue], known: list[str], before: list[SpokenCue] | None = None
) -> list[tuple[str | None, str]]:
    return [(one.speaker, one.text) for one in with_names_in_text(cues, known, before or [])]


def test_a_name_in_subrip_holds_until_the_next() -> None:
    cues = [cue(0, "Anna: Good morning."), cue(3, "It rains."), cue(6, "Speaker 2: Does it? Note: no.")]
    assert named(cues, ["Anna", "Speaker 2"]) == [
        ("Anna", "Good morning."),
        ("Anna", "It rains."),
        ("Speaker 2", "Does it? Note: no."),
    ]


def test_what_stands_before_a_colon_is_no_name_unless_one_stood_there() -> None:
    cues = [cue(0, "David: Good morning."), cue(3, "One thing: it rains.")]
    before = [cue(0, "Speaker 1: Good morning."), cue(3, "One thing: it rains.")]
    assert named(cues, ["Speaker 1"], before) == [("David", "Good morning."), ("David", "One thing: it rains.")]


def test_two_who_share_a_cue_have_their_part_of_its_time() -> None:
    (first, second) = with_names_in_text([SpokenCue(0, 4, "-Anna: Yes?\n-Bob: Not me")], ["Anna", "Bob"])
    assert (first.speaker, first.text, second.speaker, second.text) == ("Anna", "Yes?", "Bob", "Not me")
    assert 0 < first.end_seconds == second.start_seconds < second.end_seconds == 4
