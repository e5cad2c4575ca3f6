"""Transcription behind OpenAI's API, with a server on loopback that decodes what it is sent."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from pydantic import SecretStr

from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.transcriber import Tools, Transcriber
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Fatal, Transient
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import silence, vowels, write_wav
from media_assets_tests.openai_audio_server import SAMPLE_RATE, AudioServer, Upload, stretches
from media_assets_tests.openai_server import Status

SPEECH = Path(__file__).parents[3] / "samples" / "library" / "talks" / "looking-after-recordings.mp4"
PITCHES = (300, 400, 500, 600, 700, 800, 900, 1000)
STARTS = [1.0 + 4 * index for index in range(len(PITCHES))]
TONES_SECONDS = 33.0
TALK = " ".join("".join(map(chr, np.random.default_rng(i).integers(97, 123, 2 + i % 7))) for i in range(200))


def tone(pitch: int, seconds: float) -> np.ndarray:
    wave: np.ndarray = 8000 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return wave.astype(np.int16)


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """33 s as M4A: every four seconds a tone of three, each higher than the one before."""
    folder = tmp_path_factory.mktemp("tones")
    parts = [part for pitch in PITCHES for part in (silence(1.0), tone(pitch, 3.0))]
    return as_m4a(write_wav(folder / "tones.wav", *parts, silence(1.0)))


def as_m4a(path: Path) -> Path:
    made = path.with_suffix(".m4a")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-c:a", "aac", "-b:a", "96k", made]
    subprocess.run(command, check=True)
    return made


def transcriber(server: AudioServer, **settings: Any) -> Transcriber:
    section = OpenAITranscription(engine="openai", base_url=server.base_url, **{"piece_seconds": 10, **settings})
    return section.open(Tools(FFmpeg(), Secrets(openai_api_key=SecretStr(server.key or ""))))


def transcribe(engine: Transcriber, audio: Path, work: Work, *, seconds: float, offset: float = 0.0) -> Transcript:
    return engine.transcribe(audio, duration_seconds=seconds, offset_seconds=offset, work=work)


@pytest.mark.thorough
def test_tones_in_several_pieces_come_back_in_order_at_their_times(
    server: AudioServer, tones: Path, tmp_path: Path
) -> None:
    said = transcribe(transcriber(server), tones, Work(tmp_path), seconds=TONES_SECONDS, offset=1.5)

    assert len(server.uploads) >= 4
    assert [segment.text for segment in said.segments] == [f"pitch{pitch}." for pitch in PITCHES]
    assert [segment.start_seconds for segment in said.segments] == pytest.approx([s + 1.5 for s in STARTS], abs=0.05)
    assert [segment.end_seconds for segment in said.segments] == pytest.approx([s + 4.5 for s in STARTS], abs=0.05)
    assert [segment.words[0].text for segment in said.segments] == [f"pitch{pitch}" for pitch in PITCHES]
    assert all(segment.words[0].start_seconds == segment.start_seconds for segment in said.segments)
    assert {round(segment.confidence, 3) for segment in said.segments} == {round(math.exp(-0.1), 3)}
    assert (said.engine, said.model, said.language, said.duration_seconds) == ("openai", "whisper-1", "en", 33.0)


@pytest.mark.thorough
def test_speech_with_pauses_is_cut_in_them_and_keeps_its_times(server: AudioServer, tmp_path: Path) -> None:
    pcm = b"".join(FFmpeg().pcm(SPEECH, Work(tmp_path), duration_seconds=18))
    speech = np.frombuffer(pcm, "<i2")
    sixths = np.array_split(speech, 6)
    audio = write_wav(tmp_path / "talk.wav", *(part for sixth in sixths for part in (sixth, silence(1.5))))
    heard = stretches(np.concatenate([part for sixth in sixths for part in (sixth, silence(1.5))]))
    seconds = len(speech) / SAMPLE_RATE + 9.0

    said = transcribe(transcriber(server), as_m4a(audio), Work(tmp_path), seconds=seconds)

    assert len(server.uploads) >= 3
    for upload in server.uploads:
        assert np.abs(upload.samples[:800]).max() < 100, "a piece begins in a pause"
        assert np.abs(upload.samples[-800:]).max() < 100, "a piece ends in a pause"
    spoken = [(s.start_seconds, s.end_seconds) for s in said.segments]
    assert len(spoken) >= 6
    # The encoder smears an onset over a frame or two, which moves where it is louder than silence.
    for start, _ in spoken:
        assert min(abs(start - begun) for begun, _, _ in heard) < 0.08
    assert sum(upload.seconds for upload in server.uploads) == pytest.approx(seconds, abs=0.2), "nothing is sent twice"


@pytest.mark.thorough
def test_no_upload_is_larger_than_the_server_takes(server: AudioServer, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-20000, 20000, 40 * SAMPLE_RATE).astype(np.int16)
    audio = write_wav(tmp_path / "noise.wav", noise)
    server.max_bytes = 400_000

    transcribe(transcriber(server, piece_seconds=None, max_upload_bytes=400_000), audio, Work(tmp_path), seconds=40)

    assert len(server.uploads) >= 4
    assert max(len(upload.sound) for upload in server.uploads) > 200_000, "noise cannot be made smaller"


@pytest.mark.thorough
def test_a_server_that_takes_less_than_configured_names_the_key(
    server: AudioServer, tones: Path, tmp_path: Path
) -> None:
    server.max_bytes = 10_000
    with pytest.raises(Fatal, match="does not take pieces of") as caught:
        transcribe(transcriber(server), tones, Work(tmp_path), seconds=TONES_SECONDS)
    assert "transcription.max_upload_bytes" in caught.value.next_step


@pytest.mark.thorough
def test_pieces_that_are_too_long_for_a_server_are_halved_and_nothing_is_paid_twice(
    server: AudioServer, tones: Path, tmp_path: Path
) -> None:
    too_long = Status(400, "audio duration 33 is longer than 15, the maximum for this model", "audio_too_long")
    server.script = [too_long]
    work = Work(tmp_path, journal=tmp_path / "journal")
    engine = transcriber(server, piece_seconds=None, price_per_minute=60.0)
    said = transcribe(engine, tones, work, seconds=TONES_SECONDS)
    assert said.text == " ".join(f"pitch{pitch}." for pitch in PITCHES)
    refused, *taken = [upload.seconds for upload in server.uploads]
    assert refused == pytest.approx(33, abs=0.2)
    assert max(taken) <= 16.6
    assert sum(taken) == pytest.approx(33, abs=0.2)
    assert work.spending.spent_usd == pytest.approx(33, abs=0.2)
    transcribe(engine, tones, Work(tmp_path), seconds=TONES_SECONDS)
    assert len(server.uploads) == 1 + 2 * len(taken), "remembered for the run"


def test_what_is_asked_for_says_how(server: AudioServer, tones: Path, tmp_path: Path) -> None:
    server.language = "german"
    engine = transcriber(server, prompt="Zürich, Müller", temperature=0.2)

    said = transcribe(engine, tones, Work(tmp_path), seconds=TONES_SECONDS)

    assert said.language == "de"
    assert {upload.text("language") for upload in server.uploads} == {None}, "each piece has a language of its own"
    for upload in server.uploads:
        assert upload.text("model") == "whisper-1"
        assert upload.text("response_format") == "verbose_json"
        assert upload.fields["timestamp_granularities[]"] == ["word", "segment"]
        assert upload.text("prompt") == "Zürich, Müller"
        assert upload.text("temperature") == "0.2"


def test_models_that_give_text_alone_get_short_pieces_and_estimated_times(
    server: AudioServer, tones: Path, tmp_path: Path
) -> None:
    engine = transcriber(server, model="gpt-4o-mini-transcribe", language="en")

    said = transcribe(engine, tones, Work(tmp_path), seconds=TONES_SECONDS)

    for upload in server.uploads:
        assert upload.text("response_format") == "json"
        assert "timestamp_granularities[]" not in upload.fields
    assert [word for s in said.segments for word in s.text.split()] == [f"pitch{pitch}." for pitch in PITCHES]
    assert said.segments[0].start_seconds == pytest.approx(STARTS[0], abs=0.05), "silence in front is not counted"
    assert said.segments[-1].end_seconds == pytest.approx(STARTS[-1] + 3, abs=0.05)
    assert {round(segment.confidence, 3) for segment in said.segments} == {round(math.exp(-0.5), 3)}


def test_text_without_times_costs_a_file_nothing_but_exact_times(
    server: AudioServer, tones: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda _: {"text": TALK[:80] if len(server.uploads) == 1 else "More."}
    said = transcribe(transcriber(server, piece_seconds=20), tones, Work(tmp_path), seconds=TONES_SECONDS)
    assert said.text == f"{TALK[:80].strip()} More. More."
    assert said.segments[0].start_seconds > 0.9
    assert said.segments[-3].end_seconds <= 20 < said.segments[-1].start_seconds
    assert said.note is not None
    assert "3 pieces without any times" in said.note
    assert caplog.text.count("Set `transcription.answers: text`") == 1


@pytest.mark.thorough
def test_a_long_piece_without_times_is_spread_over_its_speech_and_shorter_ones_follow(
    server: AudioServer, tmp_path: Path
) -> None:
    """Nobody speaks from 20 to 40 s, within the first piece."""
    sound = write_wav(tmp_path / "pause.wav", vowels(20.0), silence(20.0), vowels(80.0))
    server.answer = lambda upload: {"text": TALK[: 15 * round(upload.seconds)]}
    engine, journal = transcriber(server, piece_seconds=None, max_upload_bytes=3_300_000), tmp_path / "journal"

    said = transcribe(engine, sound, Work(tmp_path, journal=journal), seconds=120.0)

    long, *short = [upload.seconds for upload in server.uploads]
    assert long > 50
    assert max(short) <= 30
    assert not [one for one in said.segments if one.start_seconds < 39 and one.end_seconds > 21]
    assert not [one for one in said.segments if one.end_seconds - one.start_seconds > 7.1]
    again = transcriber(server, piece_seconds=None, max_upload_bytes=3_300_000)
    assert transcribe(again, sound, Work(tmp_path, journal=journal), seconds=120.0) == said
    assert len(server.uploads) == 1 + len(short), "what was paid is not paid again"


def test_words_that_stand_in_their_segments_keep_their_probability(
    server: AudioServer, tones: Path, tmp_path: Path
) -> None:
    def answer(upload: Upload) -> dict[str, Any]:
        words = [{"word": " two", "start": 1, "end": 2, "probability": 0.25}, {"word": " words", "start": 2, "end": 3}]
        return {"text": "", "segments": [{"start": 1, "end": 3, "text": " two words", "words": words}]}

    server.answer = answer
    said = transcribe(
        transcriber(server, piece_seconds=600, language="en"), tones, Work(tmp_path), seconds=TONES_SECONDS
    )
    (segment,) = said.segments
    assert [(word.text, word.confidence) for word in segment.words] == [("two", 0.25), ("words", 0.0)]
    assert segment.confidence == pytest.approx(0.125)


def test_what_a_model_makes_up_is_dropped_and_counted(server: AudioServer, tones: Path, tmp_path: Path) -> None:
    def segment(start: float, text: str, **measures: float) -> dict[str, Any]:
        return {"start": start, "end": start + 1, "text": text, "avg_logprob": -0.2, "no_speech_prob": 0.1, **measures}

    server.answer = lambda _: {
        "text": "…",
        "language": "english",
        "segments": [
            segment(1, "Welcome to the talk."),
            segment(5, "Thanks for watching!", avg_logprob=-1.5, no_speech_prob=0.9),
            segment(9, "no no no no no no no no"),
            segment(13, "that is a loop " * 30),
        ],
    }
    said = transcribe(transcriber(server, piece_seconds=600), tones, Work(tmp_path), seconds=TONES_SECONDS)
    assert [kept.text for kept in said.segments] == ["Welcome to the talk."]
    assert said.dropped == {"compression_ratio": 1, "no_speech": 1, "repeated_token": 1}


def test_silence_is_neither_sent_nor_paid(server: AudioServer, tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "silence.wav", silence(12))
    said = transcribe(transcriber(server, price_per_minute=0.006), audio, Work(tmp_path), seconds=12)
    assert (said.segments, said.language, said.cost_usd) == ((), "und", 0.0)
    assert server.uploads == []


def test_the_cost_is_that_of_the_seconds_that_were_sent(server: AudioServer, tones: Path, tmp_path: Path) -> None:
    work = Work(tmp_path)
    said = transcribe(transcriber(server, price_per_minute=0.6), tones, work, seconds=TONES_SECONDS)
    sent = sum(upload.seconds for upload in server.uploads)
    assert said.cost_usd == pytest.approx(sent * 0.01)
    assert work.spending.spent_usd == pytest.approx(said.cost_usd)


@pytest.mark.thorough
def test_what_was_paid_before_a_crash_is_not_paid_again(server: AudioServer, tones: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    engine = transcriber(server, price_per_minute=0.6, max_retries=0)
    whole = transcribe(engine, tones, Work(tmp_path), seconds=TONES_SECONDS)
    pieces = len(server.uploads)

    server.uploads.clear()

    def dies_at_the_third(upload: Upload) -> dict[str, Any]:
        if len(server.uploads) == 3:
            server.script.append(Status(503))
        return server_answer(upload)

    server_answer = AudioServer().hear
    server.answer = dies_at_the_third
    with pytest.raises(Transient):
        transcribe(engine, tones, Work(tmp_path, journal=journal), seconds=TONES_SECONDS)
    assert len(server.uploads) == 4, "three were answered, the fourth was not"

    server.uploads.clear()
    server.answer = None
    again = Work(tmp_path, journal=journal)
    assert transcribe(engine, tones, again, seconds=TONES_SECONDS) == whole
    assert len(server.uploads) == pieces - 3
    assert again.spending.spent_usd < whole.cost_usd


def test_the_doctor_learns_whether_the_server_offers_the_model(server: AudioServer) -> None:
    assert transcriber(server).check() == f"openai whisper-1 at {server.base_url[:-3]}: reachable, offers the model"
    assert "lists gpt-4o-mini-transcribe, whisper-1" in transcriber(server, model="large-v3").check()
    assert server.uploads == []


def test_openai_itself_wants_a_key() -> None:
    section = OpenAITranscription(engine="openai")
    with pytest.raises(Fatal, match="the transcriber has no API key"):
        section.open(Tools(FFmpeg(), Secrets(openai_api_key=SecretStr("")))).check()
