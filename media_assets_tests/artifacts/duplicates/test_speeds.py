"""Recordings that are played a little faster or slower than another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.sounds import SAMPLE_RATE, bands_of, decibels
from media_assets.artifacts.duplicates.look.tempo import Tempo, fitted
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates import confusable_sounds, labelled, scenes
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
def test_a_slower_video_of_which_the_times_of_frames_were_rounded_looks_the_same(tmp_path: Path):
    files = list(labelled.make_videos(tmp_path, [17], ()))
    files += labelled.make_faster_videos(tmp_path, [17], ("slower.mp4",))
    with second_look(files) as look:
        groups = duplicate_groups(rows_of(files), look=look)
    assert sorted([group.keep_path, *(member.path for member in group.members)] for group in groups) == [
        ["film17.mp4", "film17_slower.mp4"],
        ["lecture17.mp4", "lecture17_slower.mp4"],
    ]


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


def heard(samples: np.ndarray) -> np.ndarray:
    """What is heard of samples at the rate of the scenes, taken at that of the look."""
    at = np.arange(0, len(samples) - 1, scenes.SAMPLE_RATE / SAMPLE_RATE)
    return decibels(bands_of(np.interp(at, np.arange(len(samples)), samples).astype(np.float32)))


@pytest.mark.parametrize("begin", [Tempo(1.0, 0.0), Tempo(1.03, 20.0)])
def test_the_tempo_of_a_sound_is_told_to_a_step_over_its_whole_length(begin: Tempo):
    sound = scenes.music(91, 20)
    faster = np.interp(np.arange(0, len(sound) - 1, 1.042), np.arange(len(sound)), sound)
    found = fitted(heard(sound), heard(faster), begin)
    assert found.speed == pytest.approx(1.042, abs=4e-4)
    assert found.offset_steps == pytest.approx(0, abs=1)


def test_of_other_music_no_tempo_is_told():
    begin = Tempo(1.05, 3.0)
    assert fitted(heard(scenes.music(91, 8)), heard(np.zeros(8 * scenes.SAMPLE_RATE)), begin) == begin


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["faster.mp4", "faster_higher.mkv", "pal.mp4"])
def test_a_faster_video_is_listened_to_at_its_own_speed_and_pitch(tmp_path: Path, name: str):
    frames = scenes.film(93, 12.0)
    film = scenes.write_film(tmp_path / "film.mp4", frames, scenes.music(93, 12))
    copy = changed(film, name, after=labelled.FASTER_VIDEOS[name])
    other = scenes.write_film(tmp_path / "other.mp4", frames, scenes.music(94, 12))
    dubbed = changed(other, name, after=labelled.FASTER_VIDEOS[name])
    with second_look([film, copy, dubbed]) as look:
        groups = duplicate_groups(rows_of([film, copy, dubbed]), look=look)
    ((keep, members),) = [(group.keep_path, [member.path for member in group.members]) for group in groups]
    assert (keep, members) == (film.name, [copy.name])
    assert "played about" in groups[0].members[0].reason


@pytest.mark.thorough
def test_a_faster_video_at_another_pitch_is_not_merged_unless_it_is_listened_to(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(95, 12.0), scenes.music(95, 12))
    copy = changed(film, "faster_higher.mkv", after=labelled.FASTER_VIDEOS["faster_higher.mkv"])
    assert duplicate_groups(rows_of([film, copy])) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["faster.mp4", "letterbox.mp4"])
def test_a_clip_of_some_seconds_shares_frames_with_its_copies(tmp_path: Path, name: str):
    clip = scenes.write_film(tmp_path / "clip.mp4", clips.film(1))
    copy = changed(clip, name, *clips.CLIP_CHANGES[name])
    (group,) = duplicate_groups(rows_of([clip, copy]))
    assert len(group.members) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("speed", [1.05, 0.95, 25 / 23.976])
def test_sound_that_was_played_faster_with_its_pitch_is_listened_to_and_found(tmp_path: Path, speed: float):
    sound = scenes.write_sound(tmp_path / "sound.wav", scenes.music(96, 25))
    how = f"asetrate={scenes.SAMPLE_RATE * speed:.0f},aresample={scenes.SAMPLE_RATE}"
    files = [sound, changed(sound, "higher.m4a", after=("-af", how, "-b:a", "64k"))]
    other = scenes.write_sound(tmp_path / "other.wav", scenes.music(97, 25))
    files += [changed(other, "higher.m4a", after=("-af", how, "-b:a", "64k"))]
    with second_look(files) as look:
        (group,) = duplicate_groups(rows_of(files), look=look)
    (member,) = group.members
    assert (group.keep_path, member.path) == (sound.name, "sound_higher.m4a")
    assert member.reason.startswith("the same sound at another pitch, played about")
    assert duplicate_groups(rows_of(files)) == []


@pytest.mark.thorough
def test_another_quiet_voice_under_music_that_was_played_faster_with_its_pitch_is_told(tmp_path: Path):
    music = scenes.music(98, 16)
    level = np.sqrt((music**2).mean()) * 0.1
    one, other = (
        scenes.write_sound(tmp_path / f"{seed}.wav", music + level * confusable_sounds.voice(seed, 16))
        for seed in (1, 2)
    )
    how = f"asetrate={scenes.SAMPLE_RATE * 1.05:.0f},aresample={scenes.SAMPLE_RATE}"
    files = [one, changed(other, "higher.m4a", after=("-af", how, "-b:a", "64k"))]
    with second_look(files) as look:
        assert duplicate_groups(rows_of(files), look=look) == []
