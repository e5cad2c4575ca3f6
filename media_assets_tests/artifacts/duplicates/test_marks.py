"""Marks and mirrors: what one copy alone has over it, and drawings that are another thing in a mirror."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import zoom

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.pictures import Finding, look_at
from media_assets.artifacts.duplicates.look.tones import rgb_of
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets_tests.artifacts.duplicates import confusable, lettering, scenes
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

SMALL = {"width": 480, "height": 320}
_CORNERS = ("tag", "date", "digits")
"""Letterings that are a mark over a copy that has none."""


def found(one: Image.Image, other: Image.Image, orientation: int = 0) -> Finding:
    return look_at(np.asarray(one), np.asarray(other), orientation)


def encoded(picture: Image.Image) -> Image.Image:
    with io.BytesIO() as file:
        picture.save(file, "jpeg", quality=70)
        return Image.open(file).convert("RGB")


def grouped(files: list[Path], settings: DuplicateSettings | None = None):
    """Of each group what is kept, why, and the members by name with the reason; and the pairs that are none."""
    with second_look(files) as look:
        groups = duplicate_groups(rows_of(files), settings, look=look)
        pairs = {frozenset((pair.key.split(":")[1], pair.other_key.split(":")[1])): pair for pair in look.look_alikes}
    return [(g.keep_path, g.keep_because, {m.path: m.reason for m in g.members}) for g in groups], pairs


@pytest.mark.thorough
@pytest.mark.parametrize("name", lettering.LETTERINGS)
def test_two_copies_that_say_other_things_at_one_place_are_different_pictures(name: str):
    how, (words, others) = lettering.LETTERINGS[name]
    photo = confusable.photo(7)
    one, other = (lettering.lettered(photo, each, how) for each in (words, others))
    assert found(one, other).verdict == found(other, one).verdict == "different"
    bare = found(photo, other)
    assert bare.verdict == ("marked" if name in _CORNERS else "different")


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [174, 274])
def test_a_figure_more_in_letters_as_bright_as_the_ground_is_no_mark(seed: int):
    photo = confusable.photo(seed)  # orange on grey, and on a bright blue
    how, wordings = lettering.LETTERINGS["digits"]
    one, other = (encoded(lettering.lettered(photo, words, how)) for words in wordings)
    assert found(one, other).verdict == found(other, one).verdict == "different"


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [7, 172])
def test_a_subtitle_and_a_date_over_one_photo_are_no_one_mark(seed: int):
    # In the second the words stand on a place so dark that they follow the rule by which the date was mixed.
    photo = confusable.photo(seed)
    said, dated = (
        encoded(lettering.lettered(photo, lettering.LETTERINGS[name][1][0], lettering.LETTERINGS[name][0]))
        for name in ("subtitle", "date")
    )
    assert found(said, dated).verdict == found(dated, said).verdict == "different"


@pytest.mark.thorough
def test_a_caption_is_no_mark_and_a_date_in_a_corner_is_one_with_its_place():
    photo = confusable.photo(8, **SMALL)
    caption = lettering.lettered(photo, "Happy birthday, dear Anna", lettering.CAPTION)
    assert found(photo, caption).verdict == "different"
    date = confusable.marked(photo, "2024-05-17", 1.0, "corner", 0.06)
    seen = found(photo, date), found(date, photo)
    assert [(one.verdict, one.place, one.marked, one.covers) for one in seen] == [
        ("marked", "bottom right", 1, True),
        ("marked", "bottom right", 0, True),
    ]


@pytest.mark.thorough
def test_the_copy_without_a_mark_is_kept_though_the_marked_one_is_larger(tmp_path: Path):
    photo, mark = confusable.photo(6), confusable.MARKS["mark_middle.jpg"]
    bare = confusable.save(photo, tmp_path / "z_bare.jpg", 80)
    marked = confusable.save(confusable.marked(photo, *mark), tmp_path / "a_marked.jpg", 97)
    copy = confusable.save(Image.open(marked), tmp_path / "b_marked.jpg", 85)
    assert marked.stat().st_size > bare.stat().st_size
    ((kept, why, members),), _ = grouped([marked, bare, copy])
    assert (kept, why) == (bare.name, "there is no mark over it")
    assert members == dict.fromkeys((marked.name, copy.name), "the same picture, with a mark at the middle")


@pytest.mark.thorough
def test_two_dates_over_one_photo_are_merged_neither_with_each_other_nor_with_it(tmp_path: Path):
    photo = confusable.photo(9)
    bare = confusable.save(photo, tmp_path / "bare.png")
    stamped = [
        confusable.save(lettering.lettered(photo, words, lettering.DATE), tmp_path / f"{number}.jpg")
        for number, words in enumerate(lettering.LETTERINGS["date"][1])
    ]
    groups, pairs = grouped([bare, *stamped])
    assert groups == []
    assert set(pairs) == {
        frozenset(pair) for pair in (("0.jpg", "1.jpg"), ("bare.png", "0.jpg"), ("bare.png", "1.jpg"))
    }
    assert pairs[frozenset(("bare.png", "0.jpg"))].reason.startswith("of what stands at the bottom right, copies")


@pytest.mark.thorough
def test_two_half_transparent_dates_over_one_photo_are_no_copies_and_two_copies_of_one_are(tmp_path: Path):
    photo = confusable.photo(9)
    bare = confusable.save(photo, tmp_path / "bare.png")
    for number, words in enumerate(("2024-05-17", "2023-11-02")):
        dated = confusable.marked(photo, words, 0.5, "corner", 0.06)
        confusable.save(dated, tmp_path / f"{number}.jpg", 92)
        confusable.save(dated, tmp_path / f"{number}_again.jpg", 80)
    one, again = (tmp_path / f"0{name}.jpg" for name in ("", "_again"))
    ((kept, _, members),), _ = grouped([bare, one, again])
    assert (kept, set(members)) == (bare.name, {one.name, again.name})
    groups, pairs = grouped(sorted(tmp_path.iterdir()))
    stars = {frozenset((kept, *members)) for kept, _, members in groups}
    assert stars == {frozenset((f"{number}.jpg", f"{number}_again.jpg")) for number in (0, 1)}
    assert pairs[frozenset(("bare.png", "0.jpg"))].reason.startswith("of what stands at the bottom right, copies")


@pytest.mark.thorough
def test_a_marked_copy_and_a_smaller_one_without_the_mark_do_not_stand_for_each_other(tmp_path: Path):
    photo = confusable.photo(5)
    marked = confusable.save(confusable.marked(photo, "SAMPLE", 0.4, "middle", 0.12), tmp_path / "marked.jpg")
    small = confusable.save(photo.resize((480, 320)), tmp_path / "small.jpg")
    groups, pairs = grouped([marked, small])
    assert groups == []
    assert [pair.reason for pair in pairs.values()] == ["one has a mark at the middle, and the other has fewer pixels"]


@pytest.mark.parametrize("name", lettering.DRAWINGS)
def test_a_drawing_in_a_mirror_is_another_thing_and_its_copy_is_not(name: str):
    drawing = lettering.drawing(name)
    mirrored = drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    seen = found(drawing, mirrored, 1)
    assert (seen.verdict, seen.reason) == ("different", "mirrored or turned, which can be another thing in a drawing")
    assert found(drawing, encoded(drawing)).verdict == "same"


@pytest.mark.parametrize("seed", range(4, 10))
def test_black_around_an_x_ray_is_no_bar(seed: int):
    hand = lettering.drawing("xray", seed)
    mirrored = hand.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert found(hand, mirrored, 1).reason == "mirrored or turned, which can be another thing in a drawing"
    assert found(hand, encoded(hand)).verdict == "same"


@pytest.mark.parametrize("brightness", [1.0, 0.8])
def test_a_grey_photo_between_bars_is_the_same_in_a_mirror(brightness: float):
    photo = confusable.photo(3).convert("L").point(lambda value: value * brightness).convert("RGB")
    barred = Image.new("RGB", (photo.width * 7 // 5, photo.height * 13 // 10))
    barred.paste(photo, (photo.width // 5, photo.height * 3 // 20))
    mirrored = barred.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert found(barred, encoded(mirrored), 1).verdict == "same"


@pytest.mark.thorough
def test_an_arrow_in_four_directions_is_four_signs_that_are_listed(tmp_path: Path):
    sign = lettering.drawing("sign")
    signs = [confusable.save(sign.rotate(90 * turn), tmp_path / f"{turn}.png") for turn in range(4)]
    groups, pairs = grouped(signs)
    assert (groups, len(pairs)) == ([], 6)


@pytest.mark.thorough
def test_subtitles_in_two_languages_and_none_make_three_films(tmp_path: Path):
    labels = lettering.make_lettered_clips(tmp_path, range(1))
    films = [path for path in labels if path.stem.startswith("subtitled")]
    films.append(scenes.write_film(tmp_path / "bare.mp4", scenes.film(30, clips.SECONDS, 2)))
    assert grouped(films)[0] == []


@pytest.mark.thorough
def test_what_stands_or_shines_in_an_empty_room_all_the_time_is_no_mark(tmp_path: Path):
    labels = lettering.make_lettered_clips(tmp_path, range(1, 2))
    groups, pairs = grouped([path for path in labels if path.stem.startswith("hall")])
    assert (groups, len(pairs)) == ([], 3)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 6, 8, 9])
def test_an_opaque_logo_over_a_film_of_two_scenes_is_a_mark(tmp_path: Path, seed: int):
    film = scenes.write_film(tmp_path / "film.mp4", clips.film(seed))
    logo = scenes.write_film(tmp_path / "logo.mp4", clips.with_logo(clips.film(seed)))
    ((kept, why, members),), _ = grouped([film, logo])
    assert (kept, why) == (film.name, "there is no mark over it")
    assert members[logo.name].endswith(", with a mark at the top right")


def thing_before_a_wall(colours: tuple[float, float], noise: int, share: float) -> np.ndarray:
    """A thing with a texture, of a colour, before a wall with another; brightness is the same whatever the colour."""
    textures = np.random.default_rng(41)
    planes = np.zeros((240, 320, 3), np.float32)
    planes[..., 0] = 120 + 14 * zoom(textures.normal(0, 1, (60, 80)), 4, order=1)
    planes[..., 1:] = (-12, 9)
    rows, columns = np.mgrid[:240, :320]
    side = 240 * share**0.5
    planes[(np.abs(rows - 130) < side / 2) & (np.abs(columns - 150) < side / 2), 1:] = colours
    shown = rgb_of(planes) + np.random.default_rng(noise).normal(0, 2, planes.shape)
    return np.clip(shown, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.6])
@pytest.mark.parametrize("colours", [(-30, 8), (22, -20), (20, 45)])
def test_a_thing_in_another_hue_of_the_same_brightness_is_another_picture_and_has_no_mark(
    colours: tuple[float, float], share: float
):
    red = thing_before_a_wall((-10, 42), 1, share)
    assert look_at(red, thing_before_a_wall((-10, 42), 2, share)).verdict == "same"
    assert look_at(red, thing_before_a_wall(colours, 3, share)).verdict == "different"
