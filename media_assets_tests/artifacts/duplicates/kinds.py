"""The labelled set by kind: what a duplicate may have been through, and what is easily taken for one and is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from media_assets_tests.artifacts.duplicates import (
    confusable,
    confusable_clips,
    confusable_moments,
    confusable_sounds,
    labelled,
    lettering,
)
from media_assets_tests.artifacts.duplicates.labelled import Labels
from media_assets_tests.artifacts.duplicates.scenes import changed

_CHANGES: dict[str, tuple[str, ...]] = {
    "re-encoded": ("q20", "q28", "q30", "same", "x264_crf36", "mpeg4", "x265", "128k", "32k", "ten_bit", "poor"),
    "in another container": ("container", "stream"),
    "resized": ("half", "quarter", "small", "tiny"),
    "at another frame rate": ("other_rate", "fewer_frames"),
    "trimmed": ("front_cut", "end_cut", "both_cut"),
    "mirrored": ("mirrored", "mirrored_small"),
    "turned": ("turned", "turned_right", "turned_left", "turned_left_small", "turned_over"),
    "with bars": ("letterbox", "barred"),
    "brighter, grey, quiet": ("bright", "grey", "quiet"),
    "without sound": ("mute", "mute_front_cut_mirrored"),
    "watermarked": ("mark_middle", "mark_faint", "mark_date", "mark_logo", "logo"),
    "10 % cropped": ("cropped", "cropped_small", "cropped_side", "cropped_back"),
    "5 % faster": ("faster", "faster_higher", "slower", "pal"),
}
"""Stems of the names of changes, by what was done."""
_CHANGE_NAMES = {stem: kind for kind, stems in _CHANGES.items() for stem in stems}
_ORIGINALS = ("film", "clip", "lecture", "photo", "picture", "sound")
"""Files that are only there to be changed: their pairs are counted by the change."""
_SUBJECTS: dict[str, str] = {
    r"invoice\d": "invoices that differ in one number",
    r"portrait": "eyes open and closed",
    r"burst": "shots of a burst",
    r"figure": "one silhouette in several colours",
    r"room": "a new object in a scene",
    r"(thing|cup)\d": "a thing in another hue that is as bright",
    r"product": "a product in several colours",
    r"screenshot": "long screenshots that differ in one figure",
    r"scan": "scans of pages that differ in one figure",
    r"camera": "a fixed camera, others walk by",
    r"empty": "an empty place at another time of day",
    r"passer": "somebody hurries through an empty place",
    r"screen": "other words on a screen",
    r"slides": "stills of two invoices",
    r"(caption|longer|meme|subtitle|band|price|tag|date|digits)\d": "other words over one photo",
    r"(sign|icon|letter|cartoon|xray)\d": "a drawing in a mirror",
    r"subtitled\d": "subtitles in two languages",
    r"hall\d": "something in an empty room all the time",
    r"head": "a talking head in another take",
    r"(flash|bird|light|runner)\d": "something happens for less than a second",
    r"(clock|person)\d": "a fixed camera at another time, another person",
    r"(table|counter|typed|match|deck)\d": "another number or word for a moment, or in a small place",
    r"picture\d+_take": "other pictures of the place",
    r"picture\d+_night": "other pictures of the place",
    r"film\d+_(other_take|lecture)": "other takes of a scene",
    r"film\d+_same_music": "the same music below other pictures",
    r"film\d+_intro": "the same intro",
    r"film\d+_black": "much black",
    r"film\d+_excerpt": "an excerpt",
    r"film\d+_end_differs": "another end",
    r"voice\d+_under_music": "another quiet voice under the same music",
    r"voice\d+_(said|word_muted|beep|other_end)": "a word muted or covered, another last sentence",
    r"sound\d+_begins_alike": "the same beginning",
    r"sound\d+_excerpt": "an excerpt",
    r"sound\d+_silence": "much silence",
}
"""Patterns of the names of contents that are taken for others, by what they are."""
_OF_A_COPY = ("q30.jpg", "half.jpg")


class Sample(NamedTuple):
    """A file of the set."""

    medium: str
    """`pictures`, `videos` or `sounds`."""
    content: str
    """Files of one content are duplicates."""
    family: str
    """Files of one family have something in common."""
    subject: str
    """What it is easily taken for, in words; empty for what is only there to be changed."""
    change: str
    """What was done to it, in words; empty for an original."""


def _copied(folder: Path, seeds: range) -> Labels:
    """Pictures that differ in a detail, each with true copies."""
    labels = confusable.make_pictures_that_differ(folder, seeds)
    for original in list(labels):
        for name in _OF_A_COPY:
            copy = changed(original, name, after=confusable.PICTURE_CHANGES[name])
            labels[copy] = labels[original]
    return labels


_LETTERED = (lettering.make_lettered, lettering.make_drawings)
_CLIPS = (
    confusable_clips.make_clip_copies,
    confusable_clips.make_clips_that_differ,
    lettering.make_lettered_clips,
    confusable_moments.make_moments_that_differ,
)
_MAKERS: dict[str, tuple[Callable[[Path, range], Labels], ...]] = {
    "pictures": (labelled.make_images, confusable.make_pictures, confusable.make_pages, _copied, *_LETTERED),
    "videos": (labelled.make_videos, labelled.make_videos_that_differ, labelled.make_faster_videos, *_CLIPS),
    "sounds": (labelled.make_sounds, labelled.make_faster_sounds, confusable_sounds.make_sounds_that_differ),
}


def make_all(folder: Path, seeds: range) -> dict[Path, Sample]:
    """The whole set. Its labels are also written to `labels.json`."""
    samples: dict[Path, Sample] = {}
    for medium, makers in _MAKERS.items():
        (folder / medium).mkdir(parents=True, exist_ok=True)
        for make in makers:
            samples |= {path: sample_of(medium, path, name) for path, name in make(folder / medium, seeds).items()}
    written = {path.relative_to(folder).as_posix(): sample for path, sample in samples.items()}
    (folder / "labels.json").write_text(json.dumps(written, indent=1))
    return samples


def read_all(folder: Path) -> dict[Path, Sample]:
    """The set that `make_all` wrote there."""
    written: Mapping[str, Iterable[str]] = json.loads((folder / "labels.json").read_text())
    return {folder / name: Sample(*values) for name, values in written.items()}


def sample_of(medium: str, path: Path, content: str) -> Sample:
    """What a file is, told by its name and by that of its content."""
    subject = next((words for pattern, words in _SUBJECTS.items() if re.match(pattern, content)), None)
    head = re.match(r"([a-z]+)(\d+)", content)
    assert head and (subject or head[1] in _ORIGINALS), f"{content} has no kind"
    family = f"{'film' if head[1] == 'lecture' else head[1]}{head[2]}"
    change = path.stem.removeprefix(content).removeprefix("_")
    return Sample(medium, content, family, subject or "", _CHANGE_NAMES[change] if change else "")


def kind_of(one: Sample, other: Sample) -> tuple[str, bool] | None:
    """The kind of a pair, and whether the two are duplicates; None for two copies of one original, of which each is
    counted with the original."""
    if one.medium != other.medium:
        return "files of two media", False
    if one.content == other.content:
        if one.change and other.change:
            return None
        return f"{one.medium}: {one.subject or one.change or other.change}", True
    if one.family == other.family and (one.subject or other.subject):
        return f"{one.medium}: {one.subject or other.subject}", False
    return f"{one.medium}: nothing in common", False
