"""Answers of transcription servers with something missing or odd: what is there is used, what is not is estimated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Transient
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Raw, Says

NAN, ENDLESS = float("nan"), float("inf")


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", tone(440, 3.0))


def heard(server: AudioServer, beep: Path, work: Path, answer: object) -> Transcript:
    server.script = [Says(json.dumps(answer))]
    sent = len(server.uploads)
    said = transcribe(transcriber(server, max_retries=0), beep, Work(work), seconds=3.0)
    assert len(server.uploads) - sent <= 1, "paid once"
    return said


def words(said: Transcript) -> list[tuple[str, float]]:
    return [(word.text, word.start_seconds) for segment in said.segments for word in segment.words]


@pytest.mark.parametrize(
    "odd", [{"start": NAN}, {"start": None, "end": None}, {}, {"start": "soon"}, {"start": -ENDLESS}, {"start": [1]}]
)
def test_a_word_without_a_usable_time_stands_between_its_neighbours(
    odd: dict[str, object], server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    spoken = [
        {"word": "one", "start": 0.0, "end": 0.5},
        {"word": "two", **odd},
        {"word": "six", "start": 1.5, "end": 2},
    ]
    said = heard(
        server,
        beep,
        tmp_path,
        {"text": "one two six", "segments": [{"text": "one two six", "start": 0, "end": 2}], "words": spoken},
    )
    assert words(said) == [("one", 0.0), ("two", 0.5), ("six", 1.5)]
    assert said.note is not None
    assert "1 word without usable times" in said.note


def test_what_a_server_puts_behind_the_end_is_kept_and_named(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    segments = [{"text": text, "start": start, "end": start + 0.9} for text, start in (("one", 0), ("two", 1000))]
    said = heard(server, beep, tmp_path, {"text": "one two", "segments": segments})
    assert said.text == "one two"
    assert said.note is not None
    assert "1 segment behind the end of the recording" in said.note


@pytest.mark.parametrize(
    "answer",
    [
        {"text": None, "segments": [{"text": "one two", "start": 0, "end": 2}]},
        {"text": ["one", {"text": "two"}], "segments": [{"text": "one two", "start": "0", "end": "00:00:02.000"}]},
        {"text": "one two", "segments": [{"text": "one two", "start": -3, "end": 2, "speaker": {"id": [1]}}]},
        {"text": "one two", "segments": [{"text": "one two", "start": 0, "end": 2, "words": [None]}], "words": None},
        {"text": "one two", "segments": [{"text": "one two", "start": NAN}, {"text": None, "start": 2, "end": 3}],
         "words": [{"word": "one", "start": 0, "end": 1}, {"word": "two", "start": 1, "end": 2}]},
        {"text": "one two", "words": [{"word": "one", "start": 0.0, "end": 1}, {"text": "two", "start": 1, "end": 2}]},
        {"text": "one two", "segments": [{"text": "one two", "start": 0.0, "avg_logprob": NAN, "no_speech_prob": "?"}]},
        {"text": "one two", "segments": [{"text": "one two", "start": 1.0, "end": 0.5}]},
        {"text": "one two", "segments": []},
        {"text": "one two", "segments": None, "usage": {"seconds": "many"}, "language": ["en"], "logprobs": [None]},
        {"text": "one two", "segments": ["one two"]},
        {"text": "one two", "segments": {"0": "one two"}, "words": "one two"},
    ],
)  # fmt: skip
def test_what_is_absent_or_odd_in_an_answer_is_done_without(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    said = heard(server, beep, tmp_path, answer)
    assert said.text == "one two"
    assert all(0 <= segment.start_seconds < segment.end_seconds <= 3.0 for segment in said.segments)


@pytest.mark.parametrize(
    "answer",
    [
        {"segments": [{"text": "one"}, {"text": " two"}]},
        {"segments": [{"text": "one", "start": None}, {"text": "two", "start": NAN}], "text": None},
        {"words": [{"word": "one"}, {"word": "two", "start": "soon"}]},
        {"segments": [{"words": [{"word": "one"}, {"word": "two"}]}]},
        {"words": ["one", "two"], "segments": None},
        {"text": "", "segments": [{"text": "one"}, {"text": "two"}]},
        {"text": " ", "words": ["one", "two"]},
    ],
)
def test_parts_without_any_times_are_a_text_without_times(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    said = heard(server, beep, tmp_path, answer)
    assert said.text == "one two"
    assert said.note is not None and "1 piece without any times" in said.note


def test_an_answer_with_all_its_times_has_no_note(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    answer = {"text": "one", "segments": [{"text": "one", "start": 0, "end": 2}], "language": "en"}
    assert heard(server, beep, tmp_path, answer).note is None
    assert heard(server, beep, tmp_path, {"text": None, "segments": []}).segments == ()


def test_null_is_nothing_said_and_named(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    said = heard(server, beep, tmp_path, {"text": None})
    assert said.segments == ()
    assert said.note is not None and "1 piece with null for a text" in said.note


def test_half_a_pair_of_surrogates_costs_a_letter_and_not_the_transcript(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    spoken = [{"word": "half\ud83d", "start": 0, "end": 1}, {"word": "a\x00b", "start": 1, "end": 2}]
    answer = {"text": "half\ud83d a\x00b", "segments": [{"text": "half\ud83d a\x00b", "start": 0, "end": 2}]}
    said = heard(server, beep, tmp_path, {**answer, "words": spoken})
    assert said.text == "half\ufffd ab"
    assert words(said) == [("half\ufffd", 0), ("ab", 1)]
    assert Transcript.model_validate_json(said.model_dump_json()) == said


@pytest.mark.parametrize(
    ("segments", "pieces"),
    [
        (
            [("one.", 0, 1), (None, 1, 2), ("three.", 2, 3)],
            [("one.", 0, 1), ("two and a half.", 1, 2), ("three.", 2, 3)],
        ),
        ([("one.", 0, 1), ("three.", 2, 3)], [("one.", 0, 1), ("two and a half.", 1, 2), ("three.", 2, 3)]),
        ([("two and a half.", 1, 2), ("three.", 2, 3)], [("one.", 0, 1), ("two and a half.", 1, 2), ("three.", 2, 3)]),
        ([("one.", 0, 0.5)], [("one. two and a half. three.", 0, 1.8)]),
        ([("one.", 0, 1), ("", 1, 2), ("", 2, 3)], [("one.", 0, 1), ("two and a half. three.", 1, 2)]),
    ],
)
def test_what_the_text_has_and_no_segment_is_not_lost(
    segments: list[tuple[str | None, float, float]], pieces: list[tuple[str, float, float]],
    server: AudioServer, beep: Path, tmp_path: Path,
) -> None:  # fmt: skip
    parts = [{"text": text, "start": start, "end": end} for text, start, end in segments]
    said = heard(server, beep, tmp_path, {"text": " one.  two and a half. three.", "segments": parts})
    assert [(one.text, one.start_seconds, one.end_seconds) for one in said.segments] == pieces


def test_segments_that_differ_from_the_text_stay_as_they_are(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    parts = [{"text": "Two.", "start": 0, "end": 1}, {"text": "three", "start": 1, "end": 2}]
    assert heard(server, beep, tmp_path, {"text": "one two three", "segments": parts}).text == "Two. three"


def test_milliseconds_are_known_by_where_they_end(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    spoken = [{"word": "one", "start": 0, "end": 900}, {"word": "two", "start": 1000, "end": 1900}]
    segments = [{"text": text, "start": start, "end": start + 900} for text, start in (("one", 0), ("two", 1000))]
    said = heard(server, beep, tmp_path, {"text": "one two", "segments": segments, "words": spoken, "language": "en"})
    assert [(one.text, one.start_seconds, one.end_seconds) for one in said.segments] == [
        ("one", 0, 0.9),
        ("two", 1, 1.9),
    ]
    assert words(said) == [("one", 0), ("two", 1)]
    assert said.note is not None and "1 piece with times in milliseconds" in said.note
    late = [{"text": "a sentence of many letters that nobody says so fast", "start": 99, "end": 190}]
    said = heard(server, beep, tmp_path, {"text": late[0]["text"], "segments": late})
    assert said.note is not None and "behind the end" in said.note


def test_segments_that_come_twice_are_there_once(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    one, two = {"text": "one", "start": 0, "end": 1}, {"text": "one", "start": 1, "end": 2}
    said = heard(server, beep, tmp_path, {"text": None, "segments": [one, one, two, two], "language": "en"})
    assert [part.start_seconds for part in said.segments] == [0, 1]
    assert said.note is not None and "2 segments twice" in said.note


SEGMENTS = (
    '{"text": "one two", "segments": [{"text": "one", "start": 0, "end": 1}, {"text": "two", "start": 1, "end": 2}]}'
)
PARTS = json.loads(SEGMENTS)["segments"]
SRT = "1\r\n00:00:00,000 --> 00:00:01,000\r\none\r\n\r\n2\r\n00:00:01,000 --> 00:00:02,000\r\ntwo\r\n"


@pytest.mark.parametrize(
    "body",
    [
        f"[{SEGMENTS}]",
        f'{{"code": 0, "data": {SEGMENTS}}}',
        f'{{"result": {SEGMENTS}, "text_lines": null}}',
        SRT,
        "WEBVTT\n\n" + SRT.replace("\r", "").replace(",", ".").replace("1\n", "", 1),
        "WEBVTT\n\n00:00.000 --> 00:01.000 align:start\none\n\n00:01.000 --> 00:02.000\ntwo",
        json.dumps(PARTS),
        "\n".join(map(json.dumps, PARTS)),
        "event: message\n" + "".join(f"data: {json.dumps(part)}\n\n" for part in PARTS),
        f'data: {{"type": "transcript.text.delta", "delta": "one"}}\n\ndata: {SEGMENTS}\n\ndata: [DONE]',
        json.dumps(
            {"text": "one two", "chunks": [{"text": "one", "timestamp": [0, 1]}, {"text": "two", "timestamp": [1, 2]}]}
        ),
        json.dumps(
            {
                "result": {"language": "en"},
                "transcription": [
                    {"text": text, "offsets": {"from": start, "to": start + 1000}}
                    for text, start in (("one", 0), ("two", 1000))
                ],
            }
        ),
        json.dumps(
            {
                "transcript": "one two",
                "utterances": [
                    {"transcript": text, "start_ms": start, "end_ms": start + 1000}
                    for text, start in (("one", 0), ("two", 1000))
                ],
            }
        ),
        json.dumps(
            {
                "text": "one two",
                "segments": [
                    {"text": text, "t0": start, "t1": start + 100} for text, start in (("one", 0), ("two", 100))
                ],
            }
        ),
        json.dumps(
            {
                "data": {
                    "text": "one two",
                    "segments": [
                        {"sentence": text, "start_time": start, "end_time": start + 1}
                        for text, start in (("one", 0), ("two", 1))
                    ],
                }
            }
        ),
    ],
)
def test_an_answer_in_another_wrapping_is_the_same_transcript(
    body: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = [Raw(body, "text/plain")]
    said = transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=3.0)
    assert [(one.text, one.start_seconds, one.end_seconds) for one in said.segments] == [("one", 0, 1), ("two", 1, 2)]


def test_captions_in_an_answer_lose_their_marks_and_no_blanks_come_between_their_lines(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    first = "<v Ann>R&amp;D &lt;3 <i>it</i> --&gt; 4 < 5"
    body = f"WEBVTT\n\n00:00.000 --> 00:01.000\n{first}\n\n00:01.000 --> 00:02.000\n今天\n很好"
    server.script = [Raw(body, "text/vtt")]
    said = transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=3.0)
    assert [one.text for one in said.segments] == ["R&D <3 it --> 4 < 5", "今天很好"]


DELTAS = "".join(f'data: {{"type": "transcript.text.delta", "delta": "{each}"}}\n\n' for each in ("one ", "two"))
CHOICES = "".join(f'data: {{"choices": [{{"delta": {{"content": "{each}"}}}}]}}\n\n' for each in ("one ", "two"))


@pytest.mark.parametrize(
    "body",
    [
        "one two\n",
        '"one two"',
        '["one two"]',
        '["one", "two"]',
        f'{DELTAS}data: {{"type": "transcript.text.done", "text": "one two"}}\n\n',
        f"{CHOICES}data: [DONE]\n\n",
        '{"transcript": "one two"}',
        '{"text": {"content": "one two"}}',
    ],
)
def test_text_that_is_no_object_is_text_without_times(
    body: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = [Raw(body, "text/plain")] * 2
    said = transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=3.0)
    assert said.text == "one two"
    assert said.note is not None
    assert "1 piece without any times" in said.note
    configured = transcribe(transcriber(server, answers="text"), beep, Work(tmp_path), seconds=3.0)
    assert configured.text == "one two"
    assert "without any times" not in (configured.note or "")


@pytest.mark.parametrize("body", ["", "[]", "[1, 2]", "-->", DELTAS, "data: {}\n\n", '{"a": 1}\n{"b": 2'])
def test_an_answer_with_nothing_in_it_does_not_stop_the_batch(
    body: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = [Raw(body)]
    with pytest.raises(Transient, match="answer that cannot be used"):
        transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=3.0)
