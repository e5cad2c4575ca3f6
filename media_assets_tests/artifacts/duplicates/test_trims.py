"""Recordings that were cut short: grouped with the whole, which is kept, whatever else speaks for the shorter one."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.values import DuplicateGroup
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.indexing import row_of, rows_of, second_look


def group_of(*files: Path, root: Path | None = None) -> DuplicateGroup:
    with second_look(files, root) as look:
        (group,) = duplicate_groups(rows_of(files, root), look=look)
    return group


@pytest.mark.thorough
@pytest.mark.parametrize("trim", [("-t", "10"), ("-ss", "2")], ids=["end", "beginning"])
def test_of_a_song_and_its_part_in_better_quality_the_song_is_kept(trim: tuple[str, str], tmp_path: Path):
    original = scenes.write_sound(tmp_path / "song.wav", scenes.music(71, 12))
    whole = scenes.changed(original, "whole.mp3", after=("-b:a", "96k"))
    part = scenes.changed(original, "part.wav", before=trim)
    copy = scenes.changed(original, "part.mp3", before=trim, after=("-b:a", "64k"))
    assert (row_of(part).bit_rate or 0) > (row_of(whole).bit_rate or 0)
    group = group_of(part, whole, copy)
    assert group.keep_path == whole.name
    assert group.keep_because == "it is the whole recording"
    assert {member.path for member in group.members} == {part.name, copy.name}


@pytest.mark.thorough
def test_of_a_film_and_its_larger_part_the_film_is_kept_and_one_that_lost_its_sound_stands_for_neither(tmp_path: Path):
    original = scenes.write_film(tmp_path / "film.mp4", scenes.film(3, 14.0), scenes.music(3, 14))
    small = scenes.changed(original, "small.mp4", after=("-vf", "scale=iw/2:-2", "-c:a", "copy"))
    silent = scenes.changed(original, "silent.mp4", after=("-an", "-c:v", "copy"))
    part = scenes.changed(original, "part.mp4", after=("-t", "12"))
    assert group_of(part, small).keep_path == small.name
    with second_look([part, silent]) as look:
        assert duplicate_groups(rows_of([part, silent]), look=look) == []
        assert "each would be lost" in look.look_alikes[0].reason


@pytest.mark.thorough
def test_a_whole_recording_in_a_bin_is_not_kept(tmp_path: Path):
    original = scenes.write_sound(tmp_path / "song.wav", scenes.music(72, 12))
    part = scenes.changed(original, "part.wav", before=("-t", "10"))
    (tmp_path / "#recycle").mkdir()
    binned = original.rename(tmp_path / "#recycle" / "song.wav")
    assert group_of(part, binned, root=tmp_path).keep_path == part.name


@pytest.mark.thorough
def test_of_two_recordings_that_overlap_neither_stands_for_the_other_but_for_both_the_whole(tmp_path: Path):
    whole = scenes.write_film(tmp_path / "whole.mp4", scenes.film(4, 14.0), scenes.music(4, 14))
    early = scenes.changed(whole, "early.mp4", after=("-t", "11"))
    late = scenes.changed(whole, "late.mp4", before=("-ss", "3"))
    with second_look([early, late]) as look:
        assert duplicate_groups(rows_of([early, late]), look=look) == []
        assert "each plays what the other does not" in look.look_alikes[0].reason
    assert len(group_of(early, late, whole).members) == 2
