from __future__ import annotations

import shutil
import subprocess
import tracemalloc
from pathlib import Path

import imageio_ffmpeg
import pocketsphinx
import pytest

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers import build_transcriber
from media_assets.engines.transcribers.sphinx import PocketsphinxTranscriber
from media_assets.engines.transcribers.sphinx_model import find_model
from media_assets.engines.transcribers.windows import SAMPLE_RATE, WindowLength
from media_assets.engines.work import Work
from media_assets.errors import BadMedia, Fatal
from media_assets.models import Transcript
from media_assets.settings import PocketsphinxTranscription
from media_assets_tests.engines.transcribers.sounds import silence, vowels, write_wav

BUNDLED = Path(pocketsphinx.get_model_path("en-us"))


@pytest.fixture(scope="module")
def transcriber() -> PocketsphinxTranscriber:
    return PocketsphinxTranscriber(PocketsphinxTranscription(), FFmpeg(), window_length=WindowLength(4, 6))


@pytest.fixture(scope="module")
def babble(tmp_path_factory) -> Path:
    """Two stretches of vowels, from 1 s to 3 s and from 8 s to 10 s of 11 s."""
    sound = (silence(1), vowels(2), silence(5), vowels(2), silence(1))
    return write_wav(tmp_path_factory.mktemp("babble") / "babble.wav", *sound)


@pytest.fixture(scope="module")
def babbled(transcriber, babble, tmp_path_factory) -> Transcript:
    work = Work(tmp_path_factory.mktemp("work"))
    transcript: Transcript = transcriber.transcribe(babble, duration_seconds=11, offset_seconds=100, work=work)
    return transcript


def test_silence_gives_a_valid_transcript_without_segments(transcriber, tmp_path):
    audio = write_wav(tmp_path / "silence.wav", silence(12))
    transcript = transcriber.transcribe(audio, duration_seconds=12, offset_seconds=0, work=Work(tmp_path))
    assert transcript.segments == ()
    assert (transcript.language, transcript.engine, transcript.model) == ("en", "pocketsphinx", "en-us")
    assert transcript.duration_seconds == 12


@pytest.mark.thorough
def test_what_is_heard_lies_where_the_sound_is_and_in_the_time_of_the_source(babbled):
    early, late = (100.7, 103.5), (107.7, 110.5)
    assert {segment.start_seconds < 105 for segment in babbled.segments} == {True, False}
    for segment in babbled.segments:
        first, last = early if segment.start_seconds < 105 else late
        assert first <= segment.start_seconds < segment.end_seconds <= last
        assert segment.text == " ".join(word.text for word in segment.words)
        assert all(0 <= word.confidence <= 1 for word in segment.words)
        assert not any(mark in segment.text for mark in "<>[]()+")


@pytest.mark.thorough
def test_the_same_sound_gives_the_same_words_whatever_was_heard_before(transcriber, babble, babbled, tmp_path):
    again = transcriber.transcribe(babble, duration_seconds=11, offset_seconds=100, work=Work(tmp_path))
    assert again == babbled


def test_what_cannot_be_decoded_is_bad_media(transcriber, tmp_path):
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"RIFF" + bytes(1000))
    with pytest.raises(BadMedia):
        transcriber.transcribe(damaged, duration_seconds=15, offset_seconds=0, work=Work(tmp_path))


@pytest.mark.thorough
def test_long_silence_passes_in_the_memory_of_a_window(tmp_path):
    duration = 1200
    audio = tmp_path / "silence.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi"]
    command += ["-i", f"anullsrc=r={SAMPLE_RATE}:cl=mono", "-t", str(duration), str(audio)]
    subprocess.run(command, check=True)
    transcriber = PocketsphinxTranscriber(PocketsphinxTranscription(), FFmpeg(), window_length=WindowLength(90, 120))
    seen: list[float] = []
    work = Work(tmp_path, report=seen.append)
    tracemalloc.start()
    try:
        transcript = transcriber.transcribe(audio, duration_seconds=duration, offset_seconds=0, work=work)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert transcript.segments == ()
    assert seen[-1] == 1
    assert peak < 4 * 120 * SAMPLE_RATE * 2 < duration * SAMPLE_RATE * 2 / 2


def test_doctor_reads_what_would_be_used():
    line = build_transcriber(PocketsphinxTranscription(), FFmpeg()).check()
    assert line.startswith("pocketsphinx 5.")
    assert line.endswith("model en-us (bundled)")


def test_a_model_of_ones_own_is_found_by_its_layout(tmp_path):
    model = shutil.copytree(BUNDLED, tmp_path / "mine")
    files = find_model(model)
    assert files.acoustic_dir == model / "en-us"
    assert files.language_model == model / "en-us.lm.bin"
    assert files.dictionary == model / "cmudict-en-us.dict"
    settings = PocketsphinxTranscription(model_dir=model, language="en")
    assert build_transcriber(settings, FFmpeg()).model == "mine"


@pytest.mark.parametrize("missing", ["cmudict-en-us.dict", "en-us.lm.bin", "en-us"])
def test_an_incomplete_model_is_fatal_and_the_layout_is_explained(tmp_path, missing):
    names = [path.name for path in BUNDLED.iterdir() if path.name != missing]
    for name in names:
        (tmp_path / name).symlink_to(BUNDLED / name)
    with pytest.raises(Fatal) as caught:
        build_transcriber(PocketsphinxTranscription(model_dir=tmp_path), FFmpeg()).check()
    assert "has 0" in caught.value.reason
    assert "transcription.model_dir" in caught.value.next_step


def test_a_damaged_model_is_fatal(tmp_path, babble):
    model = shutil.copytree(BUNDLED, tmp_path / "damaged")
    (model / "en-us" / "mdef").write_text("damaged")
    transcriber = build_transcriber(PocketsphinxTranscription(model_dir=model), FFmpeg())
    with pytest.raises(Fatal, match="cannot load the model"):
        transcriber.transcribe(babble, duration_seconds=11, offset_seconds=0, work=Work(tmp_path))
