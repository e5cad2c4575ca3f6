"""What is told to a model before it hears: how much of it, and what of it counts as said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.guards import tokens
from media_assets.artifacts.transcript.hearing.prompting import HeardPrompt, fitting
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import hiss, music, noise, silence, vowels, write_wav

TALKS = Path(__file__).parents[3] / "samples" / "library" / "talks"
NAMES = Vocabulary(hot_words=("David Brandt", "Anna Keller", "Maria", "Hamburg"))
SENTENCE = Vocabulary(
    initial_prompt="Good morning, Anna Keller. This is the weekly meeting of the weather station in Hamburg."
)
PROMPT = HeardPrompt("This is the weekly meeting of the weather station. David Brandt, Anna Keller.")


def is_echo(text: str, sure: float = -0.1, silent: float = 0.9, *, nobody: bool = False) -> bool:
    return PROMPT.is_echo(
        text,
        average_log_probability=sure,
        no_speech_probability=silent,
        guards=GuardSettings(),
        nobody_speaks=lambda: nobody,
    )


def test_a_piece_of_the_prompt_on_silence_was_not_said():
    assert is_echo("Anna Keller")
    assert is_echo("the weather station.")
    assert is_echo("Anna Keller", silent=0.1, nobody=True), "voice activity detection hears nobody"
    assert is_echo("Here is the weather station. Here is the weather station.", sure=-0.9)


def test_what_somebody_says_of_the_prompt_stays():
    assert not is_echo("Anna Keller", silent=0.1)
    assert not is_echo("I have not seen the station", sure=-0.9), "most of it is not of the prompt"
    assert not is_echo("Where is Anna Keller now?", sure=-0.2), "the model is sure of it"
    assert not HeardPrompt().is_echo(
        "Anna", average_log_probability=-0.1, no_speech_probability=0.9, guards=GuardSettings()
    )


def test_a_prompt_is_cut_between_words_and_its_end_stays():
    prompt = fitting("one two three four five", lambda text: len(text) <= 10)
    assert prompt == HeardPrompt("four five", "one two three")
    assert prompt.note == (
        "The vocabulary is longer than the model takes: its first 3 words were left out, up to 'three'"
    )
    assert fitting("四月の土地は暖かい", lambda text: len(text) <= 3).text == "暖かい"
    assert fitting("short", lambda text: len(text) <= 10) == HeardPrompt("short")
    assert HeardPrompt("short").note is None


# ----------------------------------------------------------------------------------------------- the real model


@pytest.fixture(scope="module")
def engine() -> FasterWhisperTranscriber:
    return opened()


def opened(**settings: object) -> FasterWhisperTranscriber:
    section = FasterWhisperTranscription.model_validate({"engine": "faster-whisper", "cpu_threads": 2, **settings})
    return FasterWhisperTranscriber(section, FFmpeg())


def heard(
    engine: FasterWhisperTranscriber, audio: Path, vocabulary: Vocabulary, work: Path, seconds: float
) -> Transcript:
    return engine.transcribe_knowing(audio, vocabulary, duration_seconds=seconds, offset_seconds=0.0, work=Work(work))


@pytest.mark.thorough
def test_hot_words_change_what_is_heard(engine, tmp_path):
    weather = TALKS / "spring-weather.webm"
    plain = heard(engine, weather, Vocabulary(), tmp_path, 60.0).text
    told = heard(engine, weather, Vocabulary(hot_words=("millimeters",)), tmp_path, 60.0).text
    assert "we see 85 mm in 14 days" in plain
    assert "we see 85 millimeters in 14 days" in told, "as it is said"
    garden = next(TALKS.glob("Anna*"))
    assert "Anna Keller" in heard(engine, garden, Vocabulary(), tmp_path, 60.0).text
    assert (
        "My name is Anna Kehler" in heard(engine, garden, Vocabulary(hot_words=("Anna Kehler",)), tmp_path, 60.0).text
    )


@pytest.mark.thorough
@pytest.mark.parametrize("hiss_of", [0, 200])
def test_a_name_of_the_hot_words_that_is_all_somebody_says_stays(engine, tmp_path, hiss_of):
    garden = next(TALKS.glob("Anna*"))
    whole = heard(engine, garden, Vocabulary(), tmp_path, 60.0)
    anna, keller = (
        next(word for word in whole.segments[0].words if word.text.strip(",.") == name) for name in ("Anna", "Keller")
    )
    pcm = np.frombuffer(b"".join(FFmpeg().pcm(garden, Work(tmp_path), sample_rate=16000)), "<i2")
    name = pcm[round((anna.start_seconds - 0.1) * 16000) : round((keller.end_seconds or 0.0) * 16000)]
    sound = np.concatenate([silence(2), name, silence(2)]).astype(np.float32)
    sound += np.random.default_rng(0).normal(0, hiss_of, len(sound)) if hiss_of else 0
    alone = heard(engine, write_wav(tmp_path / "name.wav", sound), NAMES, tmp_path, len(sound) / 16000)
    assert alone.text.strip(".") == "Anna Keller"
    assert alone.segments[0].confidence > 0.65, "measured with the prompt it was known by"


@pytest.mark.slow
@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize("vocabulary", [NAMES, SENTENCE])
def test_no_word_is_invented_with_hot_words_where_nobody_speaks(vad, vocabulary, tmp_path):
    engine = opened(vad=vad, language="en")
    sounds = {
        "silence": silence(40),
        "noise": noise(40),
        "hiss": hiss(40, 300, 3000),
        "low hiss": hiss(40, 50, 400),
        "music": music(40),
        "vowels": vowels(12),
    }
    told = {}
    for name, sound in sounds.items():
        audio = write_wav(tmp_path / f"{name}.wav", sound)
        told[name] = heard(engine, audio, vocabulary, tmp_path, len(sound) / 16000).text
    # Without voice activity detection it says "you" to silence and thanks for vowels, and just so without a vocabulary.
    repeated = {name: set(tokens(text)) & set(tokens(vocabulary.text)) for name, text in told.items()}
    assert {name: words for name, words in repeated.items() if words} == {}
    assert set(tokens(" ".join(told.values()))) <= ({"thank", "you"} if not vad else set())
