"""Recordings in several languages, by a real Whisper model that tells languages by where their sound is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_assets.artifacts.transcript.asset import describe
from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.assembling import to_transcript
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.hearing.telling_languages import Piece, asked_about, is_sure, pieces, stretches
from media_assets.artifacts.transcript.hearing.windows import SAMPLE_RATE, Heard, Window, WindowLength
from media_assets.artifacts.transcript.text import to_text
from media_assets.artifacts.transcript.value import LanguageStretch, Transcript, TranscriptSegment
from media_assets.base.errors import Cancelled
from media_assets.media.ffmpeg import FFmpeg
from media_assets.pipeline.recording import Recording
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import hiss, noise, silence, vowels, write_wav
from media_assets_tests.artifacts.transcript.test_making_out import stored
from media_assets_tests.tiny_whisper import write_tiny_whisper

BANDS = {"de": (0, 30), "en": (40, 60), "fr": (62, 80)}
"""Of the model's mel bands. Of noise and of silence it is 1 % sure."""
HERTZ = {"de": (100, 1000), "en": (1600, 3500), "fr": (4200, 7800)}
WHOLE = WindowLength()
PATIENT = GuardSettings(max_repetitions=1000)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("model") / "tiny", languages=BANDS, logit=80)


def spoken(*languages: str, seconds: float = 20) -> list[np.ndarray]:
    """Each for so long, with a pause of a second behind it; silence and noise by these names."""
    named = {"silence": silence(seconds), "noise": noise(seconds)}
    parts = [named[each] if each in named else hiss(seconds, *HERTZ[each]) for each in languages]
    return [part for each in parts for part in (each, silence(1))]


def hear(model: Path, folder: Path, parts: list[np.ndarray], length: WindowLength = WHOLE, **settings: Any):
    work = settings.pop("work", None) or Work(folder)
    defaults = {"model": str(model), "device": "cpu", "cpu_threads": 1, "beam_size": 1, "vad": False}
    section = FasterWhisperTranscription(**{**defaults, "guards": PATIENT, **settings})
    return FasterWhisperTranscriber(section, FFmpeg(), window_length=length).transcribe(
        write_wav(folder / "sound.wav", *parts),
        duration_seconds=sum(map(len, parts)) / SAMPLE_RATE,
        offset_seconds=2.0,
        work=work,
    )


def heard_languages(transcript: Transcript) -> list[str]:
    return [stretch.language for stretch in transcript.languages]


def test_three_languages_in_turn_are_heard_each_in_its_own(model: Path, tmp_path: Path):
    said = hear(model, tmp_path, spoken("de", "en", "fr", "de"))
    assert heard_languages(said) == ["de", "en", "fr", "de"]
    starts = [stretch.start_seconds for stretch in said.languages]
    assert starts == pytest.approx([2, 22.5, 43.5, 64.5], abs=1), "in the source's times, parted in the pauses"
    assert all((stretch.probability or 0) > 0.9 for stretch in said.languages)
    assert said.language == "de", "of which there is most"
    assert said.language_shares == "de 50 %, en 25 %, fr 25 %"
    starts_of_words = [segment.start_seconds for segment in said.segments]
    assert starts_of_words == pytest.approx(starts, abs=1)


@pytest.mark.thorough
def test_several_languages_stand_in_the_text_and_in_dagster_and_not_in_captions(model: Path, tmp_path: Path):
    said = hear(model, tmp_path, spoken("de", "en", "de"))
    assert "languages: de 67 %, en 33 %" in to_text(said, Recording("box:talk.mp4")).splitlines()[1]
    assert describe(stored(said))["languages"] == "de 67 %, en 33 %"
    assert "67 %" not in to_srt(said) + to_vtt(said)


@pytest.mark.thorough
def test_languages_are_told_window_by_window(model: Path, tmp_path: Path):
    length = WindowLength(shortest_seconds=18, longest_seconds=22)
    said = hear(model, tmp_path, spoken("de", "en", "fr", "en"), length)
    assert heard_languages(said) == ["de", "en", "fr", "en"]
    assert said.language == "en"


@pytest.mark.thorough
@pytest.mark.parametrize("opening", ["silence", "noise"])
def test_an_opening_without_speech_has_no_say(model: Path, tmp_path: Path, opening: str):
    said = hear(model, tmp_path, spoken(opening, "en", "en"))
    assert (said.language, heard_languages(said)) == ("en", ["en"])


@pytest.mark.thorough
def test_a_window_of_noise_does_not_decide_for_those_behind_it(model: Path, tmp_path: Path):
    length = WindowLength(shortest_seconds=18, longest_seconds=22)
    said = hear(model, tmp_path, spoken("noise", "en", "noise", "en"), length)
    assert said.language == "en"
    assert heard_languages(said)[1:] == ["en"], "noise goes with what was sure before"


@pytest.mark.thorough
def test_even_sure_music_is_outvoted_by_what_is_spoken(model: Path, tmp_path: Path):
    said = hear(model, tmp_path, spoken("fr", "en", "en"))
    assert (said.language, heard_languages(said)) == ("en", ["fr", "en"])


@pytest.mark.thorough
def test_where_voices_are_told_from_the_rest_only_they_are_asked(model: Path, tmp_path: Path):
    parts = [*spoken("en"), vowels(22), silence(2), noise(5)]
    assert heard_languages(hear(model, tmp_path, parts, vad=True)) == ["de"]
    assert heard_languages(hear(model, tmp_path, parts, vad=False)) == ["en", "de"]


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["fr", ["fr"], "fr-CA", ["french", "fr"]])
def test_a_language_that_is_set_is_not_questioned(model: Path, tmp_path: Path, language: object):
    said = hear(model, tmp_path, spoken("de", "en"), language=language)
    assert (said.language, said.languages, said.language_shares) == ("fr", (), "")


