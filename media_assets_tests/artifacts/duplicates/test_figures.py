"""Small copies of pages: of two that may differ in one figure, none is a copy of the other."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from media_assets.artifacts.duplicates.look.figures import TOO_COARSE, height_of_words
from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.artifacts.duplicates.look.still_look import look_at_stills
from media_assets.artifacts.duplicates.look.stills import Still
from media_assets_tests.artifacts.duplicates import confusable

ENCODINGS = {"png": ("PNG", 0), "q70": ("JPEG", 70), "q40": ("JPEG", 40), "webp": ("WEBP", 60)}
_WORDS = ("Paper", "Toner", "Cable", "Lamp", "Chair", "Folder")


def encoded(picture: Image.Image, encoding: str) -> Still:
    format_name, quality = ENCODINGS[encoding]
    written = BytesIO()
    picture.save(written, format_name, quality=quality)
    return Still.of(np.asarray(Image.open(written).convert("RGB")).copy())


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)


def looked(first: tuple[Image.Image, str], second: tuple[Image.Image, str]) -> Finding:
    return look_at_stills(encoded(*first), encoded(*second))


def chat(minutes: int = 31) -> Image.Image:
    """A chat whose times are small and grey, one of which may be another."""
    page = Image.new("RGB", (480, 640), (236, 229, 221))
    draw = ImageDraw.Draw(page)
    for row in range(9):
        left = 20 + 160 * (row % 2)
        draw.rounded_rectangle((left, 12 + 68 * row, left + 280, 66 + 68 * row), 10, "white")
        words = f"{_WORDS[row % 6]} {_WORDS[(row * 5 + 2) % 6]} {173 * row + 12}"
        draw.text((left + 12, 18 + 68 * row), words, (20, 20, 20), ImageFont.load_default(22))
        time = f"1{row}:{minutes if row == 4 else 20 + 3 * row}"
        draw.text((left + 220, 44 + 68 * row), time, (110, 110, 110), ImageFont.load_default(16))
    return page


def sheet(changed: int = 0) -> Image.Image:
    """A spreadsheet in small print, one figure of which may be another."""
    page = Image.new("RGB", (800, 480), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    figures = np.random.default_rng(4).integers(100, 99_999, (20, 8))
    figures[7, 3] += changed
    for row, line in enumerate(figures):
        draw.line((0, 24 * row, 800, 24 * row), (205, 205, 205))
        for column, figure in enumerate(line):
            draw.text((100 * column + 8, 24 * row + 4), str(figure), (20, 20, 20), font)
    return page


PAGES = {
    "chat": (chat(), chat(36)),
    "sheet": (sheet(), sheet(5)),
    "screenshot": tuple(confusable.table_of_numbers(2, (400, 1600), changed=changed) for changed in (False, True)),
    "invoice": (confusable.invoice(3, width=826), confusable.invoice(3, 100, width=826)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", PAGES)
def test_half_size_copies_of_two_pages_that_differ_in_one_figure_are_no_copies_of_one_another(kind: str):
    page, other = PAGES[kind]
    for one, second in (("png", "png"), ("q70", "q70"), ("q70", "q40"), ("webp", "q70")):
        found = looked((scaled(page, 0.5), one), (scaled(other, 0.5), second))
        assert found.verdict == "different", (one, second)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", PAGES)
def test_a_half_size_copy_of_a_page_is_one_of_it_and_not_of_that_with_another_figure(kind: str):
    page, other = PAGES[kind]
    for encoding in ("q70", "webp"):
        assert looked((page, "png"), (scaled(page, 0.5), encoding)).verdict == "same", encoding
        assert looked((other, "png"), (scaled(page, 0.5), encoding)).verdict == "different", encoding


@pytest.mark.thorough
@pytest.mark.parametrize("kind", PAGES)
def test_of_a_quarter_of_a_page_whose_letters_are_too_small_nothing_is_a_copy(kind: str):
    page, other = PAGES[kind]
    for factor in (0.25, 0.15):
        for encoding in ("webp", "q70"):
            found = looked((other, "png"), (scaled(page, factor), encoding))
            assert found.verdict == "different", (factor, encoding)
    assert looked((page, "png"), (scaled(page, 0.15), "q40")).reason == TOO_COARSE


@pytest.mark.parametrize(("factor", "height"), [(1.0, 11), (0.5, 5.5), (0.25, 3)])
def test_the_height_of_small_words_is_measured_upright_and_turned(factor: float, height: float):
    page = np.asarray(scaled(chat(), factor).convert("L")).astype(np.float32)
    for turned in (page, np.ascontiguousarray(page.T)):
        measured = height_of_words(turned)
        assert measured is not None
        assert measured == pytest.approx(height, abs=1.5)


def test_a_photo_has_no_words():
    assert height_of_words(np.full((200, 300), 128, np.float32)) is None
