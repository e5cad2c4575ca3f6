"""Things in another colour, and copies in which only encoding changed the colours."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from media_assets.artifacts.duplicates.look.pictures import look_at
from media_assets.artifacts.duplicates.look.tones import has_one_hue, planes_of
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.confusable import PRODUCTS, photo, product
from media_assets_tests.artifacts.duplicates.test_look_at_videos import grouped

NEAREST = (("olive", "moss"), ("beige", "sand"), ("rust", "cinnamon"))


def encoded(picture: Image.Image, path: Path, quality: int) -> np.ndarray:
    picture.save(path, None, quality=quality)
    return np.asarray(Image.open(path).convert("RGB"))


@cache
def half(seed: int, colour: str) -> np.ndarray:
    return np.asarray(product(seed, colour).resize((450, 350)))


@pytest.mark.parametrize(
    ("colour", "other"), [*(pytest.param(*pair, marks=pytest.mark.thorough) for pair in pairwise(PRODUCTS)), *NEAREST]
)
def test_a_product_in_a_near_colour_is_another_picture(colour: str, other: str):
    assert look_at(half(1, colour), half(1, other)).verdict == "different"


@pytest.mark.thorough
@pytest.mark.parametrize("colour", ["olive", "beige", "navy"])
@pytest.mark.parametrize(("name", "quality"), [("a.jpg", 85), ("a.jpg", 25), ("a.webp", 20)])
def test_a_coarser_copy_of_a_product_is_the_same(tmp_path: Path, colour: str, name: str, quality: int):
    picture = product(2, colour)
    assert look_at(np.asarray(picture), encoded(picture, tmp_path / name, quality)).verdict == "same"


@pytest.mark.thorough
def test_a_product_in_grey_is_no_grey_copy_of_it():
    picture = product(3, "rust")
    assert look_at(np.asarray(picture), np.asarray(picture.convert("L").convert("RGB"))).verdict == "different"


@pytest.mark.thorough
@pytest.mark.parametrize("saturation", [0.0, 0.7, 1.3])
def test_a_photo_that_was_made_more_or_less_colourful_is_the_same(saturation: float):
    picture = photo(4)
    assert not has_one_hue(planes_of(np.asarray(picture)))
    changed = ImageEnhance.Color(picture).enhance(saturation)
    assert look_at(np.asarray(picture), np.asarray(changed)).verdict == "same"


@pytest.mark.parametrize("size", [(3, 5), (8, 3), (1, 1), (9, 9)])
def test_pictures_of_some_pixels_are_compared(size: tuple[int, int]):
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    assert look_at(pixels, pixels).verdict in ("same", "different")


@pytest.mark.thorough
def test_videos_of_a_product_in_two_colours_are_two_and_their_copies_are_found(tmp_path: Path):
    files = []
    for colour in ("olive", "moss"):
        small = product(1, colour).resize((400, 312))
        frames = [np.asarray(small.crop((4 * step, 0, 320 + 4 * step, 180))) for step in range(20)] * 2
        files.append(scenes.write_film(tmp_path / f"{colour}.mp4", np.stack(frames)))
        files.append(scenes.changed(files[-1], "q28.mp4", after=("-c:v", "libx264", "-crf", "28")))
    assert sorted(map(sorted, grouped(files)[0])) == [
        ["moss.mp4", "moss_q28.mp4"],
        ["olive.mp4", "olive_q28.mp4"],
    ]