@pytest.mark.thorough
def test_of_a_list_the_most_probable_is_taken_and_no_other(model: Path, tmp_path: Path):
    said = hear(model, tmp_path, spoken("en", "fr", "de"), language=["en", "de"])
    assert set(heard_languages(said)) == {"en", "de"}
    assert (heard_languages(said)[0], heard_languages(said)[-1]) == ("en", "de")
    noisy = hear(model, tmp_path, spoken("noise"), language=["en", "de"])
    assert noisy.language in ("en", "de"), "however improbable"


@pytest.mark.thorough
def test_a_transcript_that_was_half_done_keeps_its_languages(model: Path, tmp_path: Path):
    length, parts = WindowLength(shortest_seconds=18, longest_seconds=22), spoken("de", "en", "fr")
    whole = hear(model, tmp_path, parts, length)
    work = Work(tmp_path, journal=tmp_path / "journal")
    work.report = lambda fraction: work.cancelled.set() if fraction > 0.5 else None
    with pytest.raises(Cancelled):
        hear(model, tmp_path, parts, length, work=work)
    kept = [json.loads(path.read_text())["heard"]["languages"] for path in sorted((tmp_path / "journal").iterdir())]
    assert [one["language"] for languages in kept for one in languages] == ["de", "en"]
    assert hear(model, tmp_path, parts, length, work=Work(tmp_path, journal=tmp_path / "journal")) == whole


def test_windows_in_which_nothing_was_sure_have_no_say_in_the_main_language():
    def window(language: str, start: float, seconds: float, sure: str | None) -> Heard:
        segment = TranscriptSegment(start_seconds=start, end_seconds=start + seconds, text="la", confidence=0.5)
        stretch = LanguageStretch(start_seconds=start, end_seconds=start + seconds, language=language, probability=0.4)
        return Heard(segments=(segment,), language=language, languages=(stretch,), sure_language=sure)

    def made(*windows: Heard) -> Transcript:
        return to_transcript(
            windows,
            engine="none",
            model="none",
            language=None,
            max_repetitions=9,
            duration_seconds=900,
            offset_seconds=0,
        )

    music, speech = window("cy", 0, 500, None), window("en", 500, 60, "en")
    assert made(music, speech).language == "en"
    assert made(music).language == "cy", "where there is nothing else"
    assert made(window("de", 0, 70, "de"), speech, window("de", 600, 30, "de")).language == "de"


def test_transcripts_of_before_are_read_and_written_as_they_were():
    before = {"language": "en", "duration_seconds": 5.0, "engine": "faster-whisper", "model": "tiny.en"}
    read = Transcript.model_validate(before)
    assert (read.languages, read.language_shares) == ((), "")
    assert "languages" not in read.model_dump()


def test_less_speech_has_to_be_told_more_surely():
    assert [is_sure(0.6, seconds) for seconds in (2, 5, 10)] == [False, False, True]
    assert [is_sure(0.9, seconds) for seconds in (1, 2, 10)] == [False, True, True]


def window(seconds: float) -> Window:
    return Window(0, bytes(round(seconds * SAMPLE_RATE) * 2))


def test_pieces_follow_each_other_and_end_in_pauses():
    pauses = (14, 29.5, 41, 70)
    edges = [0, *(edge for pause in pauses for edge in (pause - 0.5, pause + 0.5)), 90]
    samples = [round(edge * SAMPLE_RATE) for edge in edges]
    found = pieces(window(90), list(zip(samples[::2], samples[1::2], strict=True)))
    assert [piece.start_sample for piece in found[1:]] == [piece.end_sample for piece in found[:-1]]
    assert (found[0].start_sample, found[-1].end_sample) == (0, 90 * SAMPLE_RATE)
    ends = {piece.end_sample / SAMPLE_RATE for piece in found}
    assert {14, 29.5, 41, 70} & ends
    assert all(piece.end_sample - piece.start_sample <= 30 * SAMPLE_RATE for piece in found)


@pytest.mark.parametrize("seconds", [0.1, 10, 15, 30, 31, 600])
@pytest.mark.parametrize("speech", [None, []])
def test_pieces_hold_every_sample_however_long_the_window(seconds: float, speech: Any):
    found = pieces(window(seconds), speech)
    assert sum(piece.end_sample - piece.start_sample for piece in found) == window(seconds).samples
    assert all(0 < piece.end_sample - piece.start_sample <= 30 * SAMPLE_RATE for piece in found)


def test_a_piece_in_which_two_languages_met_is_parted_in_its_pause():
    """The answers are those of the model `base` to 8 s of English and 11 s of French, together and apart."""
    speech = [(0, 8 * SAMPLE_RATE), (9 * SAMPLE_RATE, 20 * SAMPLE_RATE)]
    whole = Piece(0, 20 * SAMPLE_RATE, tuple(speech))

    def ask(piece: Piece) -> dict[str, float]:
        if piece == whole:
            return {"en": 0.39, "th": 0.1, "fr": 0.1}
        return {"en": 0.9} if piece.start_sample == 0 else {"fr": 0.52, "la": 0.15}

    asked, answers = asked_about([whole], ask, among=())
    found = stretches(asked, answers, among=(), known="de")
    assert [(one.language, one.start_seconds, one.end_seconds) for one in found] == [("en", 0, 8.5), ("fr", 8.5, 20)]

    asked, answers = asked_about([whole], lambda _: {"en": 0.4, "cy": 0.3}, among=())
    assert asked == [whole], "parts that are no surer are not taken"


def test_nobody_speaking_has_no_language():
    asked = pieces(window(40), [])
    assert stretches(asked, [{} for _ in asked], among=(), known="en") == []
