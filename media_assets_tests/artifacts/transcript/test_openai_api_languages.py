"""Recordings in several languages behind OpenAI's API, whose servers detect one language for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import music, silence, vowels, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import (
    SAMPLE_RATE,
    AudioServer,
    Upload,
    openai_audio_server,
    stretches,
    verbose,
)
from media_assets_tests.openai_server import Status

LANGUAGES = {"pitch300": "german", "pitch500": "English", "pitch700": "fr", "pitch900": "welsh"}
"""What the server takes a tone for, in the forms that servers write."""


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        running.answer = by_pitch
        yield running


def by_pitch(upload: Upload) -> dict[str, Any]:
    found = stretches(upload.samples)
    told = upload.text("language")
    return verbose(upload, told or (LANGUAGES.get(found[0][2]) if found else None))


def told(upload: Upload) -> str | None:
    return upload.text("language")


def hear(server: AudioServer, folder: Path, pitches: list[int], **settings: Any) -> Transcript:
    """Each tone is of 8 s, and a piece of its own."""
    audio = write_wav(folder / "tones.wav", *(part for each in pitches for part in (tone(each, 8), silence(1))))
    seconds = 9.0 * len(pitches)
    return transcribe(transcriber(server, **settings), audio, Work(folder), seconds=seconds, offset=1.0)


def test_each_piece_keeps_the_language_that_the_server_heard_in_it(server: AudioServer, tmp_path: Path) -> None:
    said = hear(server, tmp_path, [300, 500, 700, 300])
    assert [stretch.language for stretch in said.languages] == ["de", "en", "fr", "de"]
    assert [stretch.start_seconds for stretch in said.languages] == pytest.approx([1, 9.5, 18.5, 27.5], abs=1)
    assert (said.language, said.language_shares, said.note) == ("de", "de 50 %, en 25 %, fr 25 %", None)
    assert set(map(told, server.uploads)) == {None}


@pytest.mark.thorough
def test_an_opening_piece_taken_for_welsh_stays_alone_with_that(server: AudioServer, tmp_path: Path) -> None:
    said = hear(server, tmp_path, [900, 500, 500])
    assert (said.language, said.language_shares) == ("en", "en 67 %, cy 33 %")


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["fr", ["fr"], "french"])
def test_a_language_that_is_set_is_sent_with_every_piece(server: AudioServer, tmp_path: Path, language: object) -> None:
    said = hear(server, tmp_path, [300, 500], language=language)
    assert (said.language, said.languages) == ("fr", ())
    assert list(map(told, server.uploads)) == ["fr", "fr"]


def test_a_piece_that_is_in_none_of_the_languages_of_a_list_is_asked_for_again(
    server: AudioServer, tmp_path: Path
) -> None:
    said = hear(server, tmp_path, [500, 900, 300], language=["de", "en"], price_per_minute=0.6)
    assert list(map(told, server.uploads)) == [None, None, "en", None]
    assert [stretch.language for stretch in said.languages] == ["en", "de"]
    assert said.note == ("Of the languages: the server took pieces for cy, and was asked again for en (1 of 3 pieces)")
    assert said.cost_usd == pytest.approx(0.01 * sum(upload.seconds for upload in server.uploads)), "both are paid for"


@pytest.mark.thorough
def test_before_any_language_of_a_list_was_heard_the_first_is_asked_for(server: AudioServer, tmp_path: Path) -> None:
    said = hear(server, tmp_path, [900, 500], language=["de", "en"])
    assert list(map(told, server.uploads)) == [None, "de", None]
    assert [stretch.language for stretch in said.languages] == ["de", "en"]


@pytest.mark.thorough
def test_a_server_that_takes_no_language_and_hears_one_outside_the_list_is_told(
    server: AudioServer, tmp_path: Path
) -> None:
    def refuses(fields: dict[str, list[str]]) -> Status | None:
        return Status(400, "language is not supported") if "language" in fields else None

    server.refuses = refuses
    said = hear(server, tmp_path, [900, 900], language=["de", "en"])
    assert said.language == "cy"
    assert said.note is not None and "took pieces for cy, and cannot be told another (2 of 2 pieces)" in said.note
    assert len(server.uploads) == 4, "the first again with a language and then without, the second once"


@pytest.mark.thorough
def test_a_server_that_does_not_say_what_it_heard_is_told_for_a_list_alone(server: AudioServer, tmp_path: Path) -> None:
    server.answer = lambda upload: verbose(upload, None)
    assert "The engine told no language: set" in (hear(server, tmp_path, [300]).note or "")
    said = hear(server, tmp_path, [300], language=["de", "en"])
    assert said.language == "und"
    assert said.note is not None and "did not say in which a piece is" in said.note


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["language_probability", "detected_language_probability"])
def test_a_probability_that_a_server_tells_is_kept(server: AudioServer, tmp_path: Path, name: str) -> None:
    server.answer = lambda upload: verbose(upload, "german") | {name: 0.75}
    (stretch,) = hear(server, tmp_path, [300, 300]).languages
    assert (stretch.language, stretch.probability) == ("de", 0.75)


@pytest.mark.thorough
@pytest.mark.parametrize("answered", ["unknown", "", "auto", "null", "xx"])
def test_what_is_no_language_is_none(server: AudioServer, tmp_path: Path, answered: str) -> None:
    server.answer = lambda upload: verbose(upload, answered)
    said = hear(server, tmp_path, [300])
    assert (said.language, said.languages) == ("und", ())
    assert said.note is not None and ("pieces 'xx', which is not known" in said.note) == (answered == "xx")


@pytest.mark.parametrize(
    ("answered", "code"),
    [
        ({"language": "<|en|>"}, "en"),
        ({"language": ["pt"]}, "pt"),
        ({"language": [{"language": "Portuguese (Brazil)", "confidence": 0.9}]}, "pt"),
        ({"language": {"code": "zh-Hans"}}, "zh"),
        ({"language": None, "detected_language": "iw"}, "he"),
        ({"language_code": "deu"}, "de"),
        ({"text": "<|zh|><|NEUTRAL|><|Speech|>one<|endoftext|>"}, "zh"),
    ],
)
def test_a_language_is_found_wherever_a_server_puts_it(
    answered: dict[str, object], code: str, server: AudioServer, tmp_path: Path
) -> None:
    server.answer = lambda _: (
        {"text": "one", "segments": [{"text": "<|0.00|>one<|1.00|>", "start": 0, "end": 1}]} | answered
    )
    said = hear(server, tmp_path, [300])
    assert (said.language, said.text, said.note) == (code, "one", None)


def opens_with(sound: np.ndarray) -> Callable[[Upload], bool]:
    return lambda upload: bool(np.corrcoef(upload.samples[:SAMPLE_RATE], sound[:SAMPLE_RATE])[0, 1] > 0.9)


@pytest.mark.thorough
def test_opening_music_is_a_piece_of_its_own_so_that_speech_tells_the_language(
    server: AudioServer, tmp_path: Path
) -> None:
    opening = music(20)
    is_music = opens_with(opening)
    server.answer = lambda upload: verbose(upload, "welsh" if is_music(upload) else "english")
    audio = write_wav(tmp_path / "show.wav", opening, vowels(40))
    said = transcribe(transcriber(server, piece_seconds=600), audio, Work(tmp_path), seconds=60)
    assert [is_music(upload) for upload in server.uploads] == [True, False]
    assert sum(upload.seconds for upload in server.uploads) == pytest.approx(60, abs=0.01), "nothing is sent twice"
    assert said.language == "en"


@pytest.mark.thorough
def test_of_several_languages_a_server_gets_a_minute_at_most_at_once(server: AudioServer, tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "long.wav", tone(300, 100))
    transcribe(transcriber(server, piece_seconds=None, language=["de", "en"]), audio, Work(tmp_path), seconds=100)
    assert max(upload.seconds for upload in server.uploads) <= 60
