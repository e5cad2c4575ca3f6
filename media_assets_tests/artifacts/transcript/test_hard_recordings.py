"""The voice of recordings that other tools drop, cancel or cut short, as each engine that can run here gets it.

Each is a file as recorders and people leave them, taken through `m4a_audio`. What the server of a remote engine was
sent is decoded and laid over the voice that was put in; engines with a model have to give its words.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import jiwer
import modal
import numpy as np
import pytest
from pydantic import SecretStr

from media_assets.artifacts.m4a_audio.extract import extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.silent_tracks import choose_heard
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.engines.faster_whisper import bundled
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.modal.app import gpu_function
from media_assets.artifacts.transcript.engines.modal.contract import (
    TranscriptionAnswer,
    TranscriptionRequest,
    whisper_settings,
)
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.transcriber import Tools, Transcriber
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media
from media_assets_tests.artifacts.m4a_audio.test_mixing_down import recorder_wav
from media_assets_tests.openai_audio_server import AudioServer, openai_audio_server

RATE = 16_000
SECONDS = 6.0
START, END = 0.3, 0.8
"""Parts of the length, between which some recordings are in opposite phase."""
SPEECH = Path(__file__).parents[3] / "samples" / "library" / "meetings" / "2025-03-17 team meeting.mp3"

Made = Callable[[Path, np.ndarray], Path]
"""Writes a recording of a voice (samples, 16 bit) to a file."""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    pcm = b"".join(FFmpeg().pcm(SPEECH, Work(tmp_path_factory.mktemp("voice")), duration_seconds=SECONDS))
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def on_channel(channels: int, channel: int, mask: int | None) -> Made:
    def made(path: Path, voice: np.ndarray) -> Path:
        samples = np.zeros((len(voice), channels))
        samples[:, channel] = voice
        return recorder_wav(path, samples, mask)

    return made


def opposite(channels: int, mask: int | None, start: float, end: float) -> Made:
    """The voice on the first two channels, for a part of its length (from 0 to 1) in opposite phase."""

    def made(path: Path, voice: np.ndarray) -> Path:
        samples = np.zeros((len(voice), channels))
        samples[:, 0] = samples[:, 1] = voice
        samples[round(start * len(voice)) : round(end * len(voice)), 1] *= -1
        return recorder_wav(path, samples, mask)

    return made


def plain(path: Path, voice: np.ndarray) -> Path:
    return recorder_wav(path, voice[:, None], None)


def with_size(path: Path, voice: np.ndarray, data_bytes: int) -> Path:
    content = plain(path, voice).read_bytes()
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + struct.pack("<I", data_bytes) + content[at + 4 :])
    return path


def wrapped(path: Path, voice: np.ndarray) -> Path:
    return with_size(path, voice, 2 * RATE * 2)


def streamed(path: Path, voice: np.ndarray) -> Path:
    return with_size(path, voice, 0xFFFFFFFF)


def joined(path: Path, voice: np.ndarray) -> Path:
    parts = [plain(path, part).read_bytes() for part in np.array_split(voice, 3)]
    path.write_bytes(b"".join(parts))
    return path


def tagged(path: Path, voice: np.ndarray) -> Path:
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256) + plain(path, voice).read_bytes())
    return path


def in_chunks(path: Path, voice: np.ndarray) -> Path:
    """The samples in two chunks."""
    content = plain(path, voice).read_bytes()
    start, middle = content.index(b"data") + 8, len(content) // 4 * 2
    first, second = content[start:middle], content[middle:]
    chunks = b"".join(b"data" + struct.pack("<I", len(part)) + part for part in (first, second))
    path.write_bytes(b"RIFF" + struct.pack("<I", start + len(chunks) - 16) + content[8 : start - 8] + chunks)
    return path


def too_loud(path: Path, voice: np.ndarray) -> Path:
    """Floating point, up to ten times full scale."""
    data = (voice / np.abs(voice).max() * 10).astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, RATE, 4 * RATE, 4, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def leaping(path: Path, voice: np.ndarray) -> Path:
    """A clock that leaps an hour ahead."""
    leap = r"asetpts=PTS+gte(T\,2)*3600/TB"
    sample_media.ffmpeg("-i", plain(path, voice), "-af", leap, "-c:a", "flac", path.with_suffix(".mka"))
    return path.with_suffix(".mka")


def behind_a_silent_track(path: Path, voice: np.ndarray) -> Path:
    silence = ("-f", "lavfi", "-t", str(SECONDS), "-i", f"anullsrc=r={RATE}:cl=mono")
    tracks = ("-map", "0", "-map", "1", "-c:a", "flac", path.with_suffix(".mka"))
    sample_media.ffmpeg(*silence, "-i", plain(path, voice), *tracks)
    return path.with_suffix(".mka")


RECORDINGS: dict[str, Made] = {
    "3 channels, on the last": on_channel(3, 2, 0),
    "6 channels, on the 4th": on_channel(6, 3, None),
    "7 channels, on the 5th": on_channel(7, 4, 0),
    "8 channels, on the last": on_channel(8, 7, None),
    "9 channels, on the last": on_channel(9, 8, 0),
    "12 channels, on the 11th": on_channel(12, 10, None),
    "16 channels, on the last": on_channel(16, 15, 0),
    "32 channels, on the 31st": on_channel(32, 30, None),
    "5.1, on the subwoofer's": on_channel(6, 3, 0x3F),
    "opposite phase": opposite(2, 3, 0, 1),
    "opposite phase in a stretch, mask 0": opposite(2, 0, START, END),
    "microphones in opposite phase": opposite(4, 0, 0, 1),
    "microphones in opposite phase in a stretch": opposite(4, None, START, END),
    "a size that wrapped": wrapped,
    "written to a pipe": streamed,
    "joined": joined,
    "a tag in front": tagged,
    "samples in two chunks": in_chunks,
    "above full scale": too_loud,
    "a clock that leaps": leaping,
    "behind a silent track": behind_a_silent_track,
    "a mask of one behind": on_channel(5, 4, 0x1F),
    "a mask of a subwoofer": on_channel(2, 1, 0xC),
}
of_each = pytest.mark.parametrize("name", RECORDINGS)


def taken(name: str, voice: np.ndarray, folder: Path) -> tuple[Path, AudioTrack]:
    """What `m4a_audio` makes of a recording."""
    source, work = RECORDINGS[name](folder / "recording.wav", voice), Work(folder)
    found = probe(source, work).media
    assert found is not None
    assert found.duration_seconds == pytest.approx(SECONDS, abs=0.01)
    settings = AudioSettings()
    stream, reason = choose_heard(source, found, settings.languages, (), work)
    out = folder / "audio.m4a"
    return out, extract_m4a(FFmpeg(), source, found, stream, reason, out, settings, work).track


def parts(sound: np.ndarray) -> list[np.ndarray]:
    """Before, in and behind the stretch that is in opposite phase in some recordings."""
    return np.split(sound, [round(START * len(sound)), round(END * len(sound))])


def likeness(heard: np.ndarray, voice: np.ndarray) -> float:
    """How alike two sounds are where they fit best, from 0 to 1: their normalised cross-correlation."""
    size = 1 << (len(heard) + len(voice)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(voice, size)), size)
    return float(np.abs(product).max() / (np.linalg.norm(heard) * np.linalg.norm(voice)))


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        yield running


@pytest.mark.thorough
@of_each
def test_a_server_of_openais_api_is_sent_the_voice(
    name: str, voice: np.ndarray, server: AudioServer, tmp_path: Path
) -> None:
    audio, track = taken(name, voice, tmp_path)
    tools = Tools(FFmpeg(), Secrets(openai_api_key=SecretStr(server.key or "")))
    engine = OpenAITranscription(engine="openai", base_url=server.base_url).open(tools)
    said = engine.transcribe(audio, duration_seconds=track.duration_seconds, offset_seconds=0, work=Work(tmp_path))

    heard = np.concatenate([upload.samples for upload in server.uploads]).astype(np.float64)
    assert len(heard) == pytest.approx(len(voice), abs=0.1 * RATE)
    # Where one of two channels is taken, the sign may change; so each part counts for itself.
    for part, original in zip(parts(heard), parts(voice), strict=True):
        assert likeness(part, original) > 0.95
        assert np.linalg.norm(part) > 0.1 * np.linalg.norm(original)
    assert said.segments


@pytest.fixture(scope="module")
def whisper() -> Transcriber:
    return FasterWhisperTranscription().open(Tools(FFmpeg()))


@pytest.fixture(scope="module")
def spoken(voice: np.ndarray, whisper: Transcriber, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the engine hears of the voice alone."""
    folder = tmp_path_factory.mktemp("plain")
    audio = plain(folder / "a.wav", voice)
    transcript = whisper.transcribe(audio, duration_seconds=SECONDS, offset_seconds=0, work=Work(folder))
    assert len(transcript.text.split()) > 8
    return words(transcript.text)


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9$']+", text.lower()))


