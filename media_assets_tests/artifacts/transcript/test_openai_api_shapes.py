"""Answers in the shapes of other services' own APIs, as gateways in front of them pass them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Fatal
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Raw

WORDS = [("Hello,", 0.1, 0.5), ("Ann.", 0.6, 1.0), ("Bye.", 1.5, 2.0)]
SEGMENTS = [("Hello, Ann.", 0.1, 1.0), ("Bye.", 1.5, 2.0)]


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", tone(440, 3.0))


def heard(server: AudioServer, beep: Path, work: Path, answer: object, **settings: Any) -> Transcript:
    server.script = [Raw(json.dumps(answer))]
    said = transcribe(transcriber(server, max_retries=0, **settings), beep, Work(work), seconds=3.0)
    assert len(server.uploads) == 1, "paid once"
    return said


def words(said: Transcript) -> list[tuple[str, float, float | None]]:
    return [(word.text, word.start_seconds, word.end_seconds) for segment in said.segments for word in segment.words]


def segments(said: Transcript) -> list[tuple[str, float, float]]:
    return [(one.text, one.start_seconds, one.end_seconds) for one in said.segments]


def deepgram(**more: object) -> dict[str, object]:
    spoken = [
        {"word": word.strip(",.").lower(), "start": start, "end": end, "confidence": 0.9, "punctuated_word": word}
        for word, start, end in WORDS
    ]
    first = {"transcript": "Hello, Ann. Bye.", "confidence": 0.9, "words": spoken, **more}
    metadata = {"request_id": "7", "duration": 3.0, "channels": 1, "models": ["m"]}
    return {"metadata": metadata, "results": {"channels": [{"alternatives": [first], "detected_language": "en"}]}}


def sentences() -> dict[str, object]:
    told = [{"text": text, "start": start, "end": end} for text, start, end in SEGMENTS]
    return {"transcript": "\nHello, Ann. Bye.", "paragraphs": [{"sentences": told, "start": 0.1, "end": 2.0}]}


def google(*, form: str = "text") -> dict[str, object]:
    def time(seconds: float) -> object:
        whole, part = divmod(round(seconds * 1000), 1000)
        return f"{seconds:.3f}s" if form == "text" else {"seconds": str(whole), "nanos": part * 1_000_000}

    first, last = ("startTime", "endTime") if form == "text" else ("start_time", "end_time")
    results = [
        {
            "alternatives": [
                {
                    "transcript": f" {text}",
                    "confidence": 0.9,
                    "words": [
                        {"word": word, first: time(begin), last: time(finish), "confidence": 0.8}
                        for word, begin, finish in WORDS
                        if start <= begin < end
                    ],
                },
                {"transcript": "something else"},
            ],
            "languageCode": "en-us",
        }
        for text, start, end in SEGMENTS
    ]
    return {"results": results, "totalBilledTime": "15s", "requestId": "7"}


def aws() -> dict[str, object]:
    def spoken(word: str, start: float, end: float) -> dict[str, object]:
        alternatives = [{"confidence": "0.9", "content": word}, {"confidence": "0.1", "content": "else"}]
        return {"type": "pronunciation", "start_time": str(start), "end_time": str(end), "alternatives": alternatives}

    items: list[dict[str, object]] = []
    for word, start, end in WORDS:
        items.append(spoken(word[:-1], start, end))
        items.append({"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": word[-1]}]})
    results = {"language_code": "en-US", "transcripts": [{"transcript": "Hello, Ann. Bye."}], "items": items}
    return {"jobName": "j", "accountId": "1", "status": "COMPLETED", "results": results}


def assemblyai(**more: object) -> dict[str, object]:
    spoken = [
        {"text": word, "start": round(1000 * start), "end": round(1000 * end), "confidence": 0.9, "speaker": None}
        for word, start, end in WORDS
    ]
    return {
        "id": "7",
        "status": "completed",
        "text": "Hello, Ann. Bye.",
        "words": spoken,
        "utterances": None,
        "audio_duration": 3,
        "audio_url": "https://cdn.example/7",
        "language_code": "en_us",
        "confidence": 0.9,
        "error": None,
        **more,
    }


def turns() -> list[dict[str, object]]:
    return [
        {"text": text, "start": round(1000 * start), "end": round(1000 * end), "confidence": 0.9, "speaker": "A",
         "words": [word for word in assemblyai()["words"] if start <= word["start"] / 1000 < end]}  # type: ignore[attr-defined]
        for text, start, end in SEGMENTS
    ]  # fmt: skip


def speechmatics() -> dict[str, object]:
    results: list[dict[str, object]] = []
    for word, start, end in WORDS:
        content = {"confidence": 0.9, "language": "en", "speaker": "UU"}
        results.append(
            {"type": "word", "start_time": start, "end_time": end, "alternatives": [{"content": word[:-1], **content}]}
        )
        results.append(
            {"type": "punctuation", "attaches_to": "previous", "is_eos": word[-1] == ".", "start_time": end,
             "end_time": end, "alternatives": [{"content": word[-1], **content}]}
        )  # fmt: skip
    metadata = {"type": "transcription", "transcription_config": {"language": "en"}}
    return {"format": "2.9", "job": {"id": "7", "duration": 3}, "metadata": metadata, "results": results}


@pytest.mark.parametrize(
    ("answer", "pieces"),
    [
        (deepgram(), [("Hello, Ann. Bye.", 0.1, 2.0)]),
        (deepgram(paragraphs=sentences()), SEGMENTS),
        (google(), SEGMENTS),
        (google(form="object"), SEGMENTS),
        ({"name": "operations/7", "done": True, "response": google()}, SEGMENTS),
        (aws(), SEGMENTS),
        (assemblyai(), [("Hello, Ann. Bye.", 0.1, 2.0)]),
        (assemblyai(utterances=turns()), SEGMENTS),
        (speechmatics(), SEGMENTS),
        ({"code": 0, "data": {"result": speechmatics()}}, SEGMENTS),
        ([deepgram(paragraphs=sentences())], SEGMENTS),
    ],
    ids=["deepgram", "sentences", "google", "objects", "operation", "aws", "assemblyai", "turns", "speechmatics",
         "wrapped", "list"],
)  # fmt: skip
def test_the_words_of_another_service_have_their_times_in_seconds(
    answer: dict[str, object], pieces: list[tuple[str, float, float]],
    server: AudioServer, beep: Path, tmp_path: Path,
) -> None:  # fmt: skip
    said = heard(server, beep, tmp_path, answer)
    assert segments(said) == pieces
    assert words(said) == WORDS
    assert {word.confidence for segment in said.segments for word in segment.words} <= {0.8, 0.9}
    assert said.language == "en"
    assert said.note is None


@pytest.mark.parametrize("shape", [deepgram, google, aws, assemblyai, speechmatics])
def test_the_text_of_another_service_is_enough(shape: Any, server: AudioServer, beep: Path, tmp_path: Path) -> None:
    def without_times(value: Any) -> Any:
        if isinstance(value, list):
            return [without_times(each) for each in value]
        times = ("start", "end", "startTime", "endTime", "start_time", "end_time")
        if isinstance(value, dict):
            return {name: without_times(each) for name, each in value.items() if name not in times}
        return value

    said = heard(server, beep, tmp_path, without_times(shape()), answers="text")
    assert said.text == "Hello, Ann. Bye."
    assert 0 <= said.segments[0].start_seconds < said.segments[-1].end_seconds <= 3.0


@pytest.mark.parametrize(
    "answer",
    [
        {"results": {"channels": [{"alternatives": [{"transcript": "", "confidence": 0.0, "words": []}]}]}},
        {"results": {"transcripts": [{"transcript": ""}], "items": []}, "status": "COMPLETED"},
        {"results": [], "totalBilledTime": "15s", "requestId": "7"},
        {"totalBilledTime": "15s", "requestId": "7"},
        {"results": [{"alternatives": [{}], "languageCode": "en-us"}], "totalBilledTime": "15s"},
        {"format": "2.9", "metadata": {"type": "transcription"}, "results": []},
        {"id": "7", "status": "completed", "text": "", "words": [], "utterances": []},
    ],
    ids=["deepgram", "aws", "google", "google without results", "google with nothing", "speechmatics", "assemblyai"],
)
def test_silence_in_the_words_of_another_service_is_nothing_said(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    assert heard(server, beep, tmp_path, answer).segments == ()


def test_milliseconds_are_known_by_the_shape_and_not_by_their_size(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    short = [{"text": "Hi", "start": 1, "end": 3, "confidence": 0.9}]
    said = heard(server, beep, tmp_path, assemblyai(text="Hi", words=short))
    assert words(said) == [("Hi", 0.001, 0.003)]


def test_whole_seconds_of_a_server_that_calls_its_words_text_stay_seconds(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    spoken = [{"text": "Hi", "start": 1, "end": 2, "type": "word", "logprob": -0.1}]
    answer = {"language_code": "en", "language_probability": 0.98, "text": "Hi", "words": spoken}
    assert words(heard(server, beep, tmp_path, answer)) == [("Hi", 1.0, 2.0)]


def test_the_first_word_at_zero_has_no_time_at_google(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    spoken = [
        {"word": "one", "endOffset": "0.5s"},
        {"word": "two", "startOffset": "0.5s", "endOffset": "1s"},
    ]
    result = {"alternatives": [{"transcript": "one two", "words": spoken}], "resultEndOffset": "1.2s"}
    said = heard(server, beep, tmp_path, {"results": [result], "metadata": {"totalBilledDuration": "3s"}})
    assert words(said) == [("one", 0.0, 0.5), ("two", 0.5, 1.0)]
    assert said.note is None or "times" not in said.note


def test_results_with_an_end_alone_follow_one_another(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    results = [
        {"alternatives": [{"transcript": text}], "resultEndTime": end}
        for text, end in (("one", "1s"), (" two", {"seconds": 2}))
    ]
    assert segments(heard(server, beep, tmp_path, {"results": results})) == [("one", 0.0, 1.0), ("two", 1.0, 2.0)]


def test_words_that_google_repeats_with_their_speakers_are_there_once(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    answer: Any = google()
    every = [word for result in answer["results"] for word in result["alternatives"][0]["words"]]
    answer["results"].append({"alternatives": [{"words": [{**word, "speakerTag": 1} for word in every]}]})
    assert words(heard(server, beep, tmp_path, answer)) == WORDS


def test_stamps_of_ibm_are_words_with_their_own_confidence(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    results = [
        {"final": True, "alternatives": [
            {"transcript": f"{text} ", "confidence": 0.7, "timestamps": [
                [word, begin, finish] for word, begin, finish in WORDS if start <= begin < end
            ], "word_confidence": [[word, 0.9] for word, begin, _ in WORDS if start <= begin < end]},
        ]}
        for text, start, end in SEGMENTS
    ]  # fmt: skip
    said = heard(server, beep, tmp_path, {"result_index": 0, "results": results})
    assert segments(said) == SEGMENTS
    assert words(said) == WORDS
    assert {word.confidence for segment in said.segments for word in segment.words} == {0.9}


def test_marks_behind_the_end_of_a_sentence_belong_to_it(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    answer: Any = aws()
    quote = {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": '"'}]}
    answer["results"]["items"].insert(4, quote)
    answer["results"]["transcripts"] = [{"transcript": 'Hello, Ann." Bye.'}]
    assert segments(heard(server, beep, tmp_path, answer)) == [('Hello, Ann."', 0.1, 1.0), ("Bye.", 1.5, 2.0)]


def test_channels_that_say_the_same_are_one_and_others_are_all_heard(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    def channel(text: str, start: float) -> dict[str, object]:
        return {"alternatives": [{"transcript": text, "words": [{"word": text, "start": start, "end": start + 0.5}]}]}

    channels = [channel("late", 2.0), channel("early", 0.0), channel("late", 2.0)]
    said = heard(server, beep, tmp_path, {"results": {"channels": channels}})
    assert segments(said) == [("early", 0.0, 0.5), ("late", 2.0, 2.5)]


def azure() -> dict[str, object]:
    def placed(text: str, start: float, end: float) -> dict[str, object]:
        return {
            "text": text,
            "offsetMilliseconds": round(1000 * start),
            "durationMilliseconds": round(1000 * (end - start)),
        }

    phrases = [
        {**placed(text, start, end), "locale": "en-US", "confidence": 0.9,
         "words": [placed(*word) for word in WORDS if start <= word[1] < end]}
        for text, start, end in SEGMENTS
    ]  # fmt: skip
    return {"durationMilliseconds": 3000, "combinedPhrases": [{"text": "Hello, Ann. Bye."}], "phrases": phrases}


def rev() -> dict[str, object]:
    elements: list[dict[str, object]] = []
    for word, start, end in WORDS:
        elements.append({"type": "text", "value": word[:-1], "ts": start, "end_ts": end, "confidence": 0.9})
        elements += [{"type": "punct", "value": word[-1]}, {"type": "punct", "value": " "}]
    return {"monologues": [{"speaker": 0, "elements": elements}]}


@pytest.mark.parametrize("answer", [azure(), rev()], ids=["azure", "rev"])
def test_phrases_and_monologues_have_their_times_too(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    said = heard(server, beep, tmp_path, answer)
    assert segments(said) == SEGMENTS
    assert words(said) == WORDS
    assert said.note is None or "times" not in said.note


@pytest.mark.parametrize("name", ["conf", "confidence"])
def test_words_beside_a_text_keep_their_times_and_confidence(
    name: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    spoken = [{"word": word, "start": start, "end": end, name: 0.9} for word, start, end in WORDS]
    under = "result" if name == "conf" else "words"
    said = heard(server, beep, tmp_path, {"text": "Hello, Ann. Bye.", under: spoken})
    assert words(said) == WORDS
    assert {word.confidence for segment in said.segments for word in segment.words} == {0.9}


@pytest.mark.parametrize("name", ["data", "output", "result", "items"])
def test_a_list_of_segments_or_texts_within_is_read(name: str, server: AudioServer, beep: Path, tmp_path: Path) -> None:
    parts = [{"text": text, "start": start, "end": end} for text, start, end in SEGMENTS]
    assert segments(heard(server, beep, tmp_path, {"status": "succeeded", name: parts})) == SEGMENTS


def test_a_list_of_texts_within_is_one_text(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    answer = {"status": "succeeded", "output": ["Hello, Ann. ", "Bye."]}
    assert heard(server, beep, tmp_path, answer).text == "Hello, Ann. Bye."


@pytest.mark.parametrize(
    "answer",
    [
        {"translation": {"text": "Bonjour"}, "transcription": {"text": "Hello"}},
        {"original": {"text": "Hello"}, "checked": {"text": "Hello"}},
    ],
)
def test_of_several_texts_the_transcript_is_taken(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    assert heard(server, beep, tmp_path, answer).text == "Hello"


def test_none_of_several_texts_is_taken_where_nobody_knows_which(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    with pytest.raises(Fatal, match=r"\(\{first: \{text\}, second: \{text\}\}\)"):
        heard(server, beep, tmp_path, {"first": {"text": "Hello"}, "second": {"text": "Bye"}})


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda answer: {"data": answer},
        lambda answer: {"result": answer},
        lambda answer: {"output": answer, "status": "COMPLETED", "executionTime": 3},
        lambda answer: {"code": 0, "message": "ok", "data": {"result": answer}},
        lambda answer: {"error": None, "result": answer},
        lambda answer: {"text": None, "data": answer},
        lambda answer: {"statusCode": 200, "body": json.dumps(answer)},
        lambda answer: {"data": [answer]},
        lambda answer: [answer],
        lambda answer: [[answer]],
        lambda answer: {"input": {"text": "a prompt"}, "output": [answer]},
    ],
)
def test_what_stands_around_an_answer_is_taken_away(
    wrapped: Any, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    parts = [{"text": text, "start": start, "end": end} for text, start, end in SEGMENTS]
    said = heard(server, beep, tmp_path, wrapped({"text": "Hello, Ann. Bye.", "language": "en", "segments": parts}))
    assert segments(said) == SEGMENTS
    assert said.language == "en"
