from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.hearing.windows import WindowLength
from media_assets.artifacts.transcript.transcriber import Tools
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Cancelled
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import noise, silence, vowels, write_wav
from media_assets_tests.tiny_whisper import SECONDS_PER_WORD, write_tiny_whisper

PATIENT = GuardSettings(max_repetitions=1000)
"""The tiny model says the same in every window, which the guards would take for a loop."""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("model") / "tiny", language="de")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory) -> Path:
    """28 s of noise with a short silence around 9 s and around 18 s."""
    parts = (noise(8.8), silence(0.4), noise(8.6), silence(0.4), noise(9.8))
    return write_wav(tmp_path_factory.mktemp("noisy") / "noisy.wav", *parts)


def build(model: Path, **settings: Any) -> FasterWhisperTranscriber:
    settings = {"guards": PATIENT, "device": "cpu", "cpu_threads": 1, "beam_size": 1, **settings}
    return FasterWhisperTranscriber(
        FasterWhisperTranscription(engine="faster-whisper", model=str(model), **settings),
        FFmpeg(),
        window_length=WindowLength(shortest_seconds=8, longest_seconds=10),
    )


def transcribe(transcriber: FasterWhisperTranscriber, audio: Path, work: Work, **times: float) -> Transcript:
    return transcriber.transcribe(audio, work=work, **{"duration_seconds": 28.0, "offset_seconds": 0.0, **times})


@pytest.mark.thorough
def test_without_voice_activity_detection_all_of_a_long_window_is_heard(model, tmp_path):
    audio = write_wav(tmp_path / "long.wav", noise(45))
    configured = FasterWhisperTranscription(engine="faster-whisper", model=str(model), vad=False, device="cpu")
    transcript = configured.open(Tools(FFmpeg())).transcribe(
        audio, duration_seconds=45, offset_seconds=0, work=Work(tmp_path)
    )
    assert [segment.start_seconds for segment in transcript.segments] == pytest.approx([0, 30], abs=0.2)


def test_every_window_is_heard_and_its_words_keep_their_times(model, noisy, tmp_path):
    transcript = transcribe(build(model, vad=False), noisy, Work(tmp_path))
    assert [segment.text for segment in transcript.segments] == ["we talk about water"] * 3
    assert [segment.start_seconds for segment in transcript.segments] == pytest.approx([0, 9, 18], abs=0.2)
    for segment in transcript.segments:
        starts = [word.start_seconds - segment.start_seconds for word in segment.words]
        assert starts == pytest.approx([i * SECONDS_PER_WORD for i in range(4)], abs=0.041)
        assert segment.confidence > 0.9
    assert (transcript.language, transcript.engine, transcript.model) == ("de", "faster-whisper", "tiny")
    assert transcript.dropped == {}


@pytest.mark.thorough
def test_audio_that_starts_late_has_its_times_in_those_of_the_source(model, noisy, tmp_path):
    transcriber = build(model, vad=False)
    plain = transcribe(transcriber, noisy, Work(tmp_path))
    late = transcribe(transcriber, noisy, Work(tmp_path), offset_seconds=1.5)
    for before, after in zip(plain.segments, late.segments, strict=True):
        assert after.start_seconds == pytest.approx(before.start_seconds + 1.5)
        assert after.end_seconds == pytest.approx(before.end_seconds + 1.5)
        assert after.words[-1].start_seconds == pytest.approx(before.words[-1].start_seconds + 1.5)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_only_speech_is_heard_one_by_one_and_in_batches(model, tmp_path, batch_size):
    audio = write_wav(tmp_path / "speech.wav", silence(3), vowels(4), silence(5), vowels(3), silence(3))
    transcript = transcribe(build(model, batch_size=batch_size), audio, Work(tmp_path), duration_seconds=18)
    assert [segment.text for segment in transcript.segments] == ["we talk about water"] * 2
    assert [segment.start_seconds for segment in transcript.segments] == pytest.approx([3, 12], abs=0.5)
    assert all(segment.end_seconds - segment.start_seconds < 2 for segment in transcript.segments)


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize(("language", "expected"), [(None, "und"), ("en", "en")])
def test_no_speech_gives_a_valid_transcript_without_segments(model, tmp_path, batch_size, language, expected):
    audio = write_wav(tmp_path / "silence.wav", silence(20))
    transcriber = build(model, batch_size=batch_size, language=language)
    transcript = transcribe(transcriber, audio, Work(tmp_path), duration_seconds=20)
    assert transcript.segments == ()
    assert transcript.dropped == {}
    assert transcript.language == expected


