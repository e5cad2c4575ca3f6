"""Which of two copies of a sound is kept: what is lossless, has no silence around it, or is played at its own speed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.values import DuplicateGroup
from media_assets_tests.artifacts.duplicates import labelled, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of
from media_assets_tests.artifacts.duplicates.scenes import changed


def group_of(*files: Path) -> DuplicateGroup:
    (group,) = duplicate_groups(rows_of(files))
    return group


def sound(folder: Path, seconds: int = 20) -> Path:
    return scenes.write_sound(folder / "sound.wav", scenes.music(71, seconds))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name, silence",
    [("before.mp3", ("-af", "adelay=3000")), ("behind.mp3", ("-af", "apad=pad_dur=3")), ("none.mp3", ())],
)
def test_what_is_lossless_is_kept_before_a_lossy_copy_with_silence_around_it(
    tmp_path: Path, name: str, silence: tuple[str, ...]
) -> None:
    lossless = changed(sound(tmp_path), "same.flac", after=("-ar", "44100"))
    lossy = changed(lossless, name, after=(*silence, "-b:a", "320k"))
    group = group_of(lossy, lossless)
    added = "no black or silence was added to its ends" if silence else "it is lossless"
    assert (group.keep_path, group.keep_because) == (lossless.name, added)
    (member,) = group.members
    assert "plays" not in member.reason


@pytest.mark.thorough
def test_a_longer_lossy_recording_is_kept_before_a_lossless_part_and_the_loss_is_named(tmp_path: Path) -> None:
    whole = changed(sound(tmp_path), "whole.mp3", after=("-b:a", "192k"))
    part = changed(sound(tmp_path), "part.flac", ("-ss", "3"))
    group = group_of(whole, part)
    assert (group.keep_path, group.keep_because) == (whole.name, "it is the whole recording")
    assert "is lossless, and the kept one is not" in group.members[0].reason


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["telephone.wav", "words.wav"])
def test_samples_for_a_telephone_or_for_a_program_that_hears_words_are_not_kept_for_being_lossless(
    tmp_path: Path, name: str
) -> None:
    how = {"telephone.wav": ("-ar", "8000", "-c:a", "pcm_mulaw"), "words.wav": ("-ar", "16000")}[name]
    recording = changed(sound(tmp_path), "recording.m4a", after=("-b:a", "128k", "-bitexact"))
    samples = changed(recording, name, after=how)
    assert group_of(samples, recording).keep_path == recording.name


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["faster.mp3", "slower.mp3", "pal.mp3"])
def test_the_recording_is_kept_before_a_later_copy_at_another_speed_whatever_its_bit_rate(
    tmp_path: Path, name: str
) -> None:
    recording = changed(sound(tmp_path, 30), "recording.mp3", after=("-b:a", "96k"))
    copy = changed(recording, name, after=(*labelled.FASTER_SOUNDS[name], "-b:a", "192k"))
    os.utime(recording, (1_700_000_000, 1_700_000_000))
    os.utime(copy, (1_700_000_900, 1_700_000_900))
    group = group_of(copy, recording)
    assert (group.keep_path, group.keep_because) == (recording.name, "it is older than the copy at another speed")
    assert "played about" in group.members[0].reason


@pytest.mark.thorough
def test_a_lossless_recording_is_kept_before_an_older_lossy_copy_at_another_speed(tmp_path: Path) -> None:
    recording = changed(sound(tmp_path, 30), "same.flac")
    copy = changed(recording, "faster.mp3", after=(*labelled.FASTER_SOUNDS["faster.mp3"], "-b:a", "320k"))
    os.utime(copy, (1_500_000_000, 1_500_000_000))
    group = group_of(copy, recording)
    assert (group.keep_path, group.keep_because) == (recording.name, "it is lossless")
