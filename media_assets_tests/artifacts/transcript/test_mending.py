"""What engines leave out of an answer is done without and named; nothing else of the transcript is lost."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np
import pytest
from faster_whisper.transcribe import Segment as SpokenSegment
from faster_whisper.transcribe import Word as SpokenWord

from media_assets.artifacts.transcript.engines.faster_whisper.answers import utterances_of
from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.modal.reading import answer_in
from media_assets.artifacts.transcript.hearing.mending import lacking_note, usable_segments
from media_assets.artifacts.transcript.value import Transcript
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.modal_app import SECONDS, deployed, transcribe, transcriber
from media_assets_tests.artifacts.transcript.sounds import noise, write_wav
from media_assets_tests.modal_server import ModalServer
from media_assets_tests.tiny_whisper import write_tiny_whisper

NAN = math.nan


def word(text: Any, start: Any, end: Any, probability: Any = 0.9) -> SpokenWord:
    return SpokenWord(start=start, end=end, word=text, probability=probability)


def segment(text: Any, start: Any, end: Any, *words: SpokenWord, log_probability: Any = -0.1) -> SpokenSegment:
    return SpokenSegment(
        id=1,
        seek=0,
        start=start,
        end=end,
        text=text,
        tokens=[],
        avg_logprob=log_probability,
        compression_ratio=1.0,
        no_speech_prob=0.0,
        words=list(words),
        temperature=0.0,
    )


WORDS = (word(" one", 10.0, 10.5), word(" two", 10.5, 11.0), word(" six", 11.5, 12.0))
WHOLE = segment(" one two six", 10.0, 12.0, *WORDS)


def test_what_faster_whisper_says_whole_comes_as_it_is() -> None:
    (utterance,), lacking = utterances_of([WHOLE])
    assert (utterance.text, utterance.start_seconds, utterance.end_seconds) == (" one two six", 10.0, 12.0)
    assert [(w.text, w.start_seconds, w.end_seconds, w.confidence) for w in utterance.words] == [
        (" one", 10.0, 10.5, 0.9),
        (" two", 10.5, 11.0, 0.9),
        (" six", 11.5, 12.0, 0.9),
    ]
    assert lacking == {}
    plain = utterances_of([segment(" one", np.float32(1.0), np.float64(2.0), word(" one", np.float32(1.0), None))])[0]
    assert [type(time) for time in (plain[0].start_seconds, plain[0].words[0].start_seconds)] == [float, float]


@pytest.mark.parametrize("absent", [None, NAN, np.float32("nan"), -math.inf])
def test_one_word_of_faster_whisper_without_a_time_stands_between_its_neighbours(absent: Any) -> None:
    spoilt = segment(" one two six", 10.0, 12.0, WORDS[0], word(" two", absent, absent), WORDS[2])
    (utterance,), lacking = utterances_of([spoilt])
    assert [w.start_seconds for w in utterance.words] == [10.0, 10.5, 11.5]
    assert lacking_note(lacking) == (
        "The engine gave 1 word without usable times: what is missing is estimated, the rest is as it came"
    )
    first = segment(" one two six", 10.0, 12.0, word(" one", absent, absent), *WORDS[1:])
    assert [w.start_seconds for w in utterances_of([first])[0][0].words] == [10.0, 10.5, 11.5]


def test_null_texts_times_and_measures_of_faster_whisper_cost_nothing_else() -> None:
    said, lacking = utterances_of(
        [
            segment(None, 10.0, 12.0, *WORDS),
            segment(" then", NAN, None, log_probability=NAN),
            segment(" last", 20.0, NAN, word(" last", 20.0, 21.0, NAN)),
            segment(None, 25.0, 26.0),
        ]
    )
    assert [utterance.text for utterance in said] == ["one two six", " then", " last"]
    assert [utterance.start_seconds for utterance in said] == [10.0, 12.0, 20.0]
    assert all(0 <= utterance.confidence <= 1 for utterance in said)
    assert lacking == {
        "segments without text": 2,
        "segments without usable times": 2,
        "words without a confidence": 1,
    }


def test_words_that_all_lack_times_keep_their_text() -> None:
    untimed = [{"text": None, "start": 3, "end": 5, "words": [{"word": "今日"}, {"word": "は"}]}, {"text": "x"}]
    found = list(usable_segments(untimed, Counter()))
    assert [(entry["text"], entry["start"]) for entry in found] == [("今日は", 3.0), ("x", 5.0)]
    assert [
        entry["text"] for entry in usable_segments([{"text": "a"}, {"text": "b"}], Counter(), untimed_too=True)
    ] == [
        "a",
        "b",
    ]


def test_the_note_counts_one_and_many() -> None:
    assert lacking_note({}) is lacking_note({"words without usable times": 0}) is None
    note = lacking_note({"words without usable times": 2, "segments without text": 1})
    assert note is not None
    assert note.startswith("The engine gave 1 segment without text, 2 words without usable times:")


@pytest.mark.thorough
def test_a_window_that_faster_whisper_hears_with_gaps_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real model, whose answer is spoilt behind it."""
    heard = faster_whisper.WhisperModel.transcribe

    def spoilt(self: Any, *args: Any, **options: Any) -> tuple[Iterator[SpokenSegment], Any]:
        segments, about = heard(self, *args, **options)
        found = list(segments)
        for each in found:
            each.end, each.avg_logprob = NAN, None
            each.words[1].start = None
        return iter(found), about

    monkeypatch.setattr(faster_whisper.WhisperModel, "transcribe", spoilt)
    model = write_tiny_whisper(tmp_path / "tiny")
    settings = FasterWhisperTranscription(
        engine="faster-whisper", model=str(model), vad=False, device="cpu", beam_size=1
    )
    said = FasterWhisperTranscriber(settings, FFmpeg()).transcribe(
        write_wav(tmp_path / "noise.wav", noise(3.0)), duration_seconds=3.0, offset_seconds=0.0, work=Work(tmp_path)
    )
    assert said.text == "we talk about water"
    assert [w.text for w in said.segments[0].words] == ["we", "talk", "about", "water"]
    assert said.note is not None
    assert "1 word without usable times" in said.note