def test_the_language_is_that_of_the_first_window_with_speech(model, tmp_path):
    audio = write_wav(tmp_path / "late.wav", silence(10), vowels(4), silence(2))
    transcript = transcribe(build(model), audio, Work(tmp_path, journal=tmp_path / "journal"), duration_seconds=16)
    assert transcript.language == "de"
    languages = [json.loads(path.read_text())["heard"]["language"] for path in sorted((tmp_path / "journal").iterdir())]
    assert languages == [None, "de"]


def test_the_configured_language_is_not_questioned(model, noisy, tmp_path):
    assert transcribe(build(model, vad=False, language="fr"), noisy, Work(tmp_path)).language == "fr"


@pytest.mark.thorough
def test_a_model_for_english_alone_needs_no_detection(noisy, tmp_path):
    english = write_tiny_whisper(tmp_path / "tiny.en", english_only=True)
    transcript = transcribe(build(english, vad=False), noisy, Work(tmp_path))
    assert transcript.language == "en"
    assert transcript.segments[0].text == "we talk about water"


@pytest.mark.thorough
def test_an_interrupted_file_goes_on_where_it_was(model, noisy, tmp_path):
    transcriber = build(model, vad=False)
    whole = transcribe(transcriber, noisy, Work(tmp_path))
    work = Work(tmp_path, journal=tmp_path / "journal")
    work.report = lambda fraction: work.cancelled.set() if fraction > 0.5 else None
    with pytest.raises(Cancelled):
        transcribe(transcriber, noisy, work)
    entries = sorted((tmp_path / "journal").iterdir())
    assert len(entries) == 2
    first = json.loads(entries[0].read_text())
    first["heard"]["segments"][0]["text"] = "was heard before the interruption"
    first["heard"] |= {"language": "fr", "languages": []}
    entries[0].write_text(json.dumps(first))

    resumed = transcribe(transcriber, noisy, Work(tmp_path, journal=tmp_path / "journal"))
    assert resumed.segments[0].text == "was heard before the interruption"
    assert resumed.segments[1:] == whole.segments[1:]
    assert [one.language for one in resumed.languages] == ["fr", "de"], "what was heard by an earlier version counts"


@pytest.mark.thorough
def test_the_model_is_loaded_once_for_all_files(model, noisy, tmp_path):
    folder = shutil.copytree(model, tmp_path / "once")
    transcriber = build(folder, vad=False)
    first = transcribe(transcriber, noisy, Work(tmp_path))
    shutil.rmtree(folder)
    again = transcribe(transcriber, noisy, Work(tmp_path))
    assert again.segments == first.segments


@pytest.mark.thorough
def test_threads_share_the_model(model, noisy, tmp_path):
    transcriber = build(model, vad=False)
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: transcribe(transcriber, noisy, Work(tmp_path)), range(2)))
    assert results[0] == results[1]
    assert len(results[0].segments) == 3


@pytest.mark.thorough
def test_a_model_that_loops_is_cut_short_and_counted(noisy, tmp_path):
    looping = write_tiny_whisper(tmp_path / "looping", ["you"] * 6)
    transcript = transcribe(build(looping, vad=False, guards=GuardSettings()), noisy, Work(tmp_path))
    assert transcript.segments == ()
    assert transcript.dropped == {"repeated_token": 3}


def test_a_model_that_says_the_same_again_and_again_is_cut_short_across_windows(model, tmp_path):
    audio = write_wav(tmp_path / "long.wav", noise(52))
    transcript = transcribe(build(model, vad=False, guards=GuardSettings()), audio, Work(tmp_path), duration_seconds=52)
    assert len(transcript.segments) == 3
    assert transcript.dropped == {"repeated_segment": 3}


