"""Many microphones become one track, and each is heard in it."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work

RATE = 16000
SLOT = RATE // 8
"""Samples for which each microphone speaks alone, one after the other."""
LOUD = 8000


def in_turns(channels: int) -> np.ndarray:
    """(samples, channels): in each slot one channel sounds."""
    samples = np.zeros((channels * SLOT, channels))
    tone = LOUD * np.sin(2 * np.pi * 440 * np.arange(SLOT) / RATE)
    for channel in range(channels):
        samples[channel * SLOT : (channel + 1) * SLOT, channel] = tone
    return samples


def recorder_wav(path: Path, samples: np.ndarray, mask: int | None) -> Path:
    """A WAV as recorders write it: WAVEFORMATEXTENSIBLE with that channel mask; None for the plain header."""
    channels = samples.shape[1]
    data = samples.round().astype("<i2").tobytes()
    tag = 1 if mask is None else 0xFFFE
    form = struct.pack("<HHIIHH", tag, channels, RATE, RATE * 2 * channels, 2 * channels, 16)
    if mask is not None:
        pcm = bytes.fromhex("0100000000001000800000aa00389b71")
        form += struct.pack("<HHI", 22, 16, mask) + pcm
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def extract(source: Path, settings: AudioSettings | None = None) -> tuple[AudioTrack, np.ndarray]:
    """The track that was made of a file, and its samples: (channels, samples)."""
    settings, work = settings or AudioSettings(), Work(source.parent)
    found = probe(source, work).media
    assert found is not None
    stream, reason = choose_audio(found, settings.languages)
    destination = source.parent / "result.m4a"
    track = extract_m4a(FFmpeg(), source, found, stream, reason, destination, settings, work)
    with av.open(str(destination)) as container:
        return track, np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1) * 32768


def slots(sound: np.ndarray) -> list[float]:
    """How loud the loudest channel of the result is in the middle of each slot, of the loudness of one microphone."""
    middles = range(SLOT // 2, sound.shape[1] - SLOT // 4, SLOT)
    tone = LOUD / np.sqrt(2)
    return [float(np.sqrt(np.mean(sound[:, at - 300 : at + 300] ** 2, axis=1)).max()) / tone for at in middles]


@pytest.mark.parametrize("mask", [0, None])
@pytest.mark.parametrize("channels", [3, 6, 7, 8, 9, 12, 16, 32])
def test_every_microphone_of_a_recorder_is_heard(channels: int, mask: int | None, tmp_path: Path):
    track, sound = extract(recorder_wav(tmp_path / "a.wav", in_turns(channels), mask))
    assert len(slots(sound)) >= channels
    assert min(slots(sound)[:channels]) > 0.8
    assert track.channels == 1
    assert f"its {channels} channels, which do not say where each is heard, were mixed equally" in track.chosen_because


def test_sixty_four_microphones_that_speak_at_once_are_mixed_without_clipping(tmp_path: Path):
    everywhere = np.repeat(LOUD * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)[:, None], 64, axis=1)
    _, sound = extract(recorder_wav(tmp_path / "a.wav", everywhere, 0))
    assert 0.5 * 32768 < np.abs(sound).max() < 0.95 * 32768


def test_the_channels_of_known_loudspeakers_are_mixed_as_ever(tmp_path: Path):
    track, sound = extract(recorder_wav(tmp_path / "a.wav", in_turns(6), 0x3F))
    assert (track.channels, track.chosen_because) == (2, "the only audio track")
    assert slots(sound)[2] > 0.2


def test_microphones_in_opposite_phase_do_not_cancel(tmp_path: Path):
    voice = LOUD * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    track, sound = extract(recorder_wav(tmp_path / "a.wav", np.stack([voice, -voice, 0 * voice], axis=1), 0))
    assert np.abs(sound).max() > 0.8 * LOUD
    assert "its 3 channels cancel each other out, so that channel 1 was taken alone" in track.chosen_because


@pytest.mark.parametrize("right", [-1, 1])
def test_stereo_in_opposite_phase_is_heard_in_a_mono_track(right: int, tmp_path: Path):
    voice = LOUD * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    source = recorder_wav(tmp_path / "a.wav", np.stack([voice, right * voice], axis=1), 3)
    track, sound = extract(source, AudioSettings(channels=1))
    assert np.abs(sound).max() > 0.8 * LOUD
    assert ("cancel each other out" in track.chosen_because) == (right < 0)
