"""Samples above full scale, which float recorders write, are brought down and not cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.m4a_audio.test_mixing_down import extract

RATE = 16000


def float_wav(path: Path, samples: np.ndarray, *arguments: str) -> Path:
    raw = path.with_suffix(".raw")
    raw.write_bytes(samples.astype("<f4").tobytes())
    media.ffmpeg("-f", "f32le", "-ar", RATE, "-ac", samples.shape[1], "-i", raw, *arguments, path)
    return path


def tone(amplitude: float, channels: int = 1) -> np.ndarray:
    sound = amplitude * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    return np.repeat(sound[:, None], channels, axis=1)


def distortion(sound: np.ndarray) -> float:
    """The share of energy that is not in the tone of 440 Hz."""
    middle = sound[0, 4000:12000] * np.hanning(8000)
    power = np.abs(np.fft.rfft(middle)) ** 2
    return float(1 - power[210:231].sum() / power.sum())


def taken(path: Path) -> tuple[AudioTrack, np.ndarray]:
    track, sound = extract(path)
    return track, sound / 32768


@pytest.mark.parametrize(
    ("name", "codec", "channels"),
    [("a.wav", "pcm_f32le", 1), ("b.wav", "pcm_f64le", 2), ("a.wv", "wavpack", 2), ("a.mov", "pcm_f32be", 1)],
)
def test_samples_above_full_scale_are_brought_down_and_that_is_said(
    name: str, codec: str, channels: int, tmp_path: Path
):
    track, sound = taken(float_wav(tmp_path / name, tone(6.0, channels), "-c:a", codec))
    assert (
        "its samples go up to 6.0 times full scale, so that all of it was made as much quieter" in track.chosen_because
    )
    assert 0.3 < np.abs(sound).max() < 1.2
    assert distortion(sound) < 0.01


def test_float_samples_below_full_scale_are_as_loud_as_they_were(tmp_path: Path):
    track, sound = taken(float_wav(tmp_path / "a.wav", tone(0.5), "-c:a", "pcm_f32le"))
    assert track.chosen_because == "the only audio track"
    assert np.abs(sound[:, 4000:12000]).max() == pytest.approx(0.5, abs=0.03)


def test_one_faulty_sample_does_not_make_the_rest_silent(tmp_path: Path):
    sound = np.concatenate([tone(2.0)] * 12)
    sound[1000], sound[RATE], sound[RATE + 9] = 1e20, np.nan, -np.inf
    track, heard = taken(float_wav(tmp_path / "a.wav", sound, "-c:a", "pcm_f32le"))
    assert "its samples go up to 2.0 times full scale" in track.chosen_because
    assert "some of its samples are no sound (infinite, or no numbers), and were cut off" in track.chosen_because
    assert np.abs(heard[:, RATE * 2 :]).max() > 0.5


def mixed(path: Path, layout: str | None, sound: np.ndarray, codec: str) -> tuple[AudioTrack, np.ndarray]:
    raw = path.with_suffix(".raw")
    raw.write_bytes(sound.astype("<f4").tobytes())
    where = ("-channel_layout", layout) if layout else ()
    media.ffmpeg(
        *("-f", "f32le", "-ar", RATE, "-ac", sound.shape[1], *where, "-i", raw, "-c:a", codec, "-b:a", "384k"), path
    )
    return taken(path)


@pytest.mark.parametrize(
    ("name", "layout", "channels", "codec"),
    [
        ("a.wav", "5.1", 6, "pcm_f32le"),
        pytest.param("a.wav", "7.1", 8, "pcm_s16le", marks=pytest.mark.thorough),
        pytest.param("a.flac", "5.1", 6, "flac", marks=pytest.mark.thorough),
        pytest.param("a.flac", "quad", 4, "flac", marks=pytest.mark.thorough),
    ],
)
def test_channels_that_are_loud_together_are_mixed_without_cutting_anything_off(
    name: str, layout: str, channels: int, codec: str, tmp_path: Path
):
    track, sound = mixed(tmp_path / name, layout, tone(0.9, channels), codec)
    assert "times full scale, so that all of it was made quieter and nothing is cut off" in track.chosen_because
    assert 0.8 < np.abs(sound[:, 4000:12000]).max() < 1.0
    assert distortion(sound) < 0.001


def test_float_surround_sound_above_full_scale_is_not_cut_off_when_it_is_mixed(tmp_path: Path):
    track, sound = mixed(tmp_path / "a.wav", "5.1", tone(3.0, 6), "pcm_f32le")
    assert "its samples go up to 3.0 times full scale" in track.chosen_because
    assert 0.8 < np.abs(sound[:, 4000:12000]).max() < 1.0
    assert distortion(sound) < 0.001


def test_surround_sound_with_room_is_as_loud_as_ffmpeg_mixes_it(tmp_path: Path):
    track, sound = mixed(tmp_path / "a.wav", "5.1", tone(0.3, 6), "pcm_f32le")
    assert track.chosen_because == "the only audio track"
    assert np.abs(sound[:, 4000:12000]).max() == pytest.approx(0.3 * (1 + 2 * 0.5**0.5), abs=0.03)


def test_hiss_on_many_microphones_is_mixed_without_cutting_anything_off(tmp_path: Path):
    hiss = 0.9 * np.sin(2 * np.pi * 6000 * np.arange(RATE) / RATE)
    _, sound = mixed(tmp_path / "a.wav", None, np.repeat(hiss[:, None], 12, axis=1), "pcm_s16le")
    assert 0.8 < np.abs(sound[:, 4000:12000]).max() < 1.0