@pytest.mark.thorough
def test_what_a_batch_makes_up_where_nobody_speaks_is_dropped(tmp_path):
    unsure = write_tiny_whisper(tmp_path / "unsure", ["Thanks", "for", "watching!"], logit=9, no_speech=True)
    audio = write_wav(tmp_path / "speech.wav", vowels(6))
    transcript = transcribe(build(unsure, batch_size=4), audio, Work(tmp_path), duration_seconds=6)
    assert transcript.segments == ()
    assert transcript.dropped == {"no_speech": 1}


@pytest.fixture(scope="module")
def unsure(tmp_path_factory) -> dict[str, Path]:
    """Models that are unsure of what they hear, by what they know."""
    folder = tmp_path_factory.mktemp("unsure")
    return {
        "English": write_tiny_whisper(folder / "tiny.en", logit=10, english_only=True),
        "English, all dropped": write_tiny_whisper(folder / "deaf.en", logit=9, no_speech=True, english_only=True),
        "many": write_tiny_whisper(folder / "tiny", logit=10),
    }


@pytest.mark.parametrize(
    ("knows", "batch_size", "dropped"),
    [
        ("English", None, {"not_made_out": 1}),
        ("English", 1, {"not_made_out": 1}),
        ("English, all dropped", None, {"no_speech": 1}),
        ("English, all dropped", 1, {}),  # one by one, faster-whisper itself leaves it out
    ],
)
def test_speech_that_a_model_for_english_cannot_make_out_has_a_note_and_no_text(
    unsure, tmp_path, knows, batch_size, dropped
):
    audio = write_wav(tmp_path / "speech.wav", vowels(6))
    transcriber = build(unsure[knows], batch_size=batch_size)
    transcript = transcribe(transcriber, audio, Work(tmp_path), duration_seconds=6)
    assert transcript.note is not None
    assert "which knows English only, could not make out" in transcript.note
    assert (transcript.segments, transcript.language, transcript.dropped) == ((), "und", dropped)


@pytest.mark.parametrize(("knows", "language"), [("English", "en"), ("many", None), ("many", "en")])
def test_of_what_is_called_english_and_of_models_for_many_languages_the_words_stay(unsure, tmp_path, knows, language):
    audio = write_wav(tmp_path / "speech.wav", vowels(6))
    transcript = transcribe(build(unsure[knows], language=language), audio, Work(tmp_path), duration_seconds=6)
    assert (transcript.text, transcript.note) == ("we talk about water", None)


def test_silence_and_words_that_are_sure_have_no_note(tmp_path):
    english = write_tiny_whisper(tmp_path / "tiny.en", english_only=True)
    for sound, text in ((silence(6), ""), (vowels(6), "we talk about water")):
        audio = write_wav(tmp_path / "sound.wav", sound)
        transcript = transcribe(build(english), audio, Work(tmp_path), duration_seconds=6)
        assert (transcript.text, transcript.note) == (text, None)


def test_a_segment_past_the_end_of_the_audio_is_cut_to_it(tmp_path):
    late = write_tiny_whisper(tmp_path / "late", ["we", "talk", "about", "water"], ends_after_seconds=25)
    audio = write_wav(tmp_path / "short.wav", noise(1.1))
    transcript = transcribe(build(late, vad=False), audio, Work(tmp_path), duration_seconds=1.0)
    assert transcript.segments
    assert all(0 <= s.start_seconds < s.end_seconds <= 1.0 for s in transcript.segments)
    assert all(0 <= w.start_seconds <= 1.0 for s in transcript.segments for w in s.words)


def test_building_reads_nothing(tmp_path):
    settings = FasterWhisperTranscription(engine="faster-whisper", model="small", download_dir=tmp_path / "none")
    transcriber = settings.open(Tools(FFmpeg()))
    assert (transcriber.name, transcriber.model) == ("faster-whisper", "small")
    assert list(tmp_path.iterdir()) == []
