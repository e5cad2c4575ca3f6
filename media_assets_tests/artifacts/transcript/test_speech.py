"""How well the default engine hears the recordings in samples/library, and that it makes nothing up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import av
import ffmpeg
import jiwer
import numpy as np
import pytest

from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.readable import MAX_CHARACTERS, MAX_SECONDS
from media_assets.artifacts.transcript.transcriber import Tools, Transcriber
from media_assets.artifacts.transcript.value import Transcript
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import music, noise, silence, write_wav

SAMPLES = Path(__file__).parents[3] / "samples"
TEXTS: dict[str, str] = json.loads((SAMPLES / "spoken.json").read_text(encoding="utf-8"))
MEETING = "meetings/2025-03-17 team meeting.mp3"


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return FasterWhisperTranscription().open(Tools(FFmpeg()))


def spoken_words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9$']+", text.lower()))


def hear(transcriber: Transcriber, name: str, directory: Path) -> Transcript:
    audio = SAMPLES / "library" / name
    with av.open(str(audio)) as container:
        duration_seconds = (container.duration or 0) / av.time_base
    return transcriber.transcribe(audio, duration_seconds=duration_seconds, offset_seconds=0, work=Work(directory))


@pytest.mark.thorough
def test_the_samples_are_heard_with_their_marks_and_capitals(transcriber: Transcriber, tmp_path: Path) -> None:
    spoken, heard = list(TEXTS.values()), [hear(transcriber, name, tmp_path).text for name in TEXTS]
    assert jiwer.wer(spoken, heard) < 0.06, "each mark and capital counts"
    assert jiwer.wer([*map(spoken_words, spoken)], [*map(spoken_words, heard)]) < 0.02, "words alone"


@pytest.mark.thorough
def test_a_meeting_has_its_names_and_numbers_and_is_fit_for_captions(transcriber: Transcriber, tmp_path: Path) -> None:
    transcript = hear(transcriber, MEETING, tmp_path)
    for said in ("Anna", "David", "$42", "Hamburg", "Maria", "350", "Monday at 10 o'clock.", "June?"):
        assert said in transcript.text
    assert len(transcript.segments) >= 5, "the pauses between the sentences part them"
    for segment in transcript.segments:
        assert segment.end_seconds - segment.start_seconds <= MAX_SECONDS
        assert len(segment.text) <= MAX_CHARACTERS
        assert segment.confidence > 0.3
    assert to_srt(transcript).count("-->") == to_vtt(transcript).count("-->") == len(transcript.segments)


@pytest.mark.thorough
def test_speech_in_no_language_of_the_model_has_a_note_and_no_word(transcriber: Transcriber, tmp_path: Path) -> None:
    with av.open(str(SAMPLES / "library" / MEETING)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    backwards = np.concatenate([frame.to_ndarray()[0] for frame in frames])[::-1]
    audio = write_wav(tmp_path / "backwards.wav", backwards)
    seconds = len(backwards) / 16_000
    transcript = transcriber.transcribe(audio, duration_seconds=seconds, offset_seconds=0, work=Work(tmp_path))
    assert transcript.note is not None
    assert "knows English only" in transcript.note
    assert (transcript.text, transcript.language) == ("", "und")
    assert hear(transcriber, MEETING, tmp_path).note is None


def test_silence_and_noise_give_no_word(transcriber: Transcriber, tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "nothing.wav", silence(8), noise(12), silence(8))
    transcript = transcriber.transcribe(audio, duration_seconds=28, offset_seconds=0, work=Work(tmp_path))
    assert (transcript.segments, transcript.note) == ((), None)


@pytest.mark.thorough
def test_a_minute_of_music_gives_no_word_and_no_note_and_no_library_prints(
    transcriber: Transcriber, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    audio = write_wav(tmp_path / "music.wav", music(60))
    transcript = transcriber.transcribe(audio, duration_seconds=60, offset_seconds=0, work=Work(tmp_path))
    assert (transcript.segments, transcript.note) == ((), None)
    assert hear(transcriber, MEETING, tmp_path).text
    assert capfd.readouterr() == ("", "")


TRANSCRIBE = """
import sys
from pathlib import Path
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.transcriber import Tools
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
transcriber = FasterWhisperTranscription().open(Tools(FFmpeg()))
said = transcriber.transcribe(Path(sys.argv[1]), duration_seconds=34, offset_seconds=0, work=Work(Path(sys.argv[2])))
assert "weather" in said.text
"""


@pytest.mark.thorough
def test_a_process_that_transcribes_prints_nothing_of_its_libraries(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRANSCRIBE, str(SAMPLES / "library" / MEETING), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.thorough
def test_a_voice_in_opposite_phase_on_two_channels_is_heard_and_that_is_said(transcriber: Transcriber, tmp_path: Path):
    crossed = tmp_path / "crossed.m4a"
    turned = ffmpeg.input(str(SAMPLES / "library" / MEETING)).output(
        str(crossed), af="pan=stereo|c0=c0|c1=-1*c0", acodec="aac", t=15
    )
    FFmpeg().run(turned, Work(tmp_path))
    heard = transcriber.transcribe(crossed, duration_seconds=15, offset_seconds=0, work=Work(tmp_path))
    assert len(heard.text.split()) > 10
    assert heard.note is not None and "cancel each other out" in heard.note