def modal_says(server: ModalServer, audio: Path, work: Path, **spoilt: Any) -> Transcript:
    """A transcript of two segments comes back from Modal with this in its second one."""
    words = [{"text": "one", "start_seconds": 3.0, "end_seconds": 3.5, "confidence": 0.5}]
    first = {"start_seconds": 1.0, "end_seconds": 2.0, "text": "first", "confidence": 0.9, "words": []}
    second = {"start_seconds": 3.0, "end_seconds": 5.0, "text": "one two", "confidence": 0.9, "words": words}
    transcript: dict[str, Any] = {"language": "en", "duration_seconds": SECONDS, "engine": "x", "model": "y"}
    transcript |= {key: spoilt.pop(key) for key in list(spoilt) if key in {*transcript, "segments", "dropped"}}
    transcript = {"segments": [first, {**second, **spoilt}], **transcript}
    answer = json.dumps({"transcript": transcript, "seconds": 2.0})
    server.state.in_container = lambda _: server.state.success(answer)
    return transcribe(transcriber(Path("large-v3")), audio, Work(work, journal=work / "journal"))


@pytest.mark.parametrize(
    ("spoilt", "what"),
    [
        ({"end_seconds": None}, "1 segment without usable times"),
        ({"start_seconds": None, "words": []}, "1 segment without usable times"),
        ({"start_seconds": NAN, "end_seconds": NAN}, "1 segment without usable times"),
        ({"words": [{"text": "one", "start_seconds": 3.0, "end_seconds": None, "confidence": 0.5},
                    {"text": "two", "start_seconds": None, "end_seconds": None, "confidence": 0.5}]},
         "1 word without usable times"),
        ({"text": None, "words": [{"text": "one two", "start_seconds": 3.0, "end_seconds": 4, "confidence": None}]},
         "1 segment without text, 1 word without a confidence"),
    ],
)  # fmt: skip
def test_what_an_answer_from_modal_lacks_is_done_without_and_named(
    spoilt: dict[str, Any], what: str, modal_server: ModalServer, tmp_path: Path
) -> None:
    audio = write_wav(tmp_path / "audio.wav", noise(3.0))
    said = modal_says(deployed(modal_server), audio, tmp_path, **spoilt)
    assert said.text == "first one two"
    assert all(0 <= each.start_seconds < each.end_seconds <= SECONDS for each in said.segments)
    assert said.note is not None
    assert what in said.note
    assert len(modal_server.state.calls) == 1, "paid once"
    assert said.cost_usd > 0


@pytest.mark.thorough
@pytest.mark.parametrize("spoilt", [{"language": None}, {"duration_seconds": NAN}, {"dropped": None}, {"words": None}])
def test_what_says_nothing_of_a_transcript_from_modal_is_done_without(
    spoilt: dict[str, Any], modal_server: ModalServer, tmp_path: Path
) -> None:
    audio = write_wav(tmp_path / "audio.wav", noise(3.0))
    assert modal_says(deployed(modal_server), audio, tmp_path, **spoilt).text == "first one two"
    assert modal_says(deployed(modal_server), audio, tmp_path / "other").note is None


def test_a_spoilt_answer_from_modal_keeps_its_languages() -> None:
    whole = {"start_seconds": 0.0, "end_seconds": 9.0, "language": "de", "probability": 0.9}
    stretches = [whole, whole | {"language": None}, whole | {"language": "en", "probability": None}, 5]
    spoilt = {"start_seconds": None, "end_seconds": 2.0, "text": "one", "confidence": 0.9}
    said = {"language": "de", "duration_seconds": 9.0, "segments": [spoilt], "languages": stretches}
    read = answer_in(json.dumps({"transcript": said | {"engine": "faster-whisper", "model": "small"}})).transcript
    assert read is not None
    assert [(one.language, one.probability) for one in read.languages] == [("de", 0.9), ("en", None)]
