"""Both videos seen whole: what differs for a moment or in few pixels is found, coarse copies stay the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, shift

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.always import Always
from media_assets.artifacts.duplicates.look.instants import Course
from media_assets.artifacts.duplicates.look.motion import range_around, without_motion
from media_assets.artifacts.duplicates.look.scan import repeats
from media_assets.artifacts.duplicates.look.timing import Overlap, spans, step_of
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates import confusable_moments as moments
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look


def grouped(files: list[Path]) -> list[list[str]]:
    """The names in each group."""
    with second_look(files) as look:
        groups = duplicate_groups(rows_of(files), look=look)
    return sorted(sorted([group.keep_path, *(member.path for member in group.members)]) for group in groups)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "seed"),
    [*((name, 1) for name in moments.MOMENTS_THAT_DIFFER), *(("clock", seed) for seed in (2, 4, 8, 17)), ("typed", 2)],
)
def test_clips_that_differ_for_a_moment_or_at_a_small_place_are_grouped_with_their_copies_alone(
    tmp_path: Path, name: str, seed: int
):
    makers = moments.MOMENTS_THAT_DIFFER[name][:2]
    files = [scenes.write_film(tmp_path / f"{name}{number}.mp4", made(seed)) for number, made in enumerate(makers)]
    copies = [scenes.changed(path, "copy.mp4", after=moments.RE_ENCODED) for path in files]
    assert grouped([*files, *copies]) == [[path.name, copy.name] for path, copy in zip(files, copies, strict=True)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "change",
    [
        ("-crf", "36"),
        ("-r", "24", "-crf", "26"),
        ("-r", "30", "-crf", "26"),
    ],
)
def test_a_place_that_somebody_hurries_through_is_the_same_in_coarse_copies_and_at_other_frame_rates(
    tmp_path: Path, change: tuple[str, ...]
):
    film = scenes.write_film(tmp_path / "film.mp4", clips.passing_by(1, 3.4))
    nobody = scenes.write_film(tmp_path / "nobody.mp4", clips.passing_by(1, None))
    copy = scenes.changed(film, "copy.mp4", after=("-c:v", "libx264", "-preset", "veryfast", *change))
    assert grouped([film, nobody, copy]) == [[film.name, copy.name]]


@pytest.mark.thorough
@pytest.mark.parametrize("sharper", ["unsharp=5:5:1.0", "scale=640:-2:flags=lanczos,unsharp=5:5:0.5"])
def test_a_sharpened_copy_of_a_clock_has_the_same_strokes(tmp_path: Path, sharper: str):
    film = scenes.write_film(tmp_path / "film.mp4", moments.camera_at(0, 12, 0))
    copy = scenes.changed(film, "copy.mp4", after=("-vf", sharper, "-c:v", "libx264", "-crf", "20"))
    assert grouped([film, copy]) == [sorted([film.name, copy.name])]


@pytest.mark.thorough
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("name", "seed"), [("bird", 3), ("runner", 3), ("light", 5)])
def test_what_happens_for_a_moment_is_seen_in_whichever_of_two_videos_it_does(
    tmp_path: Path, name: str, seed: int, which: int
):
    without, happens = (
        scenes.write_film(tmp_path / f"{number}.mp4", made(seed))
        for number, made in enumerate(moments.MOMENTS_THAT_DIFFER[name])
    )
    coarse = [scenes.changed(path, "copy.mp4", after=moments.RE_ENCODED) for path in (happens, without)]
    assert grouped([(happens, without)[which], coarse[1 - which]]) == []


def test_a_video_repeats_frames_where_its_picture_stands_still_between_moves():
    assert not repeats([9.0, 8.0, 10.0, 9.5] * 10)
    assert repeats([9.0, 8.0, 0.1, 9.5] * 10)
    assert not repeats([0.3, 0.0, 0.4, 0.0] * 10)


def test_the_instants_at_which_a_place_differs_more_than_usual_are_found_and_none_where_all_is_noise():
    random = np.random.default_rng(3)

    def course(flash: float) -> Course:
        made = Course()
        for number in range(200):
            ratio = random.uniform(0, 1, (20, 30)).astype(np.float32)
            if 5 <= number / 10 < 5.5:
                ratio[4, 21] = flash
            made.add(number / 10, ratio)
        return made

    excess = course(6.0).greatest(1, 0)[0]
    assert (round(excess.row * 20), round(excess.column * 30)) == (4, 22)
    assert 5 <= excess.seconds < 5.5
    assert course(1.5).greatest(2, 2) == []


def test_of_instants_that_differ_as_much_the_last_one_is_looked_at():
    course = Course()
    for seconds in (0.05, 0.1, 0.2, 0.3):
        ratio = np.zeros((4, 4), np.float32)
        ratio[1, 2] = 9.0 if 0.1 <= seconds <= 0.2 else 2.0
        course.add(seconds, ratio)
    assert [(round(one.seconds, 2), one.row, one.column) for one in course.greatest(4, 2)] == [(0.2, 0.375, 0.625)]


def always_differs(one: np.ndarray, other: np.ndarray) -> tuple[int, int] | None:
    """The middle of where two pictures differ all the time, when each is seen through noise."""
    random = np.random.default_rng(3)
    always = Always()
    for _ in range(60):
        always.add(*(np.clip(random.normal(each, 9.0), 0, 255).astype(np.uint8) for each in (one, other)))
    found = always.differs()
    if found is None:
        return None
    row, column = np.argwhere(found).mean(axis=0)
    return round(row), round(column)


def with_words(words: str) -> np.ndarray:
    """A wall of a few brightnesses with words on it, a little brighter than the wall."""
    wall = gaussian_filter(np.random.default_rng(3).uniform(0, 255, (90, 160)), 2.0) * 1.5 - 20
    picture = Image.new("L", (160, 90))
    ImageDraw.Draw(picture).text((20, 15), words, 255, ImageFont.load_default(10))
    strokes = np.asarray(picture, np.float64) / 255
    written: np.ndarray = wall * (1 - strokes) + 215 * strokes
    return written


def test_other_strokes_are_seen_through_noise():
    place = always_differs(with_words("08:12"), with_words("08:13"))
    assert place is not None
    row, column = place
    assert 17 <= row <= 25
    assert 38 <= column <= 46


def resized(one: np.ndarray, factor: float) -> np.ndarray:
    picture = Image.fromarray(one.astype(np.float32))
    size = round(picture.width * factor), round(picture.height * factor)
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    "copied",
    [
        lambda one: one,
        lambda one: gaussian_filter(one, 0.7),
        lambda one: one + 1.2 * (one - gaussian_filter(one, 1.0)),
        lambda one: resized(resized(one, 1.25), 0.8),
        lambda one: 0.8 * one + 30,
        lambda one: shift(one, (0.25, -0.2), order=1, mode="nearest"),
    ],
    ids=["same", "blurred", "sharpened", "larger", "flatter", "moved"],
)
def test_what_a_copy_makes_of_strokes_makes_no_others(copied: Callable[[np.ndarray], np.ndarray]):
    one = with_words("08:12")
    assert always_differs(one, copied(one)) is None


def test_the_place_that_somebody_passes_may_differ_and_one_that_only_one_video_shows_may_not():
    still = np.full((20, 60, 3), 90, np.float32)

    def passing(at: int, brightness: float = 200) -> np.ndarray:
        frame = still.copy()
        frame[5:15, at : at + 8] = brightness
        return frame

    frames = [passing(at) for at in (10, 16, 22)]
    coarse = [passing(at, 180) for at in (11, 17, 23)]
    moved, moved_other = range_around(frames[1], frames), range_around(coarse[1], coarse)
    left = without_motion(frames[1], coarse[1], moved, moved_other) - coarse[1]
    assert np.abs(left).max() <= 20
    nothing = range_around(still, [still, still])
    assert np.abs(without_motion(frames[1], still, moved, nothing) - still).max() == pytest.approx(110)


def test_instants_are_counted_by_the_higher_frame_rate_and_sampled_where_there_are_fewer_frames():
    assert step_of(25, 25, 1.0)[:2] == (25, 1)
    assert step_of(50, 25, 1.0)[:2] == (25, 1)
    slower = step_of(6, 10, 1.0)
    assert (slower.rate, slower.reach, slower.sampled_first) == (10, 2, True)
    assert not step_of(30, 24, 1.0).sampled_first


def test_a_video_at_another_speed_is_counted_in_half_frames_for_the_times_of_its_frames_were_rounded():
    step = step_of(10, 9.52, 0.95)
    assert (round(step.rate), step.reach, step.both_ways) == (20, 2, False)
    assert step_of(10, 10.02, 1.0).both_ways


def test_a_long_video_is_seen_in_spans_that_reach_from_its_beginning_to_its_end():
    overlap = Overlap(0.0, 7200.0, 0.0, 1.0, 1.0)
    seen = spans(overlap, 1920 * 1080 * 30)
    assert seen[0][0] == 0.0
    assert seen[-1][1] == pytest.approx(7200.0)
    assert sum(end - begin for begin, end in seen) <= 1200
    assert spans(overlap._replace(end_seconds=600.0), 1920 * 1080 * 30) == [(0.0, 600.0)]
    assert sum(end - begin for begin, end in spans(overlap, 3840 * 2160 * 60)) <= 300


def panned(seed: int, frames: int) -> np.ndarray:
    """A camera that pans over a scene; every frame shows it some pixels farther on."""
    wide = scenes.background(seed, 3 * scenes.WIDTH, scenes.HEIGHT)
    places = (6 * number % (4 * scenes.WIDTH) for number in range(frames))
    starts = (min(place, 4 * scenes.WIDTH - place) for place in places)
    return np.stack([wide[:, start : start + scenes.WIDTH] for start in starts])


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rate", "change"),
    [
        ("60", ("-r", "30")),
        ("25", ("-vf", "select='gt(random(3)\\,0.3)'", "-fps_mode", "vfr")),
        ("30", ("-vf", "select='gt(random(3)\\,0.2)',fps=30")),
    ],
)
def test_a_camera_that_pans_is_the_same_in_a_copy_with_fewer_frames(tmp_path: Path, rate: str, change: tuple[str, ...]):
    encoded = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20")
    drawn = scenes.write_film(tmp_path / "drawn.mp4", panned(1, 4 * int(rate)).astype(np.uint8))
    film = scenes.changed(drawn, "film.mp4", before=("-r", rate), after=encoded)
    copy = scenes.changed(film, "copy.mp4", after=(*change, *encoded))
    assert grouped([film, copy]) == [sorted([film.name, copy.name])]
