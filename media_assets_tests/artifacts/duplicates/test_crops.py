"""Pictures that were cut at their edges: found by the windows of others, proved by a look, and never kept instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.crops import find_cuts
from media_assets.artifacts.duplicates.find.evidence import evidence_of
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets_tests.artifacts.duplicates import confusable, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

SMALL = {"width": 480, "height": 320}


@pytest.mark.thorough
def test_a_part_of_a_picture_is_a_candidate_and_other_pictures_are_none(tmp_path: Path):
    whole = confusable.photo(31, **SMALL)
    files = [
        confusable.save(picture, tmp_path / f"{number}.png")
        for number, picture in enumerate((whole, whole.crop((40, 10, 470, 300)), confusable.photo(32, **SMALL)))
    ]
    evidence = [evidence_of(row) for row in rows_of(files)]
    found = find_cuts(range(3), evidence, SimilaritySettings(), lambda: None)
    assert [(cut.outer, cut.inner, cut.orientation) for cut in found] == [(0, 1, 0)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "change",
    [
        "crop=iw*0.9:ih*0.9",
        "crop=iw*0.8:ih*0.85:0:ih*0.1,scale=iw*0.7:-2",
        "crop=iw*0.95:ih*0.95:iw*0.05:0,eq=brightness=0.05",
        "hflip,crop=iw*0.9:ih*0.9",
    ],
)
def test_what_was_cut_is_grouped_with_the_whole(tmp_path: Path, change: str):
    whole = confusable.save(confusable.photo(33, **SMALL), tmp_path / "whole.png")
    cut = scenes.changed(whole, "cut.jpg", after=("-vf", change, "-q:v", "4"))
    other = confusable.save(confusable.photo(34, **SMALL), tmp_path / "other.png")
    with second_look([whole, cut, other]) as look:
        (group,) = duplicate_groups(rows_of([whole, cut, other]), look=look)
    (member,) = group.members
    assert (group.keep_path, member.path) == (whole.name, cut.name)
    assert "of which one shows" in member.reason
    assert group.keep_because == "it shows the whole picture"


@pytest.mark.thorough
def test_a_part_that_has_more_pixels_is_not_kept_instead_of_the_whole(tmp_path: Path):
    whole = confusable.save(confusable.photo(35, **SMALL), tmp_path / "whole.png")
    cut = scenes.changed(whole, "cut.png", after=("-vf", "crop=iw*0.9:ih*0.9,scale=iw*2:-2"))
    with second_look([whole, cut]) as look:
        (group,) = duplicate_groups(rows_of([whole, cut]), look=look)
    assert (group.keep_path, group.keep_because) == (whole.name, "it shows the whole picture")


@pytest.mark.thorough
@pytest.mark.parametrize("colour", ["white", "black", "navy"])
def test_a_framed_copy_beside_an_enlarged_one_is_in_their_group(tmp_path: Path, colour: str):
    picture = confusable.photo(38, **SMALL)
    files = [confusable.save(picture, tmp_path / "picture.jpg")]
    files.append(confusable.save(picture.resize((720, 480)), tmp_path / "enlarged.jpg"))
    framed = Image.new("RGB", (524, 364), colour)
    framed.paste(picture, (22, 22))
    files.append(confusable.save(framed, tmp_path / "framed.jpg"))
    with second_look(files) as look:
        (group,) = duplicate_groups(rows_of(files), look=look)
    assert group.keep_path == "enlarged.jpg"
    assert {member.path for member in group.members} == {"picture.jpg", "framed.jpg"}


@pytest.mark.thorough
def test_the_whole_takes_an_enlarged_part_and_the_copies_of_that(tmp_path: Path):
    whole = confusable.save(confusable.photo(39, **SMALL), tmp_path / "whole.png")
    cut = scenes.changed(whole, "cut.png", after=("-vf", "crop=iw*0.9:ih*0.9,scale=iw*2:-2"))
    copy = scenes.changed(whole, "copy.jpg", after=("-vf", "crop=iw*0.9:ih*0.9", "-q:v", "4"))
    with second_look([whole, cut, copy]) as look:
        (group,) = duplicate_groups(rows_of([whole, cut, copy]), look=look)
    assert group.keep_path == "whole.png"
    assert {member.path for member in group.members} == {cut.name, copy.name}


@pytest.mark.thorough
def test_a_part_of_another_picture_of_the_room_is_not_grouped_and_the_reason_is_listed(tmp_path: Path):
    room = confusable.photo(36, **SMALL)
    whole = confusable.save(room, tmp_path / "room.png")
    other = confusable.with_object(room, 36).crop((0, 0, 432, 288))
    cut = confusable.save(other, tmp_path / "cut.png")
    with second_look([whole, cut]) as look:
        assert duplicate_groups(rows_of([whole, cut]), look=look) == []
        (pair,) = look.look_alikes
    assert {pair.key, pair.other_key} == {"films:room.png", "films:cut.png"}
    assert "they differ in" in pair.reason


@pytest.mark.thorough
def test_without_a_look_nothing_is_taken_for_a_part(tmp_path: Path):
    whole = confusable.save(confusable.photo(37, **SMALL), tmp_path / "whole.png")
    cut = scenes.changed(whole, "cut.png", after=("-vf", "crop=iw*0.85:ih*0.85"))
    assert duplicate_groups(rows_of([whole, cut])) == []
