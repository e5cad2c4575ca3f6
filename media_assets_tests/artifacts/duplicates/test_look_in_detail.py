"""The look in full detail: large pages, transparency, 16 bits, and borders that show nothing."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.differences import differences
from media_assets.artifacts.duplicates.look.pages import contents_of
from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.artifacts.duplicates.look.still_look import look_at_stills
from media_assets.artifacts.duplicates.look.stills import Still, read_still
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work
from media_assets_tests.artifacts.duplicates import confusable
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

SMALL = {"width": 480, "height": 320}
_NUMBERS = count()


def looked(one: Path, other: Path) -> Finding:
    """What a look at two files finds."""
    stills: list[Still] = []
    for path in (one, other):
        work = Work(path.parent)
        has_alpha = contents_of(path, None, work).has_alpha
        written = path.parent / f"decoded{next(_NUMBERS)}.pam"
        stills.append(read_still(FFmpeg(), path, None, written, work, has_alpha=has_alpha))
    return look_at_stills(stills[0], stills[1])


def cut_out(word: str) -> Image.Image:
    """A photo with letters cut out of it; its colours are the same whatever the word."""
    picture = confusable.photo(5, **SMALL)
    mask = Image.new("L", picture.size, 255)
    ImageDraw.Draw(mask).text((60, 60), word, 0, ImageFont.load_default(150))
    picture.putalpha(mask)
    return picture


def depths(more: float = 0.0, *, noise: int = 0) -> Image.Image:
    """A ball before a wall in 16 bits, with more in one place."""
    rows, columns = np.mgrid[:200, :300]
    values = 20000 + 60 * rows + 40 * columns + 9000 * ((columns - 150) ** 2 + (rows - 100) ** 2 < 45**2)
    values[50:80, 200:235] += round(more)
    if noise:
        values[50:80, 200:235] += np.random.default_rng(1).integers(0, noise, (30, 35))
    return Image.fromarray(values.astype(np.uint16))


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(400, 5200), (2600, 3900)], ids=["screenshot", "scan"])
def test_one_figure_of_a_large_page_makes_another_page(size: tuple[int, int], tmp_path: Path):
    page, other = (confusable.table_of_numbers(1, size, changed=changed) for changed in (False, True))
    page.save(tmp_path / "page.png")
    page.save(tmp_path / "copy.jpg", quality=30)
    page.resize((size[0] * 3 // 4, size[1] * 3 // 4)).save(tmp_path / "smaller.png")
    other.save(tmp_path / "other.png")
    assert looked(tmp_path / "page.png", tmp_path / "copy.jpg").verdict == "same"
    assert looked(tmp_path / "page.png", tmp_path / "other.png").verdict == "different"
    assert looked(tmp_path / "copy.jpg", tmp_path / "other.png").verdict == "different"
    if size[0] > 1600:
        assert looked(tmp_path / "page.png", tmp_path / "smaller.png").verdict == "same"


@pytest.mark.thorough
@pytest.mark.parametrize("kernel", [Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS])
@pytest.mark.parametrize("seed", [0, 3])
def test_a_long_screenshot_of_half_the_size_is_a_copy_of_its_own_and_not_of_one_with_another_figure(
    seed: int, kernel: Image.Resampling, tmp_path: Path
):
    for name, changed in (("page", False), ("other", True)):
        page = confusable.table_of_numbers(seed, (400, 5200), changed=changed)
        page.save(tmp_path / f"{name}.jpg", quality=85)
        page.resize((200, 2600), kernel).save(tmp_path / f"{name}_half.jpg", quality=70)
    for one, other, verdict in (
        ("page", "page", "same"),
        ("other", "other", "same"),
        ("page", "other", "different"),
        ("other", "page", "different"),
    ):
        assert looked(tmp_path / f"{one}.jpg", tmp_path / f"{other}_half.jpg").verdict == verdict


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["png", "webp", "tif", "gif", "avif"])
def test_other_letters_cut_out_make_another_picture(ending: str, tmp_path: Path):
    for word in ("YES", "NO"):
        cut_out(word).save(tmp_path / f"{word}.{ending}", lossless=True)
    cut_out("YES").save(tmp_path / "copy.png")
    assert looked(tmp_path / f"YES.{ending}", tmp_path / f"NO.{ending}").verdict == "different"
    assert looked(tmp_path / f"YES.{ending}", tmp_path / "copy.png").verdict == "same"


@pytest.mark.thorough
@pytest.mark.parametrize("colour", ["white", "black", "red"])
def test_a_picture_laid_on_one_colour_is_the_same_and_the_transparent_one_is_better(colour: str, tmp_path: Path):
    flat = Image.new("RGBA", (480, 320), colour)
    flat.alpha_composite(cut_out("YES"))
    flat.convert("RGB").save(tmp_path / "flat.jpg", quality=80)
    for word in ("YES", "NO"):
        cut_out(word).save(tmp_path / f"{word}.png")
    found = looked(tmp_path / "flat.jpg", tmp_path / "YES.png")
    assert (found.verdict, found.better) == ("same", 1)
    assert looked(tmp_path / "flat.jpg", tmp_path / "NO.png").verdict == "different"


@pytest.mark.thorough
def test_what_16_bits_tell_apart_are_two_pictures_and_a_copy_in_8_bits_is_one(tmp_path: Path):
    depths().save(tmp_path / "deep.png")
    depths(655).save(tmp_path / "one_percent.png")
    depths(noise=200).save(tmp_path / "low_byte.png")
    depths().save(tmp_path / "copy.tif")
    depths().resize((150, 100)).save(tmp_path / "half.png")
    Image.fromarray((np.asarray(depths()) // 257).astype(np.uint8)).save(tmp_path / "copy8.jpg", quality=85)
    for name in ("copy.tif", "half.png", "copy8.jpg"):
        assert looked(tmp_path / "deep.png", tmp_path / name).verdict == "same", name
    for name in ("one_percent.png", "low_byte.png"):
        assert looked(tmp_path / "deep.png", tmp_path / name).verdict == "different", name


@pytest.mark.thorough
@pytest.mark.parametrize("colour", ["white", "grey", "navy"])
def test_the_picture_with_more_pixels_inside_a_border_is_kept(colour: str, tmp_path: Path):
    picture = confusable.photo(7, 600, 400)
    picture.save(tmp_path / "plain.jpg", quality=92)
    picture.resize((480, 320)).save(tmp_path / "small.jpg", quality=92)
    framed = Image.new("RGB", (680, 470), colour)
    framed.paste(picture.resize((570, 380)), (55, 40))
    framed.save(tmp_path / "framed.png")
    files = [tmp_path / name for name in ("plain.jpg", "small.jpg", "framed.png")]
    with second_look(files) as look:
        (group,) = duplicate_groups(rows_of(files), look=look)
    assert group.keep_path == "plain.jpg"
    assert {member.path for member in group.members} == {"small.jpg", "framed.png"}


@pytest.mark.thorough
def test_a_picture_too_large_for_full_detail_is_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media_assets.artifacts.duplicates.look.stills.MOST_PIXELS", 3_000_000)
    page = confusable.table_of_numbers(1, (2600, 1900))
    page.save(tmp_path / "page.png")
    page.save(tmp_path / "copy.jpg", quality=90)
    found = looked(tmp_path / "page.png", tmp_path / "copy.jpg")
    assert (found.verdict, found.was_seen) == ("different", False)
    assert "not looked at in detail" in found.reason


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["log entry value={} ok", "{} 200 GET /index.html"])
def test_a_long_screenshot_of_even_lines_is_the_same_after_lossy_encoding(line: str, tmp_path: Path):
    page, other = (Image.new("RGB", (600, 4800), "white") for _ in range(2))
    for picture in (page, other):
        for row in range(160):
            figure = f"{row:03d} {line.format(row * 31 % 977 + (row == 90 and picture is other))}"
            ImageDraw.Draw(picture).text((50, 50 + 28 * row), figure, (20, 20, 20), ImageFont.load_default(18))
    page.save(tmp_path / "page.png")
    page.save(tmp_path / "page.jpg", quality=60)
    other.save(tmp_path / "other.png")
    assert looked(tmp_path / "page.png", tmp_path / "page.jpg").verdict == "same"
    assert looked(tmp_path / "other.png", tmp_path / "page.jpg").verdict == "different"


@pytest.mark.parametrize("brightness", [60.0, 160.0])
def test_a_thing_that_fills_the_only_even_place_of_a_picture_does_not_hide_itself(brightness: float):
    random = np.random.default_rng(8)
    still = random.normal(120, 18, (180, 320, 3)).repeat(1, axis=2).astype(np.float32)
    still[150:, 260:] = 100
    other = still.copy()
    other[158:172, 270:310] = brightness
    found = differences(still, other, drawn=False)
    assert not found.everywhere
    assert found.mask[160:170, 272:308].mean() > 0.9
    assert not found.mask[:140].any()
