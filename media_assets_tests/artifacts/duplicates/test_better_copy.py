"""Of two videos that play the same the better one is kept, whatever the other claims; and why it is better is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.duplicates.find.alignment import lay_pictures
from media_assets.artifacts.duplicates.find.evidence import Evidence
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.grades import fresh_share, measured, share_in_frame
from media_assets.media.info import MediaKind
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import confusable_clips as clips
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.indexing import rows_of, second_look

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
PQ = ("-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc")
HLG = ("-vf", "setparams=color_trc=arib-std-b67:color_primaries=bt2020:colorspace=bt2020nc")


def film(path: Path, *, rate: int = 30, seconds: float = 3, size: str = "160x90") -> Path:
    """Fractals into which a camera moves, with a tone that goes up."""
    pictures = f"mandelbrot=s={size}:r={rate}:end_scale=0.02:maxiter=512,trim=duration={seconds}"
    sound = f"aevalsrc=0.3*sin(2*PI*(300+200*t)*t):d={seconds}"
    media.ffmpeg("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound, *X264, "-crf", "20", "-c:a", "aac", path)
    return path


def changed(source: Path, name: str, *options: str) -> Path:
    """A copy, whose name comes before that of the original, and which has a higher bit rate."""
    path = source.with_name(name)
    media.ffmpeg("-i", source, *X264, "-crf", "8", "-c:a", "aac", "-b:a", "192k", *options, path)
    return path


def kept(*paths: Path, looked: bool = False) -> tuple[str, str, str]:
    """Which file is kept, why, and what is said of the other."""
    rows = rows_of(paths)
    if looked:
        with second_look(paths) as look:
            groups = duplicate_groups(rows, look=look)
            assert groups, [pair.reason for pair in look.look_alikes]
    else:
        groups = duplicate_groups(rows)
    (group,) = groups
    (member,) = group.members
    return group.keep_path, group.keep_because, member.reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "options", "because"),
    [
        ("a.avi", ("-c:v", "mjpeg", "-q:v", "4"), "it has the higher bit rate"),
        ("a.mp4", PQ, "the other says it is HDR, and its tones are not"),
        ("a.mp4", HLG, "the other says it is HDR, and its tones are not"),
        ("a.mp4", ("-vf", "pad=160:120:0:15"), "it has the higher resolution"),
    ],
)
def test_what_was_made_of_a_film_is_not_kept_for_its_bit_rate_or_its_tags(
    tmp_path: Path, name: str, options: tuple[str, ...], because: str
) -> None:
    original = film(tmp_path / "z.mp4")
    assert kept(original, changed(original, name, *options))[:2] == ("z.mp4", because)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("pictures", "sound"),
    [
        ("tpad=stop_duration=0.8", "apad=pad_dur=0.8"),
        ("tpad=start_duration=0.8", "adelay=800"),
        ("tpad=start_duration=1.5:stop_duration=1.5", "adelay=1500,apad=pad_dur=1.5"),
    ],
)
def test_black_and_silence_at_the_ends_make_no_longer_recording(tmp_path: Path, pictures: str, sound: str) -> None:
    original = film(tmp_path / "z.mp4", seconds=6)
    path, because, reason = kept(original, changed(original, "a.mp4", "-vf", pictures, "-af", sound))
    assert (path, because) == ("z.mp4", "no black or silence was added to its ends")
    assert "of nothing to see or hear that the kept one has not" in reason


@pytest.mark.thorough
@pytest.mark.parametrize("added", ["apad=pad_dur=2", "adelay=2500", "adelay=1000,apad=pad_dur=0.6"])
def test_silence_at_the_ends_makes_no_longer_sound(tmp_path: Path, added: str) -> None:
    original, padded = tmp_path / "z.mp3", tmp_path / "a.mp3"
    media.ffmpeg("-i", scenes.write_sound(tmp_path / "z.wav", scenes.music(9, 12)), "-b:a", "96k", original)
    media.ffmpeg("-i", original, "-af", added, "-b:a", "192k", padded)
    assert kept(original, padded, looked=True)[:2] == ("z.mp3", "no black or silence was added to its ends")


@pytest.mark.thorough
def test_what_is_heard_over_black_is_no_silence_and_the_whole_recording_is_kept(tmp_path: Path) -> None:
    original = film(tmp_path / "z.mp4", seconds=6)
    black = tmp_path / "a.mp4"
    sound = "aevalsrc=0.3*sin(2*PI*(300+200*t)*t):d=8"
    pictures = ("-vf", "tpad=stop_duration=2", "-map", "0:v", "-map", "1:a")
    media.ffmpeg("-i", original, "-f", "lavfi", "-i", sound, *pictures, *X264, "-c:a", "aac", black)
    assert kept(original, black)[:2] == ("a.mp4", "it is the whole recording")


@pytest.mark.thorough
def test_the_frame_rate_that_goes_with_a_copy_kept_for_its_pixels_is_named(tmp_path: Path) -> None:
    small = film(tmp_path / "small.mp4")
    large = changed(film(tmp_path / "z.mp4", size="320x180"), "large.mp4", "-r", "15")
    path, _, reason = kept(small, large)
    assert path == "large.mp4"
    assert reason.endswith("; has 30 pictures a second, and the kept one 15")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "options", "because"),
    [
        ((), ("-r", "5", "-c:v", "mjpeg", "-q:v", "2"), "it has more pictures a second"),
        ((), ("-r", "7"), "it has more pictures a second"),
        ((), ("-r", "60"), "none of its pictures are shown twice"),
        ((), ("-vf", "scale=640:360"), "it was not enlarged, and the other shows no more"),
        (("-c:v", "libx264", "-crf", "34"), (), "it shows finer detail"),
        ((), ("-vf", "pad=384:216:32:18:color=gray"), "nothing was added around its picture"),
    ],
)
def test_pixels_pictures_and_bits_that_show_no_more_are_seen_through(
    tmp_path: Path, before: tuple[str, ...], options: tuple[str, ...], because: str
) -> None:
    original = scenes.write_film(tmp_path / "z.mp4", scenes.film(5, 4))
    made_of = original
    if before:
        made_of = tmp_path / "coarse.mp4"
        media.ffmpeg("-i", original, *before, made_of)
    assert kept(original, changed(made_of, "a.mp4", *options), looked=True)[:2] == ("z.mp4", because)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("pictures", "sound"),
    [
        ("setpts=PTS/1.05,fps=10", "atempo=1.05"),
        ("setpts=PTS/0.96", "atempo=0.96"),
    ],
)
def test_the_film_at_its_own_speed_is_kept(tmp_path: Path, pictures: str, sound: str) -> None:
    original = scenes.write_film(tmp_path / "z.mp4", scenes.film(6, 8), scenes.music(6, 8))
    path, because, reason = kept(original, changed(original, "a.mp4", "-vf", pictures, "-af", sound), looked=True)
    assert (path, because) == ("z.mp4", "it is played at its own speed")
    assert "played about" in reason


@pytest.mark.thorough
def test_a_coarse_copy_of_an_empty_place_is_found_by_the_moment_in_which_something_happens(tmp_path: Path) -> None:
    for seed, begins in ((4, 21.3), (5, 12.0)):
        original = scenes.write_film(tmp_path / f"{seed}.mp4", clips.mostly_empty(seed, begins))
        copy = scenes.changed(original, "28.mp4", after=("-c:v", "libx264", "-crf", "28"))
        other = scenes.write_film(tmp_path / f"{seed}other.mp4", clips.mostly_empty(seed, begins - 7))
        made = [original, copy, other]
        with second_look(made) as look:
            (group,) = duplicate_groups(rows_of(made), look=look)
        assert {group.keep_path, *(member.path for member in group.members)} == {original.name, copy.name}


@pytest.mark.thorough
def test_videos_that_last_as_long_begin_together_where_frames_a_step_away_agree_too() -> None:
    """The movement of a slow pan goes together at each step."""
    slowly = np.arange(20, dtype=np.uint64)
    grey = (np.uint64(1) << slowly) | (np.uint64(0xFFFF) << np.uint64(40))
    moves = (10 * (np.arange(20) % 5 > 2) + np.arange(20)).astype(np.uint8)
    one = Evidence(MediaKind.VIDEO, "phash", 0.25, grey, moves, "", np.zeros(0, np.uint32), 0.1, seconds=5.0)
    for shifted in (-1, 1):
        other = replace(one, motion=np.roll(moves, shifted))
        laid = lay_pictures(one, other, 0, (), 8)
        assert laid is not None
        assert (laid.offset_seconds, laid.overlap_seconds) == (0.0, 5.0)
    trimmed = replace(one, codes=grey[1:], motion=moves[1:], seconds=4.75)
    laid = lay_pictures(one, trimmed, 0, (), 8)
    assert laid is not None
    assert laid.offset_seconds == 0.25


# ------------------------------------------------------------------------------------------- what is measured


def grain(seed: int = 3, width: int = 240, height: int = 160) -> np.ndarray:
    return scenes.background(seed, width, height).astype(np.uint8)


def resized(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC))


def through_jpeg(frame: np.ndarray, quality: int, path: Path) -> np.ndarray:
    Image.fromarray(frame).save(path, quality=quality)
    return np.asarray(Image.open(path).convert("RGB"))


def test_detail_that_an_encoder_took_is_measured_and_sharpening_is_none(tmp_path: Path) -> None:
    frames = [grain(seed) for seed in (3, 4)]
    coarse = [through_jpeg(frame, 8, tmp_path / "a.jpg") for frame in frames]
    fine = [through_jpeg(frame, 90, tmp_path / "a.jpg") for frame in frames]
    assert measured([*zip(frames, coarse, strict=True)], ([], [])).finer > 0.5
    assert measured([*zip(coarse, frames, strict=True)], ([], [])).finer < -0.5
    assert abs(measured([*zip(frames, fine, strict=True)], ([], [])).finer) < 0.2
    around = [np.clip(2.0 * frame - resized(resized(frame, 120, 80), 240, 160), 0, 255) for frame in frames]
    sharpened = [frame.astype(np.uint8) for frame in around]
    assert measured([*zip(frames, sharpened, strict=True)], ([], [])).finer == 0


def test_an_enlarged_picture_is_told_from_one_with_as_many_pixels() -> None:
    large = grain(5, 480, 320)
    small = resized(large, 240, 160)
    assert measured([(small, large)], ([], [])).enlarged is None
    assert measured([(small, resized(small, 480, 320))], ([], [])).enlarged == 1
    assert measured([(resized(small, 360, 240), small)], ([], [])).enlarged == 0


@pytest.mark.parametrize("seed", [5, 8])
@pytest.mark.parametrize("carried", [300, 350, 400])
def test_a_digital_zoom_shows_more_than_its_half(seed: int, carried: int, tmp_path: Path) -> None:
    """It has so many pixels of its 480, and its half has 240."""
    zoomed = [resized(grain(seed + place, carried, carried * 2 // 3), 480, 320) for place in range(2)]
    pairs = [(through_jpeg(resized(frame, 240, 160), 85, tmp_path / "a.jpg"), frame) for frame in zoomed]
    assert measured(pairs, ([], [])).enlarged is None


@pytest.mark.parametrize("quality", [75, 90])
@pytest.mark.parametrize("wide", [360, 480, 720])
@pytest.mark.parametrize("way", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_an_enlarged_picture_shows_no_more_after_encoding(
    way: Image.Resampling, wide: int, quality: int, tmp_path: Path
) -> None:
    small = [through_jpeg(grain(seed), 85, tmp_path / "a.jpg") for seed in (5, 6)]
    large = [np.asarray(Image.fromarray(frame).resize((wide, wide * 2 // 3), way)) for frame in small]
    coded = [through_jpeg(frame, quality, tmp_path / "a.jpg") for frame in large]
    assert measured([*zip(small, coded, strict=True)], ([], [])).enlarged == 1


def test_detail_that_nobody_sees_is_not_said_to_be_finer() -> None:
    random = np.random.default_rng(4)
    soft = resized(resized(grain(), 30, 20), 240, 160)
    noisy = [np.clip(soft + random.normal(0, much, soft.shape), 0, 255).round().astype(np.uint8) for much in (0.6, 1)]
    assert measured([(noisy[0], noisy[1])], ([], [])).finer == 0


def test_frames_that_are_shown_twice_or_mixed_of_their_neighbours_are_counted() -> None:
    wide = grain(6, 400, 120)
    moved = [wide[:, 5 * step : 5 * step + 160] for step in range(24)]
    assert fresh_share([moved]) == 1.0
    assert fresh_share([[frame for frame in moved[:12] for _ in range(2)]]) == pytest.approx(0.5, abs=0.05)
    mixed = [(one.astype(int) + other) // 2 for one, other in pairwise(moved[:13])]
    between = [frame for pair in zip(moved[:12], mixed, strict=True) for frame in pair]
    assert fresh_share([[frame.astype(np.uint8) for frame in between]]) == pytest.approx(0.5, abs=0.1)
    assert fresh_share([[wide[:, :160]] * 12]) == 0.0, "where nothing moves nobody can tell"


def test_frames_that_lose_their_grain_are_no_mixtures_in_a_slow_pan() -> None:
    """Those that an encoder predicts from the frames before and behind show the mean of their grain."""
    random = np.random.default_rng(2)
    large = scenes.background(6, 1000, 480)
    moved = [resized(large[:, step : step + 960].astype(np.uint8), 240, 120) for step in range(15)]
    grain_of = [random.normal(0, 3, frame.shape) for frame in moved]
    grain_of[1:-1:2] = [(before + behind) / 2 for before, behind in zip(grain_of[:-2:2], grain_of[2::2], strict=True)]
    shown = [np.clip(frame + added, 0, 255).round() for frame, added in zip(moved, grain_of, strict=True)]
    assert fresh_share([[frame.astype(np.uint8) for frame in shown]]) == 1.0


def test_frames_in_which_little_moves_are_no_repeats_because_more_moves_later() -> None:
    wide = grain(6, 400, 120)
    slowly = [wide[:, :160].copy() for _ in range(10)]
    for step, frame in enumerate(slowly):
        frame[:20] = wide[:20, 5 * step : 5 * step + 160]
    assert fresh_share([[*slowly, *(wide[:, 60 * step : 60 * step + 160] for step in range(1, 4))]]) > 0.8


def panned(seed: int, count: int, step: int = 5) -> list[np.ndarray]:
    wide = grain(seed, 400, 120)
    return [wide[:, step * place : step * place + 160] for place in range(count)]


@pytest.mark.parametrize("lengths", [(1, 3), (2, 2), (3, 1), (4, 5), (2, 5, 5), (3, 4, 4)])
def test_beside_a_cut_to_another_scene_no_frame_is_taken_for_a_mixture(lengths: tuple[int, ...]) -> None:
    """There the frame before or behind lies far from its neighbours, whatever moves."""
    shown = [frame for seed, count in enumerate(lengths) for frame in panned(seed, count, 2)]
    assert fresh_share([shown]) == 1.0


def with_mixtures(moved: list[np.ndarray]) -> list[np.ndarray]:
    """Behind each frame but the last a mixture of it and the next."""
    mixed = [((one.astype(int) + other) // 2).astype(np.uint8) for one, other in pairwise(moved)]
    return [frame for pair in zip(moved, mixed, strict=False) for frame in pair]


def test_mixtures_are_counted_on_both_sides_of_a_cut() -> None:
    shown = [frame for seed in (5, 8) for frame in with_mixtures(panned(seed, 7))]
    assert fresh_share([shown]) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("count", [4, 5, 7])
def test_mixtures_are_counted_in_many_bursts_of_few_frames(count: int) -> None:
    """Such are those of 10 pictures a second; in one of them alone, half of two may be chance."""
    shown = [with_mixtures(panned(seed, 6))[seed % 2 :][:count] for seed in range(4, 10)]
    assert fresh_share(shown) == pytest.approx(0.5, abs=0.12)
    if count == 4:
        assert fresh_share(shown[:1]) == 1.0


def test_the_share_inside_a_frame_of_one_colour_is_measured() -> None:
    picture = grain(7, 120, 80)
    framed = np.full((100, 150, 3), (200, 30, 30), np.uint8)
    framed[10:90, 15:135] = picture
    assert share_in_frame([[framed]]) == pytest.approx(0.64, abs=0.02)
    assert share_in_frame([[picture]]) == 1.0
