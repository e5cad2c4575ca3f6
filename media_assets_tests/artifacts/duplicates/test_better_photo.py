"""Of two photos that are the same the better one is kept, however old or large the other is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.colours import colours_of
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets_tests.artifacts.duplicates import confusable, scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

_LONG_AGO = 1_000_000_000


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
