"""Many microphones become one track, and each is heard in it."""

from __future__ import annotations

import re
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
from media_assets_tests import sample_media as media

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
    track = extract_m4a(FFmpeg(), source, found, stream, reason, destination, settings, work).track
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
    assert "cancel each other out for 1 s when they are mixed equally, so that some were made" in track.chosen_because


def seconds_of(sound: np.ndarray) -> list[float]:
    """How loud each second of the result is in its middle, of the loudness of one microphone."""
    middles = range(RATE // 2, sound.shape[1], RATE)
    return [float(np.sqrt(np.mean(sound[:, at - 4000 : at + 4000] ** 2))) / (LOUD / np.sqrt(2)) for at in middles]


@pytest.mark.parametrize("mask", [0, pytest.param(None, marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    ("channels", "pairs"),
    [
        (3, [(0, 1)]),
        *(
            pytest.param(channels, pairs, marks=pytest.mark.thorough)
            for channels, pairs in (
                (6, [(2, 5)]),
                (8, [(0, 1), (0, 2), (1, 2)]),
                (16, [(3, 12), (0, 15), (6, 7)]),
                (32, [(31, 15)]),
            )
        ),
    ],
)
def test_microphones_that_cancel_in_a_stretch_are_heard_all_the_same(
    channels: int, pairs: list[tuple[int, int]], mask: int | None, tmp_path: Path
):
    """In each stretch of two seconds a pair is in opposite phase; before and behind, each pair is in phase."""
    tone = LOUD * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    samples = np.zeros(((2 + len(pairs)) * 2 * RATE, channels))
    for number, (one, other) in enumerate(pairs, 1):
        for stretch, sign in ((0, 1), (number, -1), (len(pairs) + 1, 1)):
            part = slice(stretch * 2 * RATE, (stretch + 1) * 2 * RATE)
            samples[part, one], samples[part, other] = tone, sign * tone
    track, sound = extract(recorder_wav(tmp_path / "a.wav", samples, mask))
    assert min(seconds_of(sound)[: 2 * (2 + len(pairs))]) > 0.2
    assert np.abs(sound).max() < 0.95 * 32768
    assert f"cancel each other out for {2 * len(pairs)} s when they are mixed equally" in track.chosen_because


@pytest.mark.thorough
def test_who_speaks_alone_is_heard_where_others_cancel_nearly_always(tmp_path: Path):
    samples = np.zeros((12 * RATE, 4))
    tone = LOUD * np.sin(2 * np.pi * 440 * np.arange(12 * RATE) / RATE)
    samples[:, 0], samples[:, 1] = tone, -tone
    samples[10 * RATE :, :2] = 0
    samples[10 * RATE :, 3] = tone[: 2 * RATE] / 2
    _, sound = extract(recorder_wav(tmp_path / "a.wav", samples, 0))
    assert min(seconds_of(sound)[:10]) > 0.8
    assert min(seconds_of(sound)[10:12]) > 0.2


@pytest.mark.thorough
def test_surround_sound_that_cancels_in_a_stretch_of_mono_is_kept_in_stereo(tmp_path: Path):
    samples = np.repeat(np.concatenate([alone_on(0, 1)] * 4), 6, axis=1) * [1, 1, 0, 0, 0, 0]
    samples[4 * RATE :, 1] *= -1
    samples[: 4 * RATE, 2] = samples[: 4 * RATE, 0]
    track, sound = extract(recorder_wav(tmp_path / "a.wav", samples, SURROUND), AudioSettings(channels=1))
    assert track.channels == 2
    assert "cancel each other out for 4 s, so that two were kept" in track.chosen_because
    assert min(seconds_of(sound)[:8]) > 0.2


@pytest.mark.parametrize("right", [-1, 1])
def test_stereo_in_opposite_phase_is_heard_in_a_mono_track(right: int, tmp_path: Path):
    voice = LOUD * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    source = recorder_wav(tmp_path / "a.wav", np.stack([voice, right * voice], axis=1), 3)
    track, sound = extract(source, AudioSettings(channels=1))
    assert np.abs(sound).max() > 0.8 * LOUD
    assert ("cancel each other out" in track.chosen_because) == (right < 0)


SURROUND = 0x3F
"""The channel mask of 5.1."""


def alone_on(channel: int, channels: int) -> np.ndarray:
    samples = np.zeros((2 * RATE, channels))
    samples[:, channel] = LOUD * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    return samples


@pytest.mark.parametrize("outputs", [None, 1])
def test_a_voice_on_the_channel_of_the_subwoofer_is_heard(outputs: int | None, tmp_path: Path):
    source = recorder_wav(tmp_path / "a.wav", alone_on(3, 6), SURROUND)
    track, sound = extract(source, AudioSettings(channels=outputs))
    assert slots(sound)[4] > 0.8
    assert "channel 4 was taken alone" in track.chosen_because


@pytest.mark.parametrize("channel", [0, 1, 2, 4, 5])
def test_a_voice_on_another_channel_of_surround_sound_is_mixed_as_ever(channel: int, tmp_path: Path):
    track, sound = extract(recorder_wav(tmp_path / "a.wav", alone_on(channel, 6), SURROUND))
    assert slots(sound)[4] > 0.2
    assert (track.channels, track.chosen_because) == (2, "the only audio track")


def test_rumble_of_the_subwoofer_does_not_replace_a_quiet_voice(tmp_path: Path):
    samples = alone_on(2, 6) / 4
    samples[:, 3] = 2 * LOUD * np.sin(2 * np.pi * 30 * np.arange(len(samples)) / RATE)
    assert extract(recorder_wav(tmp_path / "a.wav", samples, SURROUND))[0].chosen_because == "the only audio track"


@pytest.mark.parametrize("pair", [(0, 1), (4, 5)])
def test_pairs_of_surround_sound_that_cancel_in_mono_are_heard(pair: tuple[int, int], tmp_path: Path):
    samples = alone_on(pair[0], 6)
    samples[:, pair[1]] = -samples[:, pair[0]]
    track, sound = extract(recorder_wav(tmp_path / "a.wav", samples, SURROUND), AudioSettings(channels=1))
    assert slots(sound)[4] > 0.8
    assert "was taken alone" in track.chosen_because


def test_both_channels_are_kept_when_they_cancel_in_a_part_of_the_recording(tmp_path: Path):
    samples = np.repeat(np.concatenate([alone_on(0, 1)] * 4), 2, axis=1)
    samples[5 * RATE :, 1] *= -1
    track, _ = extract(recorder_wav(tmp_path / "a.wav", samples, None), AudioSettings(channels=1))
    assert track.channels == 2
    assert "cancel each other out for 3 s, so that both were kept" in track.chosen_because


@pytest.mark.parametrize("outputs", [None, pytest.param(1, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_a_voice_that_is_for_a_while_on_the_channel_of_the_subwoofer_is_heard(
    ending: str, outputs: int | None, tmp_path: Path
):
    samples = np.zeros((8 * RATE, 6))
    tone = LOUD * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    for second, channel in ((0, 0), (2, 3), (4, 2), (6, 5)):
        samples[second * RATE : (second + 2) * RATE, channel] = tone
    source = recorder_wav(tmp_path / "a.wav", samples, SURROUND)
    if ending == "flac":
        media.ffmpeg("-i", source, tmp_path / "a.flac")
        source = tmp_path / "a.flac"
    track, sound = extract(source, AudioSettings(channels=outputs))
    assert min(seconds_of(sound)[:8]) > 0.1
    assert track.channels == (outputs or 2)
    assert "s a voice is on a channel alone that is left out when its 6 channels are mixed" in track.chosen_because


@pytest.mark.parametrize("channel", [3, pytest.param(11, marks=pytest.mark.thorough)])
def test_a_word_on_a_channel_that_is_left_out_of_the_mix_is_heard(channel: int, tmp_path: Path):
    """Loudspeakers above (7.1.4) are in no mix, or in that of some versions of ffmpeg."""
    samples = np.zeros((4 * RATE, 12))
    tone = LOUD * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE)
    samples[:, 0] = tone
    word = slice(2 * RATE, 2 * RATE + RATE * 3 // 8)
    samples[word] = 0
    samples[word, channel] = tone[word]
    track, sound = extract(recorder_wav(tmp_path / "a.wav", samples, 0x2D63F))
    assert min(slots(sound)[:32]) > 0.05
    assert "is left out when its 12 channels are mixed" in track.chosen_because


def test_rumble_on_the_channel_of_the_subwoofer_is_left_out_as_ever(tmp_path: Path):
    samples = alone_on(2, 6)
    samples[RATE:] = 0
    samples[RATE:, 3] = 2 * LOUD * np.sin(2 * np.pi * 80 * np.arange(RATE) / RATE)
    assert extract(recorder_wav(tmp_path / "a.wav", samples, SURROUND))[0].chosen_because == "the only audio track"


@pytest.mark.parametrize(
    ("ending", "mask"), [("caf", 0), ("mov", 0x63F), pytest.param("aiff", 0, marks=pytest.mark.thorough)]
)
def test_channels_in_an_order_of_their_own_can_be_read(ending: str, mask: int, tmp_path: Path):
    """Such a layout made the process that read it crash."""
    source = tmp_path / f"a.{ending}"
    order = ("-af", "aformat=channel_layouts=FL+FR+FC+LFE+SL+SR+BL+BR") if mask else ()
    wav = recorder_wav(tmp_path / "a.wav", in_turns(8), mask)
    media.ffmpeg("-i", wav, *order, "-c:a", "pcm_s16be", source)
    found = probe(source, Work(tmp_path)).media
    assert found is not None
    stream = found.audio_streams[0]
    assert (stream.channels, stream.channel_layout) == (8, "8 channels (FL+FR+FC+LFE+SL+SR+BL+BR)")
    track, sound = extract(source)
    assert track.channels == 2
    assert min(loudness for slot, loudness in enumerate(slots(sound)[:8]) if slot != 3) > 0.2


@pytest.mark.parametrize("heard", [0, pytest.param(1, marks=pytest.mark.thorough)])
def test_of_ambisonics_the_channel_is_taken_that_hears_all_around(heard: int, tmp_path: Path):
    """Who stands to the left is louder on the second, but that does not hear who stands in front."""
    level = "0.5" if heard == 0 else "0"
    wav, source = recorder_wav(tmp_path / "a.wav", in_turns(4), 0), tmp_path / "a.opus"
    mix = f"pan=ambisonic 1|c0={level}*c0+{level}*c1+{level}*c2+{level}*c3|c1=c0+c1|c2=0*c0|c3=0*c0"
    media.ffmpeg("-i", wav, "-af", mix, "-ar", "48000", "-c:a", "libopus", "-mapping_family", "2", source)
    track, _ = extract(source)
    assert track.channels == 1
    assert ("of its 4 channels of ambisonics that was taken which hears all" in track.chosen_because) is (heard == 0)
    if heard:
        assert "so that channel 2 was taken alone" in track.chosen_because


ODD_MASKS = [(2, 0x5), (2, 0x9), (2, 0xC), (2, 0x30), (2, 0x11), (3, 0x13), (5, 0x1F), (3, 0x310), (4, 0x3C0)]


@pytest.mark.parametrize("outputs", [None, pytest.param(1, marks=pytest.mark.thorough)])
@pytest.mark.parametrize(("channels", "mask"), ODD_MASKS)
def test_a_mask_that_no_loudspeakers_have_silences_no_microphone(
    channels: int, mask: int, outputs: int | None, tmp_path: Path
):
    """Recorders set any bits, as many as they have channels: ffmpeg refuses one of a pair, and drops a subwoofer."""
    source = recorder_wav(tmp_path / "a.wav", np.repeat(in_turns(channels), 3, axis=0), mask)
    track, sound = extract(source, AudioSettings(channels=outputs) if outputs else None)
    assert min(slots(sound)[1 : 3 * channels : 3]) > 0.1
    assert re.search(r"channels|no left and right", track.chosen_because)
