"""Recordings that are played a little faster or slower than another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets_tests.artifacts.duplicates import labelled, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look
from media_assets_tests.artifacts.duplicates.scenes import changed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("faster.mp3", "5% faster"),
        pytest.param("slower.mp3", "5% slower", marks=pytest.mark.thorough),
        pytest.param("pal.mp3", "4% faster", marks=pytest.mark.thorough),
    ],
)
def test_sound_at_another_speed_and_the_same_pitch_is_the_same(tmp_path: Path, name: str, words: str):
    sound = scenes.write_sound(tmp_path / "sound.wav", scenes.music(81, 30))
    copy = changed(sound, name, after=labelled.FASTER_SOUNDS[name])
    (group,) = duplicate_groups(rows_of([sound, copy]))
    (member,) = group.members
    assert member.reason.endswith(f", played about {words}")


@pytest.mark.thorough
def test_other_music_of_nearly_the_same_length_is_not(tmp_path: Path):
    files = [scenes.write_sound(tmp_path / f"{seed}.wav", scenes.music(seed, 20 + seed % 80)) for seed in (80, 81)]
    assert duplicate_groups(rows_of(files)) == []


@pytest.mark.thorough
def test_the_same_music_with_another_end_is_not_a_faster_copy(tmp_path: Path):
    sound = scenes.music(82, 20)
    files = [
        scenes.write_sound(tmp_path / "a.wav", sound),
        scenes.write_sound(tmp_path / "b.wav", np.concatenate([sound[: 9 * scenes.SAMPLE_RATE], scenes.music(83, 12)])),
    ]
    assert duplicate_groups(rows_of(files)) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["faster.mp4", "slower.mp4"])
def test_a_video_at_another_speed_is_the_same(tmp_path: Path, name: str):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(84, 24.0), scenes.music(84, 24))
    copy = changed(film, name, after=labelled.FASTER_VIDEOS[name])
    mute = changed(film, f"mute_{name}", after=("-an", *labelled.FASTER_VIDEOS[name]))
    (group,) = duplicate_groups(rows_of([film, copy, mute]))
    assert {member.path for member in group.members} == {copy.name, mute.name}
    (reason,) = (member.reason for member in group.members if member.path == copy.name)
    assert "sound" in reason
    assert "played about" in reason


@pytest.mark.thorough
@pytest.mark.parametrize("seconds", [15.2, 16.8])
def test_another_lecture_before_the_same_camera_is_not_a_faster_copy(tmp_path: Path, seconds: float):
    first = scenes.write_film(tmp_path / "a.mp4", scenes.lecture(85, 16.0))
    other = scenes.write_film(tmp_path / "b.mp4", scenes.lecture(85, seconds, take=86))
    assert duplicate_groups(rows_of([first, other])) == []


@pytest.mark.thorough
def test_a_camera_that_sees_nothing_move_is_no_faster_copy_of_a_longer_while(tmp_path: Path):
    files = [
        scenes.write_film(tmp_path / f"{seconds}.mp4", scenes.scene(87, 87, seconds, actors=0)) for seconds in (16, 17)
    ]
    assert not any("played" in member.reason for group in duplicate_groups(rows_of(files)) for member in group.members)


@pytest.mark.thorough
def test_the_same_pictures_at_another_speed_below_other_sound_are_another_video(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(88, 16.0), scenes.music(88, 16))
    mute = changed(film, "mute.mp4", after=("-an", "-vf", "setpts=PTS/1.05", *labelled.FAST))
    voice = scenes.write_sound(tmp_path / "voice.wav", scenes.music(89, 16))
    dubbed = changed(mute, "dubbed.mp4", ("-i", str(voice)), ("-c:v", "copy", "-shortest"))
    assert duplicate_groups(rows_of([film, dubbed])) == []


@pytest.mark.thorough
def test_a_faster_video_is_looked_at_in_its_own_time(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(90, 44.0, 6))
    copy = changed(film, "faster.mp4", after=("-vf", "setpts=PTS/1.06", *labelled.FAST))
    with second_look([film, copy]) as look:
        (group,) = duplicate_groups(rows_of([film, copy]), look=look)
    (member,) = group.members
    assert "played about 6% faster" in member.reason
