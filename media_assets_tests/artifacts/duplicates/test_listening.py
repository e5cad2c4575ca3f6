"""Listening to two sounds: other words make another recording, what encoding does to a sound does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates import confusable_sounds, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

_RATE = scenes.SAMPLE_RATE
LIBRARY = Path(__file__).parents[3] / "samples/library"


def grouped(*files: Path) -> tuple[list[list[str]], list[str]]:
    """The names in each group, and why pairs are none."""
    with second_look(files) as look:
        groups = duplicate_groups(rows_of(files), look=look)
    found = [sorted([group.keep_path, *(member.path for member in group.members)]) for group in groups]
    return sorted(found), [pair.reason for pair in look.look_alikes]


def said_after(music: np.ndarray, seed: int) -> np.ndarray:
    return np.concatenate([music, scenes.music(seed, 3)])


@pytest.mark.thorough
def test_a_jingle_before_other_words_is_another_recording_than_its_copies(tmp_path: Path):
    jingle = scenes.music(1, 18)
    one = scenes.write_sound(tmp_path / "one.wav", said_after(jingle, 51))
    other = scenes.write_sound(tmp_path / "other.wav", said_after(jingle, 52))
    copy = scenes.changed(one, "copy.mp3", after=("-b:a", "48k"))
    groups, reasons = grouped(one, other, copy)
    assert groups == [["one.wav", "one_copy.mp3"]]
    assert reasons
    assert all("their sound differs" in reason for reason in reasons)


@pytest.mark.thorough
def test_another_voice_under_the_same_music_is_another_recording(tmp_path: Path):
    music = scenes.music(1, 12)
    files = [scenes.write_sound(tmp_path / "music.wav", music)]
    for seed in (61, 62):
        voice = np.zeros_like(music)
        voice[4 * _RATE : 7 * _RATE] = scenes.music(seed, 3)[: 3 * _RATE] * 0.3
        files.append(scenes.write_sound(tmp_path / f"voice{seed}.wav", music + voice))
    groups, reasons = grouped(*files)
    assert groups == []
    assert len(reasons) == 3


def speech(number: int, seconds: float) -> np.ndarray:
    """Somebody of the sample library speaks, at level 1."""
    path = LIBRARY / ("talks/looking-after-recordings.mp4", "talks/spring-weather.webm")[number]
    output = ("-vn", "-ac", "1", "-ar", str(_RATE), "-f", "s16le", "-")
    sound = np.frombuffer(media.ffmpeg("-ss", "2", "-t", str(seconds), "-i", path, *output), "<i2").astype(float)
    return np.asarray(sound[: round(seconds * _RATE)] / np.sqrt((sound**2).mean()))


@pytest.mark.thorough
@pytest.mark.parametrize("below_decibels", [20, 28])
def test_quiet_speech_under_loud_music_is_told_apart_in_lossy_copies_and_each_found_in_a_poorer_copy(
    tmp_path: Path, below_decibels: int
) -> None:
    music = scenes.music(3, 13)
    level = np.sqrt((music**2).mean()) * 10 ** (-below_decibels / 20)
    files = []
    for number in (0, 1):
        spoken = scenes.write_sound(tmp_path / f"said{number}.wav", music + level * speech(number, 13))
        files += [scenes.changed(spoken, "good.m4a", after=("-ar", "44100", "-c:a", "aac", "-b:a", "128k"))]
        poor = ("-c:a", "aac", "-b:a", "48k")
        files += [scenes.changed(spoken, "poor.m4a", after=poor)] if not number else []
    groups, reasons = grouped(*files)
    assert groups == [["said0_good.m4a", "said0_poor.m4a"]]
    assert all("sound differs" in reason for reason in reasons)
    assert below_decibels < 25 or any("faintly" in reason for reason in reasons)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name, coarse, seconds",
    [
        ("coarse.m4a", ("-c:a", "aac", "-b:a", "48k"), 13),
        ("coarse.mp3", ("-b:a", "48k"), 13),
        ("coarse.opus", ("-c:a", "libopus", "-b:a", "32k"), 13),
        ("short.m4a", ("-c:a", "aac", "-b:a", "48k"), 8),
    ],
)
def test_quiet_speech_under_loud_music_is_told_apart_also_in_coarse_copies(
    tmp_path: Path, name: str, coarse: tuple[str, ...], seconds: int
) -> None:
    music = scenes.music(6, seconds)
    level = np.sqrt((music**2).mean()) * 0.1
    files = []
    for number in (0, 1):
        spoken = scenes.write_sound(tmp_path / f"said{number}.wav", music + level * speech(number, seconds))
        files += [spoken, scenes.changed(spoken, name, after=coarse)]
    groups, reasons = grouped(*files)
    assert groups == [[f"said{number}.wav", f"said{number}_{name}"] for number in (0, 1)]
    assert all("sound differs" in reason for reason in reasons)


@pytest.mark.thorough
def test_where_coarse_encoding_hides_what_is_said_two_sounds_are_not_merged(tmp_path: Path) -> None:
    music = scenes.music(3, 13)
    level = np.sqrt((music**2).mean()) * 0.1
    files = []
    for number in (0, 1):
        spoken = scenes.write_sound(tmp_path / f"said{number}.wav", music + level * speech(number, 13))
        coarse = ("-ar", "44100", "-c:a", "aac", "-b:a", "24k")
        files.append(scenes.changed(spoken, "coarse.m4a", after=coarse) if number else spoken)
    groups, reasons = grouped(*files)
    assert groups == []
    assert all("not decided" in reason for reason in reasons)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name, change",
    {
        "opus.opus": ("-c:a", "libopus", "-b:a", "24k"),
        "telephone.wav": ("-ar", "8000", "-c:a", "pcm_mulaw"),
        "quiet.m4a": ("-af", "volume=0.2", "-c:a", "aac"),
        "tones.mp3": ("-af", "bass=g=6,treble=g=-4", "-b:a", "64k"),
        "faster.mp3": ("-af", "atempo=1.05", "-b:a", "64k"),
        "later.flac": ("-af", "adelay=1500"),
        "opposite.wav": ("-af", "pan=stereo|c0=c0|c1=-1*c0"),
    }.items(),
)
def test_a_sound_that_was_changed_in_the_whole_is_still_the_same(tmp_path: Path, name: str, change: tuple[str, ...]):
    sound = scenes.write_sound(tmp_path / "sound.wav", scenes.music(3, 15))
    copy = scenes.changed(sound, name, after=change)
    assert grouped(sound, copy) == ([sorted([sound.name, copy.name])], [])


@pytest.mark.thorough
def test_a_recording_with_a_second_language_is_not_the_one_without(tmp_path: Path):
    one = scenes.write_sound(tmp_path / "one.wav", scenes.music(1, 12))
    second = scenes.write_sound(tmp_path / "second.wav", scenes.music(2, 12))
    both = tmp_path / "both.m4a"
    media.ffmpeg("-i", one, "-i", second, "-map", "0", "-map", "1", "-c:a", "aac", both)
    groups, reasons = grouped(one, both)
    assert groups == []
    assert reasons in (["they have 1 and 2 tracks of sound"], ["they have 2 and 1 tracks of sound"])


@pytest.mark.thorough
def test_one_film_with_other_words_is_another_film(tmp_path: Path):
    frames, music = clips.film(2), scenes.music(1, 20)
    spoken = music.copy()
    spoken[_RATE : 2 * _RATE] = scenes.music(9, 1)[:_RATE]
    one = scenes.write_film(tmp_path / "one.mp4", frames, music)
    other = scenes.write_film(tmp_path / "other.mp4", frames, spoken)
    copy = scenes.changed(one, "copy.mp4", after=("-crf", "34", "-c:a", "aac", "-b:a", "48k"))
    groups, reasons = grouped(one, other, copy)
    assert groups == [["one.mp4", "one_copy.mp4"]]
    assert all("sound differs" in reason for reason in reasons)


@pytest.mark.thorough
def test_muted_covered_and_other_words_are_told_and_coarse_copies_of_each_are_found(
    tmp_path: Path,
):
    labels = confusable_sounds.make_sounds_that_differ(tmp_path, range(1))
    files = [path for path, content in labels.items() if "under_music" not in content]
    groups, _ = grouped(*files)
    contents = sorted({labels[path] for path in files})
    assert groups == [[f"{content}.m4a", f"{content}_poor.m4a"] for content in contents]