@pytest.mark.thorough
@of_each
def test_faster_whisper_hears_its_words(
    name: str, voice: np.ndarray, whisper: Transcriber, spoken: str, tmp_path: Path
) -> None:
    audio, track = taken(name, voice, tmp_path)
    transcript = whisper.transcribe(
        audio, duration_seconds=track.duration_seconds, offset_seconds=0, work=Work(tmp_path)
    )
    assert jiwer.wer(spoken, words(transcript.text)) < 0.15


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name",
    ["6 channels, on the 4th", "32 channels, on the 31st", "opposite phase", "a size that wrapped", "joined"],
)
def test_the_function_at_modal_hears_its_words(name: str, voice: np.ndarray, spoken: str, tmp_path: Path) -> None:
    audio, track = taken(name, voice, tmp_path)
    settings = ModalTranscription(engine="modal", model=str(bundled.bundled_folder(())), price_per_second=0.01)
    content = audio.read_bytes()
    request = TranscriptionRequest(
        token="t",
        notes="n",
        whisper=whisper_settings(settings),
        duration_seconds=track.duration_seconds,
        offset_seconds=0,
        size_bytes=len(content),
    )
    function = gpu_function(modal.App(), settings)
    with pytest.warns(UserWarning, match="Volume"):
        answer = TranscriptionAnswer.model_validate_json(function.local(request.model_dump_json(), content))
    assert answer.transcript is not None
    assert jiwer.wer(spoken, words(answer.transcript.text)) < 0.15
