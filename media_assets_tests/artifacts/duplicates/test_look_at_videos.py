"""The second look at videos: what happens in one alone makes another video, what was encoded or marked does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.logos import without_logo
from media_assets.artifacts.duplicates.look.matching import best_pairs
from media_assets.artifacts.duplicates.look.veils import veil_over
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
@pytest.mark.parametrize("seed", [2, 15, 17])
def test_a_film_with_a_logo_or_a_line_of_text_over_it_is_the_same_with_a_mark(tmp_path: Path, seed: int):
    made = clips.make_clip_copies(tmp_path, range(seed, seed + 1))
    films = [path for path in made if "_" not in path.stem or "logo" in path.stem or "mark" in path.stem]
    with second_look(films) as look:
        (group,) = duplicate_groups(rows_of(films), look=look)
    places = [member.reason.rpartition(", ")[2] for member in group.members]
    assert sorted(places) == ["with a mark at the bottom right", "with a mark at the top right"]
    assert (group.keep_path, group.keep_because) == (f"clip{seed}.mp4", "there is no mark over it")


def box(left: float, top: float, width: float, height: float, colour: str) -> tuple[str, ...]:
    """Options of ffmpeg that lay a box over a film; the numbers are shares of its sides."""
    place = f"x=iw*{left}:y=ih*{top}:w=iw*{width}:h=ih*{height}"
    return ("-vf", f"drawbox={place}:color={colour}:t=fill", "-c:v", "libx264", "-crf", "24")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "mark",
    [(0.8, 0.85, 0.15, 0.1, "white@0.5"), (0.05, 0.8, 0.4, 0.12, "black@0.5"), (0.05, 0.05, 0.2, 0.15, "yellow@0.4")],
)
def test_a_half_transparent_box_over_a_lecture_is_a_mark_and_over_another_take_is_another(
    tmp_path: Path, mark: tuple[float, float, float, float, str]
):
    takes = [
        scenes.write_film(tmp_path / f"take{number}.mp4", clips.fixed_camera(2, number, seconds=8)) for number in (0, 1)
    ]
    marked = scenes.changed(takes[0], "box.mp4", after=box(*mark))
    with second_look([*takes, marked]) as look:
        (group,) = duplicate_groups(rows_of([*takes, marked]), look=look)
    assert (group.keep_path, [member.path for member in group.members]) == (takes[0].name, [marked.name])
    assert ", with a mark at the " in group.members[0].reason


def test_what_shines_through_a_mark_is_measured_and_a_thing_or_a_shadow_is_no_mark():
    places = [3, 14, 26, 38, 50]
    bare = list(clips.fixed_camera(4, 0)[places])
    here = np.s_[120:160, 220:300]

    def with_place(through: float, colour: float, below: list[np.ndarray]) -> list[np.ndarray]:
        changed = [frame.copy() for frame in below]
        for frame in changed:
            frame[here] = np.clip(through * frame[here] + (1 - through) * colour, 0, 255)
        return changed

    veil = veil_over(with_place(0.5, 255, bare), bare)
    assert veil is not None
    assert veil.through == pytest.approx([0.5] * 3, abs=0.02)
    assert np.abs(veil.over(bare[0])[here].astype(float) - with_place(0.5, 255, bare)[0][here]).max() < 6
    assert veil_over(with_place(0.05, 200, bare), bare) is None
    still = [clips.empty_at(4, 9, seconds=0.1)[0]] * len(places)
    assert veil_over(with_place(0.6, 255, still), still) is None
    assert veil_over(with_place(0.6, 0, still), still) is None


@pytest.mark.thorough
@pytest.mark.parametrize(
    "tones", ["brightness=0.06:contrast=1.1", "brightness=-0.06", "contrast=0.9", "gamma=1.2", "gamma=0.85"]
)
def test_slides_in_other_tones_are_the_same_and_those_of_another_invoice_are_not(tmp_path: Path, tones: str):
    one, other = (scenes.write_film(tmp_path / f"{cents}.mp4", clips.slides(1, cents, seconds=4)) for cents in (0, 100))
    copy = scenes.changed(one, "toned.mp4", after=("-vf", f"eq={tones}", "-c:v", "libx264", "-crf", "24"))
    groups, _ = grouped([one, other, copy])
    assert groups == [sorted([one.name, copy.name])]


@pytest.mark.thorough
def test_two_films_that_are_offered_by_pictures_and_by_sound_are_listed_once_as_not_the_same(tmp_path: Path):
    sound = scenes.music(3, clips.SECONDS)
    makers = clips.CLIPS_THAT_DIFFER["empty"]
    films = [scenes.write_film(tmp_path / f"{number}.mp4", made(3), sound) for number, made in enumerate(makers)]
    groups, reasons = grouped(films)
    assert (groups, len(reasons)) == ([], 1)


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
    assert bare.place == "top right"
    assert all((one == other).all() for one, other in zip(bare.frames, moving, strict=True))
    assert without_logo(list(clips.with_logo(still)), list(still)) is None
