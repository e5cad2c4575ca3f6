"""Videos that were cut at their edges: found by what is heard or by small pictures, proved by a look, never kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.cut_videos import find_cut_videos
from media_assets.artifacts.duplicates.find.evidence import evidence_of
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets.artifacts.duplicates.values import DuplicateGroup
from media_assets_tests.artifacts.duplicates import labelled, scenes
from media_assets_tests.artifacts.duplicates.indexing import row_of, rows_of, second_look

CROP = "crop=iw*0.9:ih*0.9"


def groups_of(*files: Path) -> list[DuplicateGroup]:
    with second_look(files) as look:
        return duplicate_groups(rows_of(files), look=look)


def test_a_silent_video_that_was_cut_at_its_edges_is_a_candidate_and_another_is_none(tmp_path: Path):
    whole = scenes.write_film(tmp_path / "whole.mp4", scenes.film(21, 2.0, 1))
    cut = scenes.changed(whole, "cut.mp4", after=("-vf", CROP, *labelled.FAST))
    other = scenes.write_film(tmp_path / "other.mp4", scenes.film(22, 2.0, 1))
    evidence = [evidence_of(row) for row in rows_of([whole, cut, other])]
    found = find_cut_videos(range(3), evidence, SimilaritySettings(), lambda: None)
    assert (0, 1, 0, 0.0) in found
    assert 2 not in {file for part in found for file in part[:2]}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "change", "sound"),
    [
        ((), CROP, True),
        ((), "crop=iw*0.85:ih*0.9:0:ih*0.06,scale=trunc(iw*0.3)*2:-2", True),
        (("-t", "5.2"), f"hflip,{CROP}", True),
        ((), "crop=iw*0.92:ih:iw*0.03:0", False),
        ((), f"{CROP},scale=iw*2:-2", False),
        (("-t", "5.2"), CROP, False),
    ],
)
def test_a_video_that_was_cut_at_its_edges_is_grouped_with_the_whole(
    tmp_path: Path, before: tuple[str, ...], change: str, sound: bool
):
    whole = scenes.write_film(tmp_path / "whole.mp4", scenes.film(23, 6.0, 2), scenes.music(23, 6) if sound else None)
    cut = scenes.changed(whole, "cut.mp4", before=before, after=("-vf", change, *labelled.FAST))
    take = scenes.write_film(
        tmp_path / "take.mp4", scenes.film(23, 6.0, 2, take=99), scenes.music(23, 6) if sound else None
    )
    (group,) = groups_of(whole, cut, take)
    (member,) = group.members
    assert (group.keep_path, member.path) == (whole.name, cut.name)
    assert "cut at its edges" in member.reason
    assert "it shows the whole picture" in group.keep_because


@pytest.mark.thorough
def test_a_silent_video_is_found_in_the_whole_one_that_has_sound(tmp_path: Path):
    whole = scenes.write_film(tmp_path / "whole.mp4", scenes.film(24, 6.0, 2), scenes.music(24, 6))
    cut = scenes.changed(whole, "cut.mp4", after=("-an", "-vf", f"{CROP},scale=iw*2:-2", *labelled.FAST))
    (group,) = groups_of(whole, cut)
    assert group.keep_path == whole.name


@pytest.mark.thorough
def test_a_part_of_another_take_is_another_video(tmp_path: Path):
    whole = scenes.write_film(tmp_path / "whole.mp4", scenes.film(25, 6.0, 2), scenes.music(25, 6))
    take = scenes.write_film(tmp_path / "take.mp4", scenes.film(25, 6.0, 2, take=26), scenes.music(25, 6))
    files = [
        scenes.changed(take, name, after=(*mute, "-vf", CROP)) for name, mute in (("a.mp4", ()), ("b.mp4", ["-an"]))
    ]
    assert [group for group in groups_of(whole, *files) if whole.name == group.keep_path] == []


@pytest.mark.thorough
def test_of_a_longer_cut_video_and_a_shorter_whole_one_none_stands_for_the_other(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(27, 8.0, 2), scenes.music(27, 8))
    cut = scenes.changed(film, "cut.mp4", after=("-vf", CROP, *labelled.FAST))
    part = scenes.changed(film, "part.mp4", before=("-t", "6"))
    assert groups_of(cut, part) == []


def test_three_small_pictures_are_kept_of_a_video_and_none_of_what_is_black(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(28, 1.0, 1))
    black = scenes.write_film(tmp_path / "black.mp4", scenes.black(1.0))
    assert [len(evidence_of(row_of(path)).stills) for path in (film, black)] == [3, 0]
