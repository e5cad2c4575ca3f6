"""The second look: what differs in a detail is another picture, what was only encoded, scaled, cut or marked is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.memory import LookMemory
from media_assets.artifacts.duplicates.look.pictures import Finding, look_at, seen
from media_assets_tests.artifacts.duplicates import confusable, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look


def found(one: Image.Image, other: Image.Image, orientation: int = 0) -> str:
    return look_at(np.asarray(one.convert("RGB")), np.asarray(other.convert("RGB")), orientation).verdict


def encoded(picture: Image.Image, folder: Path, name: str, *arguments: str) -> Image.Image:
    """A picture as it comes back from ffmpeg."""
    path = confusable.save(picture, folder / "picture.png")
    return Image.open(scenes.changed(path, name, after=arguments)).convert("RGB")


SMALL = {"width": 480, "height": 320}


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["q30.jpg", "half.jpg", "grey.jpg", "bright.jpg", "barred.jpg"])
def test_a_copy_in_another_encoding_size_or_tone_is_the_same(tmp_path: Path, name: str):
    picture = confusable.photo(1, **SMALL)
    assert found(picture, encoded(picture, tmp_path, name, *confusable.PICTURE_CHANGES[name])) == "same"


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "orientation"), [("mirrored_small.jpg", 1), ("turned.jpg", 5)])
def test_a_copy_that_is_turned_is_the_same(tmp_path: Path, name: str, orientation: int):
    picture = confusable.photo(2, **SMALL)
    assert found(picture, encoded(picture, tmp_path, name, *confusable.PICTURE_CHANGES[name]), orientation) == "same"


@pytest.mark.thorough
@pytest.mark.parametrize("name", confusable.CUTS)
def test_what_was_cut_at_its_edges_is_found_in_the_whole(tmp_path: Path, name: str):
    picture = confusable.photo(3, **SMALL)
    cut = encoded(picture, tmp_path, name, *confusable.CUTS[name])
    assert found(picture, cut) == "cut"
    assert found(cut, picture) == "cut"


@pytest.mark.thorough
def test_frames_are_laid_as_those_before_them_where_they_fit_so_and_anew_where_they_do_not():
    before, picture = (np.asarray(confusable.photo(seed, **SMALL)) for seed in (5, 6))
    cut = (slice(20, 300), slice(40, 460))
    known = seen(before, before[cut]).laying
    assert known is not None
    # They fit at many places: which it is, only the frame before tells.
    tiles = np.tile(picture[:40, :40], (8, 12, 1))
    there, elsewhere = seen(tiles, tiles[cut], known=known), seen(picture, picture[:280, :420], known=known)
    assert there.laying is not None
    assert elsewhere.laying is not None
    assert (there.finding.verdict, elsewhere.finding.verdict) == ("cut", "cut")
    assert there.laying.box == pytest.approx(known.box, abs=0.002)
    assert elsewhere.laying.box == pytest.approx((0, 0, 420 / 480, 280 / 320), abs=0.002)


@pytest.mark.thorough
@pytest.mark.parametrize("mark", confusable.MARKS.values(), ids=confusable.MARKS)
def test_a_mark_over_a_picture_is_told_from_a_thing_in_it(mark: tuple[str, float, str, float]):
    picture = confusable.photo(4)
    assert found(picture, confusable.marked(picture, *mark)) == "marked"
    assert found(confusable.marked(picture, *mark), picture) == "marked"


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(4))
def test_a_new_thing_in_a_scene_makes_another_picture(seed: int):
    room = confusable.photo(120 + seed, **SMALL)
    assert found(room, confusable.with_object(room, seed)) == "different"


@pytest.mark.thorough
def test_a_date_that_is_another_date_is_no_mark():
    picture = confusable.photo(5)
    one, other = (confusable.marked(picture, day, 1.0, "corner", 0.05) for day in ("2024-05-17", "2024-06-28"))
    assert found(one, other) == "different"


@pytest.mark.thorough
def test_eyes_that_are_open_and_closed_make_two_pictures():
    assert found(confusable.portrait(1, is_awake=True), confusable.portrait(1, is_awake=False)) == "different"


@pytest.mark.thorough
def test_the_shots_of_a_burst_are_different_pictures():
    assert found(confusable.burst(1, 0), confusable.burst(1, 1)) == "different"


@pytest.mark.parametrize(("one", "other"), [("red", "green"), ("red", "black"), ("navy", "black"), ("navy", "green")])
def test_a_figure_in_another_colour_is_another_picture(one: str, other: str):
    assert found(confusable.silhouette(1, one), confusable.silhouette(1, other)) == "different"


@pytest.mark.thorough
@pytest.mark.parametrize("colour", ["red", "navy", "green", "black"])
def test_a_figure_on_white_is_found_in_coarse_and_small_copies_and_in_no_other_colour(tmp_path: Path, colour: str):
    figure, grey = confusable.silhouette(11, colour), confusable.silhouette(11, "black")
    coarse = encoded(figure, tmp_path, "coarse.jpg", "-q:v", "12")
    small = encoded(grey, tmp_path, "small.jpg", "-vf", "scale=iw/2:-2", "-q:v", "5")
    assert (found(figure, coarse), found(figure, small)) == ("same", "same" if colour == "black" else "different")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [1240, 500])
def test_a_page_with_another_number_is_another_page(tmp_path: Path, width: int):
    page, other = confusable.invoice(1, width=width), confusable.invoice(1, 100, width=width)
    copy = encoded(page, tmp_path, "copy.jpg", "-q:v", "6")
    assert (found(page, copy), found(other, copy)) == ("same", "different")


@pytest.mark.thorough
def test_pages_are_grouped_with_their_copies_alone(tmp_path: Path):
    labels = confusable.make_pages(tmp_path, range(1))
    with second_look(labels) as look:
        groups = duplicate_groups(rows_of(labels), look=look)
        assert look.look_alikes
    members = [sorted([group.keep_path, *(member.path for member in group.members)]) for group in groups]
    contents = {name: sorted(path.name for path, label in labels.items() if label == name) for name in labels.values()}
    assert sorted(members) == sorted(contents.values())


@pytest.mark.thorough
def test_a_copy_is_told_from_another_page_of_the_kind(tmp_path: Path):
    page, other = confusable.invoice(2, width=400), confusable.invoice(2, 100, width=400)
    copy = encoded(page, tmp_path, "copy.jpg", "-q:v", "4")
    assert (found(page, copy), found(other, copy)) == ("same", "different")


def test_what_cannot_be_looked_at_is_not_merged_and_the_reason_said(tmp_path: Path):
    picture = confusable.save(confusable.photo(1, **SMALL), tmp_path / "a.png")
    copy = scenes.changed(picture, "copy.jpg", after=("-q:v", "5"))
    rows = rows_of([picture, copy])
    copy.write_bytes(b"no picture any more")
    with second_look([picture, copy]) as look:
        assert duplicate_groups(rows, look=look) == []
        (pair,) = look.look_alikes
    assert pair.reason.startswith("not looked at: films:a_copy.jpg ")


def test_two_files_that_are_offered_in_both_orders_are_listed_once(tmp_path: Path):
    made = [tmp_path / "a.png", tmp_path / "b.png"]
    for seed, path in enumerate(made):
        confusable.photo(seed, width=120, height=80).save(path)
    first, second = rows_of(made)
    seen = Likeness(0.97, 0, 0.0, "the same picture")
    with second_look(made) as look:
        assert look(first, second, seen) is None
        assert look(second, first, seen) is None
        assert [(pair.key, pair.other_key) for pair in look.look_alikes] == [("films:a.png", "films:b.png")]


def test_what_was_seen_is_remembered_and_a_damaged_memory_is_none(tmp_path: Path):
    path = tmp_path / "state" / "looks.json"
    memory = LookMemory(path)
    memory.put("a b 0", Finding("cut", "", 0.81))
    memory.save()
    assert LookMemory(path).get("a b 0") == Finding("cut", "", 0.81)
    assert LookMemory(path).get("a c 0") is None
    path.write_text('{"format": 4, "found": {"a b 0": [1, 2, 3, 4, 5, 6]}')
    assert LookMemory(path).get("a b 0") is None


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["tif", "webp"])
def test_scans_and_animations_whose_first_pictures_are_alike_are_not_the_same(ending: str, tmp_path: Path):
    first, second, third = (confusable.photo(seed, **SMALL) for seed in (41, 42, 43))
    made = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
    for path, more in zip(made, (second, third), strict=True):
        first.save(path, save_all=True, append_images=[more], lossless=True, duration=300)
    alone = tmp_path / "alone.png"
    first.save(alone)
    with second_look([*made, alone]) as look:
        assert duplicate_groups(rows_of([*made, alone]), look=look) == []
        assert look.look_alikes
