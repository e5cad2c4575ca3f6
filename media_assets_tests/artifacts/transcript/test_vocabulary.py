"""Words and texts that help engines to hear: for which files, by which engines, and what is made again for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import modal
import pytest
from pydantic import ValidationError

from media_assets.artifacts.transcript.asset import transcript
from media_assets.artifacts.transcript.engines.faster_whisper.bundled import bundled_folder
from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.modal.app import gpu_function
from media_assets.artifacts.transcript.engines.modal.contract import (
    TranscriptionAnswer,
    TranscriptionRequest,
    whisper_settings,
)
from media_assets.artifacts.transcript.engines.openai.request import prompt_for
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.transcriber import TakesVocabulary, Transcriber
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary, VocabularyEntry, joined
from media_assets.base.errors import Fatal
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets.config.settings import Settings
from media_assets.work.engine_pool import EnginePool
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.modal_app import SECONDS, modal_settings
from media_assets_tests.artifacts.transcript.sounds import noise, silence, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import as_m4a, tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.tiny_whisper import write_tiny_whisper

WORDS = Vocabulary(hot_words=("Keller", "Brandt"), initial_prompt="A talk about gardens.")


def test_entries_are_joined_in_order_and_nothing_is_told_twice():
    entries = [
        VocabularyEntry(hot_words=(" Anna  Keller ", "Brandt")),
        VocabularyEntry(initial_prompt="A talk\n about gardens. "),
        VocabularyEntry(hot_words=("Brandt", "Maria"), initial_prompt="With questions."),
    ]
    assert joined(entries) == Vocabulary(
        hot_words=("Anna Keller", "Brandt", "Maria"), initial_prompt="A talk about gardens. With questions."
    )
    assert WORDS.text == "A talk about gardens. Keller, Brandt."
    assert joined([]).text == ""
    assert joined([]).unusual_settings() == {}


def test_an_entry_that_says_nothing_is_a_mistake():
    with pytest.raises(ValidationError, match="at least one of hot_words, initial_prompt"):
        VocabularyEntry()


def test_a_source_of_an_entry_has_to_be_there(tmp_path):
    library = RealLibrary(tmp_path, vocabulary=[{"hot_words": ["a"]}, {"when": {"sources": ["x"]}, "hot_words": ["a"]}])
    with pytest.raises(SettingsError) as caught:
        load_settings(library.root / "library.yaml")
    (problem,) = caught.value.problems
    assert ".".join(problem.key) == "vocabulary.1.when.sources"


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"sources": {"talks": {"path": "talks"}}, **given})


def test_without_a_vocabulary_dagster_sees_the_code_of_before():
    plain = settings()
    assert transcript.settings_for(plain) == plain.transcription.result_settings()
    told = settings(vocabulary=[{"hot_words": ["Keller"]}])
    assert transcript.full_code_version(told) != transcript.full_code_version(plain)
    assert transcript.settings_for(told)[0] == plain.transcription.result_settings(), "for files that no entry fits"


# ------------------------------------------------------------------------------------------- in a library


def configure(library: RealLibrary, server: AudioServer, vocabulary: list[dict[str, Any]]) -> None:
    engine = {"engine": "openai", "base_url": server.base_url}
    off = {"summary": {"enabled": False}, "thumbnail": {"enabled": False}}
    library.configure(
        transcription=engine,
        assets=off,
        retries={"max_retries": 0},
        **({"vocabulary": vocabulary} if vocabulary else {}),
    )


@pytest.mark.thorough
def test_only_the_files_that_a_vocabulary_is_for_are_heard_again(server: AudioServer, tmp_path: Path) -> None:
    server.key = None
    library = RealLibrary(tmp_path)
    (library.media / "board").mkdir()
    write_wav(library.media / "board" / "one.wav", tone(300, 2.0))
    write_wav(library.media / "two.wav", tone(500, 2.0))
    configure(library, server, [])
    library.process()
    before, fingerprints = library.made(), _fingerprints(library)

    for_board = {"when": {"paths": ["board/**"]}, "hot_words": ["Keller"]}
    configure(library, server, [for_board])
    library.process()

    after = library.made()
    assert {name for name in after if after[name] != before[name]} == {"transcript board/one.wav"}
    assert [upload.text("prompt") for upload in server.uploads] == [None, None, "Keller."]
    assert library.manifest("transcript", "board/one.wav").settings["vocabulary"] == {"hot_words": ["Keller"]}

    configure(library, server, [for_board, {"when": {"longer_than_seconds": 60}, "hot_words": ["Brandt"]}])
    library.process()
    assert library.made() == after, "an entry that is for no file changes nothing"

    configure(library, server, [])
    library.process()
    assert _fingerprints(library) == fingerprints
    assert len(server.uploads) == 4, "what the first engine heard with other words is not taken over"


def _fingerprints(library: RealLibrary) -> dict[str, str]:
    return {name: library.manifest("transcript", name).fingerprint for name in ("board/one.wav", "two.wav")}


def test_one_engine_serves_all_vocabularies(tmp_path):
    library = settings(vocabulary=[{"hot_words": ["a"]}, {"when": {"paths": ["b/**"]}, "hot_words": ["b"]}])
    built: list[str] = []
    pool: EnginePool[Any, Any] = EnginePool(lambda section: built.append(section.engine))
    for _ in library.vocabulary:
        pool.engine(library.transcription)
    assert built == ["faster-whisper"]


class Deaf:
    """A transcriber of somebody else, that takes no vocabulary."""

    name = "deaf"
    model = "none"

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        return Transcript(language="en", duration_seconds=duration_seconds, engine="deaf", model="none")

    def check(self) -> str:
        return "hears nothing"


@pytest.mark.thorough
def test_an_engine_that_takes_no_vocabulary_says_so_and_works_without(tmp_path, monkeypatch):
    deaf: Transcriber = Deaf()
    assert not isinstance(deaf, TakesVocabulary)
    monkeypatch.setattr("media_assets.definitions.opened_transcriber", lambda *_: deaf)
    off = {"assets": {"summary": {"enabled": False}, "thumbnail": {"enabled": False}}, "retries": {"max_retries": 0}}
    library = RealLibrary(tmp_path, **off)
    write_wav(library.media / "a.wav", noise(2.0))
    library.process()
    assert library.manifest("transcript", "a.wav")
    library.configure(**off, vocabulary=[{"hot_words": ["Keller"]}])
    with pytest.raises(Fatal, match="the engine faster-whisper takes no vocabulary") as caught:
        library.process()
    assert "Deaf have `transcribe_knowing`" in str(caught.value)


# ------------------------------------------------------------------------------------------- OpenAI's API


def told(server: AudioServer, audio: Path, vocabulary: Vocabulary, work: Path, seconds: float) -> Transcript:
    engine = transcriber(server)
    assert isinstance(engine, TakesVocabulary)
    times = {"duration_seconds": seconds, "offset_seconds": 0.0}
    return engine.transcribe_knowing(audio, vocabulary, **times, work=Work(work))


def test_a_server_is_told_the_vocabulary_behind_the_prompt_of_its_section(server, tmp_path):
    audio = as_m4a(write_wav(tmp_path / "a.wav", tone(300, 3.0)))
    engine = transcriber(server, prompt="Zürich.")
    assert isinstance(engine, TakesVocabulary)
    engine.transcribe_knowing(audio, WORDS, duration_seconds=3.0, offset_seconds=0.0, work=Work(tmp_path))
    transcribe(engine, audio, Work(tmp_path), seconds=3.0)
    prompts = [upload.text("prompt") for upload in server.uploads]
    assert prompts == ["Zürich. A talk about gardens. Keller, Brandt.", "Zürich."]


def test_what_whisper_would_not_hear_of_a_prompt_is_cut_between_words_and_told(server, tmp_path):
    words = Vocabulary(hot_words=tuple(f"Keller{number}" for number in range(200)))
    section = OpenAITranscription(engine="openai")
    prompt = prompt_for(section, words)
    assert prompt.text.endswith("Keller198, Keller199.")
    assert prompt.text.startswith("Keller1"), "a whole word"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(bundled_folder(("tokenizer.json",)) / "tokenizer.json"))
    assert 210 < len(tokenizer.encode(prompt.text, add_special_tokens=False)) <= 224
    assert prompt_for(section.model_copy(update={"model": "gpt-4o-transcribe"}), words).text == words.text

    audio = as_m4a(write_wav(tmp_path / "a.wav", tone(300, 3.0)))
    said = told(server, audio, words, tmp_path, 3.0)
    assert said.note and "The vocabulary is longer than the model takes" in said.note


def test_a_server_that_repeats_the_prompt_where_nobody_speaks_is_not_believed(server, tmp_path):
    def repeats(upload: Any) -> dict[str, Any]:
        segment = {"start": 0.0, "end": 2.0, "text": "Keller", "avg_logprob": -0.1, "no_speech_prob": 0.1}
        return {"language": "english", "text": "Keller", "segments": [segment]}

    server.answer = repeats
    audio = as_m4a(write_wav(tmp_path / "a.wav", silence(0.5), tone(300, 3.0)))
    said = told(server, audio, WORDS, tmp_path, 3.5)
    assert (said.text, said.dropped) == ("", {"prompt_echo": 1})
    assert transcribe(transcriber(server), audio, Work(tmp_path), seconds=3.5).text == "Keller", "nobody told it"


# ------------------------------------------------------------------------------------------- Modal


@pytest.mark.thorough
def test_the_function_at_modal_is_told_the_vocabulary(tmp_path, monkeypatch):
    model = write_tiny_whisper(tmp_path / "tiny")
    told: list[Vocabulary] = []
    real = FasterWhisperTranscriber.transcribe_knowing

    def noted(self: FasterWhisperTranscriber, audio: Path, vocabulary: Vocabulary, **times: Any) -> Transcript:
        told.append(vocabulary)
        return real(self, audio, vocabulary, **times)

    monkeypatch.setattr(FasterWhisperTranscriber, "transcribe_knowing", noted)
    audio = write_wav(tmp_path / "a.wav", noise(SECONDS)).read_bytes()
    request = TranscriptionRequest(
        token="t",
        notes="n",
        whisper=whisper_settings(modal_settings(model)),
        vocabulary=WORDS,
        duration_seconds=SECONDS,
        offset_seconds=0.0,
        size_bytes=len(audio),
    )
    function = gpu_function(modal.App(), modal_settings(model))
    with pytest.warns(UserWarning, match="Volume"):
        answer = TranscriptionAnswer.model_validate_json(function.local(request.model_dump_json(), audio))
    assert answer.transcript
    assert told == [WORDS]
