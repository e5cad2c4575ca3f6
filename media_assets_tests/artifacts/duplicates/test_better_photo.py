"""Of two photos that are the same the better one is kept, however old or large the other is."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.losses import losses
from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.align import WHOLE
from media_assets.artifacts.duplicates.look.colours import colours_of
from media_assets.artifacts.duplicates.look.photo_grades import measured_in_photos
from media_assets.artifacts.duplicates.look.stills import Still
from media_assets.artifacts.duplicates.look.views import View
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets.artifacts.duplicates.values import Belongings
from media_assets_tests.artifacts.duplicates import confusable, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

_LONG_AGO = 1_000_000_000
_BICUBIC = Image.Resampling.BICUBIC


def kept(original: Path, copy: Path, settings: DuplicateSettings | None = None) -> tuple[str, str, str]:
    """Which file is kept, why, and what is said of the other; the copy is the older one."""
    os.utime(copy, (_LONG_AGO, _LONG_AGO))
    with second_look([original, copy]) as look:
        groups = duplicate_groups(rows_of([original, copy]), settings, look=look)
        if not groups:
            return "", "", look.look_alikes[0].reason
    ((member,),) = (group.members for group in groups)
    return groups[0].keep_path, groups[0].keep_because, member.reason


def saved(picture: Image.Image, path: Path, quality: int = 92) -> Path:
    picture.save(path, quality=quality)
    return path


# ---------------------------------------------------------------------------------------------------- colours


def test_a_grey_or_toned_picture_has_no_colours_and_a_photo_has() -> None:
    picture = confusable.photo(7, 240, 160)
    grey = np.asarray(picture.convert("L"), np.float32)[..., None]
    toned = np.clip(grey * np.array([1.1, 0.95, 0.75], np.float32) + (12, 4, 0), 0, 255).round().astype(np.uint8)
    assert colours_of([np.asarray(picture)]) > 3
    assert colours_of([np.repeat(grey, 3, axis=2).astype(np.uint8)]) < 0.1
    assert colours_of([toned]) < 1


@pytest.mark.thorough
@pytest.mark.parametrize("scale", [1.0, 1.1])
def test_the_photo_in_colour_is_kept_before_an_older_and_larger_one_in_grey(scale: float, tmp_path: Path) -> None:
    picture = confusable.photo(7, 240, 160)
    grey = picture.convert("L").resize((round(240 * scale), round(160 * scale)), Image.Resampling.BICUBIC)
    original, copy = saved(picture, tmp_path / "z.jpg"), saved(grey, tmp_path / "a.jpg", 97)
    assert kept(original, copy)[:2] == ("z.jpg", "it has its colours")


@pytest.mark.thorough
def test_neither_of_a_small_photo_in_colour_and_a_large_one_in_grey_stands_for_the_other(tmp_path: Path) -> None:
    picture = confusable.photo(7, 480, 320)
    original = saved(picture.resize((240, 160)), tmp_path / "z.jpg")
    copy = saved(picture.convert("L"), tmp_path / "a.jpg")
    assert kept(original, copy)[2] == "one has its colours, and the other more pixels; each would be lost"


@pytest.mark.thorough
def test_neither_of_a_cut_photo_in_colour_and_the_whole_in_grey_stands_for_the_other(tmp_path: Path) -> None:
    picture = confusable.photo(7, 480, 320)
    original = saved(picture.crop((30, 20, 450, 300)), tmp_path / "z.jpg")
    copy = saved(picture.convert("L"), tmp_path / "a.jpg")
    reason = "one has its colours, and the other shows or plays more; each would be lost"
    assert kept(original, copy)[2] == reason


@pytest.mark.thorough
def test_colours_that_go_by_a_rule_of_the_user_are_named(tmp_path: Path) -> None:
    picture = confusable.photo(7, 240, 160)
    original, copy = saved(picture, tmp_path / "z.jpg"), saved(picture.convert("L"), tmp_path / "a.jpg")
    path, because, reason = kept(original, copy, DuplicateSettings(prefer_paths=("films:a*",)))
    assert (path, because) == ("a.jpg", "its path is preferred")
    assert reason.endswith("; has colours, and the kept one is grey or toned")


@pytest.mark.thorough
def test_the_film_in_colour_is_kept_before_one_in_grey_of_more_bits(tmp_path: Path) -> None:
    original = scenes.write_film(tmp_path / "z.mp4", scenes.film(5, 4))
    copy = scenes.changed(original, "a.mp4", after=("-vf", "hue=s=0", "-crf", "5", "-preset", "ultrafast"))
    assert kept(original, copy)[:2] == ("z.mp4", "it has its colours")


# ----------------------------------------------------------------------------------------------------- detail


def real(name: str) -> Image.Image:
    """A photo by a camera, in colour: a temple in front of trees, or a dahlia."""
    from sklearn.datasets import load_sample_image

    return Image.fromarray(load_sample_image(name)).crop((0, 0, 520, 400))


def coded(picture: Image.Image, quality: int, name: str = "JPEG") -> Image.Image:
    file = io.BytesIO()
    picture.save(file, name, quality=quality)
    return Image.open(file).convert("RGB")


def noisy(picture: Image.Image, much: float) -> Image.Image:
    values = np.asarray(picture, np.float32)
    brightness = values.mean(axis=2, keepdims=True) / 255
    grain = (
        np.random.default_rng(4).normal(0, much, (*values.shape[:2], 1)) * 2 * np.sqrt(brightness * (1 - brightness))
    )
    return Image.fromarray(np.clip(values + grain, 0, 255).astype(np.uint8))


def scaled(picture: Image.Image, factor: float, way: Image.Resampling) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), way)


_WORSE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1)),
    "blurred more": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "smaller and larger": lambda picture: scaled(scaled(picture, 0.5, _BICUBIC), 2, _BICUBIC),
    "q20": lambda picture: coded(picture, 20),
    "q40": lambda picture: coded(picture, 40),
}
_NO_BETTER: dict[str, Callable[[Image.Image], Image.Image]] = {
    "sharpened": lambda picture: picture.filter(ImageFilter.UnsharpMask(3, 180, 2)),
    "sharpened twice": lambda picture: picture.filter(ImageFilter.UnsharpMask(2, 150, 0)).filter(
        ImageFilter.UnsharpMask(2, 150, 0)
    ),
    "with grain": lambda picture: noisy(picture, 15),
    "with more contrast": lambda picture: Image.eval(picture, lambda value: max(0, min(255, int(1.25 * value - 32)))),
    "coded and sharpened": lambda picture: coded(picture, 20).filter(ImageFilter.UnsharpMask(2, 150, 3)),
    "with harder edges": lambda picture: picture.filter(ImageFilter.EDGE_ENHANCE_MORE),
}


def told(original: Image.Image, copy: Image.Image) -> Measured:
    one, other = (View(Still.of(np.asarray(picture))) for picture in (original, copy))
    return measured_in_photos(one, other, (WHOLE, WHOLE))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "change"),
    [
        *(("china.jpg", change) for change in _WORSE),
        # What is around the flower is blurred of itself, and loses next to nothing at half the size.
        *(("flower.jpg", change) for change in _WORSE if change != "smaller and larger"),
    ],
)
def test_a_photo_that_lost_detail_is_told_whichever_comes_first(name: str, change: str) -> None:
    original = coded(real(name), 92)
    copy = coded(_WORSE[change](original), 97)
    assert told(original, copy).finer > 0.58
    assert told(copy, original).finer < -0.58


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
@pytest.mark.parametrize("size", [1.0, 2.0])
@pytest.mark.parametrize("change", _NO_BETTER)
def test_what_filters_and_noise_add_is_no_finer_detail(name: str, size: float, change: str) -> None:
    original = coded(scaled(real(name), size, Image.Resampling.LANCZOS), 90)
    assert told(original, coded(_NO_BETTER[change](original), 97)).finer >= 0


def test_how_long_a_photo_is_shown_is_no_loss(tmp_path: Path) -> None:
    one, other = rows_of(
        [saved(Image.new("RGB", (80, 60), name), tmp_path / f"{name}.jpg") for name in ("red", "blue")]
    )
    holds = other.holds or Belongings()
    stills, turning = (holds.model_copy(update={"frame_rate": rate}) for rate in (1.0, 25.0))
    kept_one, left = one.model_copy(update={"holds": stills}), other.model_copy(update={"holds": turning})
    assert losses(kept_one, left, Likeness(1.0, 0, 0.0, "the same picture")) == []


@pytest.mark.thorough
@pytest.mark.parametrize("way", [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_an_enlarged_photo_is_told_from_one_of_which_the_other_is_a_small_copy(way: Image.Resampling) -> None:
    large = coded(real("china.jpg"), 92)
    small = coded(scaled(large, 0.5, way), 90)
    assert told(small, large) == Measured()
    assert told(small, coded(scaled(small, 2, way), 95)).enlarged == 1


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("change", "ending", "because"),
    [
        ("blurred more", "jpg", "it shows finer detail"),
        ("q20", "jpg", "it shows finer detail"),
        ("q20", "png", "it shows finer detail"),
    ],
)
def test_the_photo_with_more_detail_is_kept_before_an_older_and_larger_one(
    change: str, ending: str, because: str, tmp_path: Path
) -> None:
    original = saved(real("china.jpg"), tmp_path / "z.jpg")
    copy = saved(_WORSE[change](Image.open(original)), tmp_path / f"a.{ending}", 97)
    assert kept(original, copy)[:2] == ("z.jpg", because)


@pytest.mark.thorough
def test_the_photo_that_was_not_enlarged_is_kept_before_an_older_one_of_more_pixels(tmp_path: Path) -> None:
    original = saved(real("china.jpg"), tmp_path / "z.jpg")
    copy = saved(scaled(Image.open(original), 2, _BICUBIC), tmp_path / "a.jpg", 97)
    path, because, reason = kept(original, copy)
    assert (path, because) == ("z.jpg", "it was not enlarged, and the other shows no more")
    assert reason.endswith("has more pixels (1040×800) than the kept one (520×400), which show no more")


@pytest.mark.thorough
def test_a_digital_zoom_that_names_its_camera_is_kept_before_a_small_copy_that_names_none(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
    zoomed = scaled(real("china.jpg"), 2, Image.Resampling.LANCZOS)
    zoomed.save(tmp_path / "z.jpg", quality=92, exif=exif)
    copy = saved(real("china.jpg").filter(ImageFilter.UnsharpMask(1, 40, 2)), tmp_path / "a.jpg", 90)
    assert kept(tmp_path / "z.jpg", copy)[:2] == ("z.jpg", "it has the higher resolution")


@pytest.mark.thorough
def test_of_a_large_photo_beside_a_small_copy_little_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()
    part = View.part

    def noted(view: View, rows: slice, columns: slice) -> np.ndarray:
        found = part(view, rows, columns)
        read.append(found.shape[0] * found.shape[1])
        return found

    monkeypatch.setattr(View, "part", noted)
    for large, small in (
        ((4800, 3200), (600, 400)),
        ((4800, 3200), (1200, 800)),
        ((4800, 3200), (300, 200)),
        ((2600, 3900), (1950, 2925)),
    ):
        told(Image.new("RGB", large), Image.new("RGB", small))
        assert max(read, default=0) <= 1024**2


@pytest.mark.thorough
def test_of_a_sharpened_copy_the_older_one_is_kept_as_before(tmp_path: Path) -> None:
    original = saved(real("china.jpg"), tmp_path / "z.jpg")
    sharpened = Image.open(original).filter(ImageFilter.UnsharpMask(1, 60, 2))
    copy = saved(sharpened, tmp_path / "a.jpg", 97)
    assert kept(original, copy)[:2] == ("a.jpg", "it is the oldest")
