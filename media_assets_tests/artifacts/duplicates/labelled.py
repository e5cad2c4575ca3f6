"""A labelled set: files changed in every way that a duplicate is, and files that only seem to be duplicates."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.scenes import changed

FAST = ("-preset", "veryfast")
VIDEO_CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "x264_crf36.mp4": ((), ("-crf", "36", *FAST, "-c:a", "aac", "-b:a", "48k")),
    "mpeg4.avi": ((), ("-c:v", "mpeg4", "-q:v", "12", "-c:a", "libmp3lame", "-b:a", "64k")),
    "x265.mkv": ((), ("-c:v", "libx265", "-crf", "32", "-preset", "ultrafast", "-x265-params", "log-level=none")),
    "small.mp4": ((), ("-vf", "scale=160:90", *FAST)),
    "other_rate.mp4": ((), ("-r", "25", *FAST)),
    "front_cut.mp4": (("-ss", "2.37"), FAST),
    "end_cut.mp4": ((), ("-t", "15.3", *FAST)),
    "both_cut.mkv": (("-ss", "1.62"), ("-t", "14.1", "-c:v", "libx264", "-crf", "30", *FAST)),
    "mirrored.mp4": ((), ("-vf", "hflip", *FAST)),
    "turned_right.mp4": ((), ("-vf", "transpose=1", *FAST)),
    "turned_left_small.mp4": ((), ("-vf", "scale=160:90,transpose=2", *FAST)),
    "turned_over.mp4": ((), ("-vf", "hflip,vflip", *FAST)),
    "letterbox.mp4": ((), ("-vf", "pad=iw:ih+80:0:40", *FAST)),
    "bright.mp4": ((), ("-vf", "eq=brightness=0.06:contrast=1.1", *FAST)),
    "mute.mp4": ((), ("-an", *FAST)),
    "mute_front_cut_mirrored.mp4": (("-ss", "1.87"), ("-an", "-vf", "hflip", *FAST)),
}
IMAGE_CHANGES: dict[str, tuple[str, ...]] = {
    "q20.jpg": ("-q:v", "14"),
    "small.jpg": ("-vf", "scale=200:-1", "-q:v", "4"),
    "tiny.webp": ("-vf", "scale=128:-1", "-quality", "60"),
    "same.png": (),
    "mirrored.jpg": ("-vf", "hflip", "-q:v", "4"),
    "turned_right.jpg": ("-vf", "transpose=1", "-q:v", "5"),
    "turned_left.png": ("-vf", "transpose=2,scale=180:-1"),
    "turned_over.jpg": ("-vf", "hflip,vflip", "-q:v", "6"),
    "letterbox.jpg": ("-vf", "pad=iw:ih+140:0:70", "-q:v", "4"),
    "bright.jpg": ("-vf", "eq=brightness=0.06:contrast=1.1", "-q:v", "4"),
}
SOUND_CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "128k.mp3": ((), ("-b:a", "128k")),
    "32k.opus": ((), ("-c:a", "libopus", "-b:a", "32k")),
    "same.flac": ((), ()),
    "front_cut.m4a": (("-ss", "3.3"), ("-c:a", "aac", "-b:a", "64k")),
    "both_cut.mp3": (("-ss", "2.15"), ("-t", "18.5", "-b:a", "64k")),
    "quiet.mp3": ((), ("-af", "volume=0.3", "-b:a", "96k")),
}
_RATES = {"faster": 1.05, "slower": 0.95, "pal": 25 / 23.976}
"""Speeds at which copies are played, by the name of the change; `pal` is how films come to 25 frames a second."""
FASTER_SOUNDS: dict[str, tuple[str, ...]] = {
    **{f"{name}.mp3": ("-af", f"atempo={rate:.5f}", "-b:a", "96k") for name, rate in _RATES.items()},
    "faster_higher.m4a": ("-af", f"asetrate={scenes.SAMPLE_RATE * 1.05:.0f},aresample={scenes.SAMPLE_RATE}"),
}
FASTER_VIDEOS: dict[str, tuple[str, ...]] = {
    **{
        f"{name}.mp4": ("-vf", f"setpts=PTS/{rate:.5f}", "-af", f"atempo={rate:.5f}", *FAST)
        for name, rate in _RATES.items()
    },
    "faster_higher.mkv": ("-vf", "setpts=PTS/1.05", *FASTER_SOUNDS["faster_higher.m4a"], *FAST),
}
CUT_VIDEOS: dict[str, tuple[str, ...]] = {
    "cropped.mp4": ("-vf", "crop=iw*0.9:ih*0.9", *FAST),
    "mark_logo.mp4": ("-vf", "drawbox=x=iw*0.8:y=ih*0.85:w=iw*0.15:h=ih*0.1:color=white@0.5:t=fill", *FAST),
}

Labels = dict[Path, str]
"""Per file the name of the content that it shows; files of one name are duplicates."""

TUNED_ON = range(10)
"""Seeds with which the limits in `artifacts/duplicates/settings.py` were chosen: what they show proves nothing now."""
SEEDS = range(50)
"""From here on a seed would show a scene that another seed shows too."""


def make_videos(folder: Path, seeds: Iterable[int], changes: tuple[str, ...] = tuple(VIDEO_CHANGES)) -> Labels:
    """Films of three scenes, lectures before a camera that stands still, and every changed copy of each."""
    labels: Labels = {}
    for seed in seeds:
        sound = scenes.music(seed, 20)
        film = scenes.write_film(folder / f"film{seed}.mp4", scenes.film(seed), sound)
        lecture = scenes.write_film(folder / f"lecture{seed}.mp4", scenes.lecture(seed), scenes.music(seed + 50, 20))
        for original in (film, lecture):
            labels[original] = original.stem
            for name in changes:
                labels[changed(original, name, *VIDEO_CHANGES[name])] = original.stem
    return labels


def make_film(folder: Path, seed: int, changes: tuple[str, ...]) -> Labels:
    """One of the films of `make_videos`, and some changed copies of it."""
    film = scenes.write_film(folder / f"film{seed}.mp4", scenes.film(seed), scenes.music(seed, 20))
    return dict.fromkeys([film, *(changed(film, name, *VIDEO_CHANGES[name]) for name in changes)], film.stem)


def make_faster_videos(folder: Path, seeds: Iterable[int], changes: tuple[str, ...] = ()) -> Labels:
    """Copies of the films and lectures that `make_videos` has written: played faster or slower, cropped, or marked.

    Args:
        changes: Only these; empty: all.
    """
    labels: Labels = {}
    known = FASTER_VIDEOS | CUT_VIDEOS
    for original in (folder / f"{name}{seed}.mp4" for seed in seeds for name in ("film", "lecture")):
        for name in changes or known:
            labels[changed(original, name, after=known[name])] = original.stem
    return labels


def make_faster_sounds(folder: Path, seeds: Iterable[int]) -> Labels:
    """Copies of the sounds that `make_sounds` has written, played faster or slower."""
    originals = [folder / f"sound{seed}.wav" for seed in seeds]
    return {changed(path, name, after=how): path.stem for path in originals for name, how in FASTER_SOUNDS.items()}


def make_videos_that_differ(folder: Path, seeds: Iterable[int], kinds: Collection[str] = ()) -> Labels:
    """What has something in common with a film of `make_videos`, or with each other, and is none of them.

    Args:
        kinds: Only these; empty: all.
    """
    files: list[Path] = []
    intro, jingle = scenes.film(900, 8, 2), scenes.music(900, 8)
    for seed in seeds:
        original, sound = scenes.film(seed), scenes.music(seed, 20)
        other = scenes.film(seed + 500)
        for name, frames, heard in (
            ("other_take", scenes.film(seed, take=seed + 100), scenes.music(seed + 100, 20)),
            ("other_take_mute", scenes.film(seed, take=seed + 200), None),
            ("lecture", scenes.lecture(seed, take=seed + 300), scenes.music(seed + 150, 20)),
            ("lecture_mute", scenes.lecture(seed, take=seed + 400), None),
            ("same_music", other, sound),
            ("intro_a", np.concatenate([intro, scenes.film(seed + 600, 12)]), _joined(jingle, seed + 600, 12)),
            ("intro_b_mute", np.concatenate([intro, scenes.film(seed + 700, 12)]), None),
            ("black", np.concatenate([scenes.black(14), scenes.film(seed + 800, 6)]), None),
            ("excerpt", original[60:120], sound[6 * scenes.SAMPLE_RATE : 12 * scenes.SAMPLE_RATE]),
            ("end_differs", np.concatenate([original[:110], other[110:]]), _joined(sound[: 11 * 22050], seed + 650, 9)),
        ):
            if not kinds or name in kinds:
                files.append(scenes.write_film(folder / f"film{seed}_{name}.mp4", frames, heard))
    return {path: path.stem for path in files}


def make_images(folder: Path, seeds: Iterable[int]) -> Labels:
    """Pictures, every changed copy of each, and other pictures of the same places."""
    labels: Labels = {}
    for seed in seeds:
        original = scenes.write_picture(folder / f"picture{seed}.png", scenes.scene(5000 + seed, seed, 0.1)[0])
        labels[original] = original.stem
        for name, arguments in IMAGE_CHANGES.items():
            labels[changed(original, name, after=arguments)] = original.stem
        for take in (50 + seed, 150 + seed):
            other = scenes.write_picture(
                folder / f"picture{seed}_take{take}.jpg", scenes.scene(5000 + seed, take, 0.1)[0], "-q:v", "3"
            )
            labels[other] = other.stem
        night = np.clip(scenes.background(9000 + seed) * 0.03, 0, 255)
        dark = scenes.write_picture(folder / f"picture{seed}_night.jpg", night, "-q:v", "3")
        labels[dark] = dark.stem
    return labels


def make_sounds(folder: Path, seeds: Iterable[int]) -> Labels:
    """Music, every changed copy of each, and other music that begins alike."""
    labels: Labels = {}
    for seed in seeds:
        sound = scenes.music(2000 + seed, 25)
        original = scenes.write_sound(folder / f"sound{seed}.wav", sound)
        labels[original] = original.stem
        for name, (before, after) in SOUND_CHANGES.items():
            labels[changed(original, name, before, after)] = original.stem
        for name, heard in (
            ("begins_alike", _joined(sound[: 11 * scenes.SAMPLE_RATE], 3000 + seed, 14)),
            ("excerpt", sound[5 * scenes.SAMPLE_RATE : 12 * scenes.SAMPLE_RATE]),
            ("silence", np.concatenate([np.zeros(18 * scenes.SAMPLE_RATE), scenes.music(4000 + seed, 7)])),
        ):
            path = scenes.write_sound(folder / f"sound{seed}_{name}.wav", heard)
            labels[path] = path.stem
    return labels


def _joined(sound: np.ndarray, seed: int, seconds: float) -> np.ndarray:
    return np.concatenate([sound, scenes.music(seed, seconds)])
