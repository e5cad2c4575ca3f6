"""The second look at videos: what happens in one alone makes another video, what was encoded or marked does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.logos import without_logo
from media_assets.artifacts.duplicates.look.matching import best_pairs
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look


def grouped(files: list[Path]) -> tuple[list[list[str]], list[str]]:
    """The names in each group, and why pairs are none."""
    with second_look(files) as look:
        groups = duplicate_groups(rows_of(files), look=look)
        return (
            [sorted([group.keep_path, *(member.path for member in group.members)]) for group in groups],
            [pair.reason for pair in look.look_alikes],
        )


def copy_of(path: Path, name: str) -> Path:
    return scenes.changed(path, name, *(clips.CLIP_CHANGES | {"front_cut.mp4": clips.FRONT_CUT})[name])


@pytest.mark.thorough
@pytest.mark.parametrize("name", [*clips.CLIP_CHANGES, "front_cut.mp4"])
def test_a_film_that_was_changed_in_the_whole_is_still_the_same(tmp_path: Path, name: str):
    film = scenes.write_film(tmp_path / "film.mp4", clips.film(2))
    copy = copy_of(film, name)
    assert grouped([film, copy]) == ([sorted([film.name, copy.name])], [])


@pytest.mark.thorough
def test_a_film_with_a_logo_or_a_line_of_text_over_it_is_the_same_with_a_mark(tmp_path: Path):
    made = clips.make_clip_copies(tmp_path, range(2, 3))
    films = [path for path in made if "_" not in path.stem or "logo" in path.stem or "mark" in path.stem]
    with second_look(films) as look:
        (group,) = duplicate_groups(rows_of(films), look=look)
    assert [member.reason.rpartition(", ")[2] for member in group.members] == ["with a mark over one of them"] * 2


@pytest.mark.thorough
@pytest.mark.parametrize("name", clips.CLIPS_THAT_DIFFER)
def test_clips_of_one_place_in_which_other_things_happen_are_grouped_with_their_copies_alone(tmp_path: Path, name: str):
    makers = clips.CLIPS_THAT_DIFFER[name][:2]
    files = [scenes.write_film(tmp_path / f"{name}{number}.mp4", made(1)) for number, made in enumerate(makers)]
    copies = [copy_of(path, "x264_crf36.mp4") for path in files]
    groups, _ = grouped([*files, *copies])
    assert sorted(groups) == [sorted(pair) for pair in zip([f.name for f in files], [c.name for c in copies])]  # noqa: B905


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "place"), [("empty", "top left"), ("passer", "0:0")])
def test_why_two_clips_of_a_fixed_camera_are_not_the_same_is_said_with_the_place(tmp_path: Path, name: str, place: str):
    one, other = (made(2) for made in clips.CLIPS_THAT_DIFFER[name][:2])
    groups, (reason,) = grouped(
        [scenes.write_film(tmp_path / "one.mp4", one), scenes.write_film(tmp_path / "two.mp4", other)]
    )
    assert groups == []
    assert place in reason


@pytest.mark.thorough
def test_films_in_3d_that_say_so_twice_are_compared(tmp_path: Path):
    """Of x264 with `frame-packing`: ffmpeg's filters refuse such frames."""
    made = [tmp_path / "a.mkv", tmp_path / "b.mkv"]
    stereo = ("-metadata:s:v:0", "stereo_mode=left_right")
    for quality, path in zip((18, 26), made, strict=True):
        packed = f"frame-packing=3:crf={quality}"
        graph = "mandelbrot=s=320x180:r=25:end_scale=0.01,trim=duration=6"
        media.ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-x264-params", packed, *stereo, path)
    assert grouped(made) == ([["a.mkv", "b.mkv"]], [])


def test_a_video_that_cannot_be_decoded_any_more_is_not_merged_and_the_reason_said(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", clips.film(2))
    copy = copy_of(film, "container.mkv")
    rows = rows_of([film, copy])
    copy.write_bytes(b"no video any more")
    with second_look([film, copy]) as look:
        assert duplicate_groups(rows, look=look) == []
        (pair,) = look.look_alikes
    assert pair.reason.startswith("not looked at: films:film_container.mkv ")


def test_frames_that_show_the_same_moment_are_found_among_others_and_blank_ones_left_out():
    frames = list(clips.film(3)[:8])
    brighter = [np.clip(frame * 0.9 + 12, 0, 255).astype(np.uint8) for frame in frames]
    assert best_pairs(frames[2:5], brighter[4:7])[0] == (2, 0)
    assert best_pairs([np.zeros_like(frames[0])], [np.zeros_like(frames[0])]) == []


def test_a_logo_is_told_where_much_moves_below_it_and_not_before_a_camera_that_stands_still():
    moving = clips.film(4)[[3, 14, 26, 38, 50]]
    still = clips.fixed_camera(4, 0)[[3, 14, 26, 38, 50]]
    bare = without_logo(list(clips.with_logo(moving)), list(moving))
    assert bare is not None
    assert all((one == other).all() for one, other in zip(bare, moving, strict=True))
    assert without_logo(list(clips.with_logo(still)), list(still)) is None
