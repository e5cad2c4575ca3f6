"""The section `duplicates` of library.yaml: how files are fingerprinted, what counts as the same, which copy stays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from media_assets.base.section import NOT_IN_RESULT, Section
from media_assets.base.validators import Glob

HashAlgorithm = Literal["phash", "dhash", "ahash"]
KeepRule = Literal[
    "path", "sound", "colour", "resolution", "original", "metadata", "bit_rate", "oldest", "largest", "shortest_path"
]


class FingerprintSettings(Section):
    """`dedup_index`: what is stored of each file."""

    algorithm: HashAlgorithm = "phash"
    """`phash`: signs of the 63 lowest frequencies (DCT); `dhash`: gradients; `ahash`: brighter than average or not."""
    max_frames_per_second: Literal[1, 2, 4] = 4
    """Frames taken of a short video; halved as long as more than `frames` come together, down to one per second."""
    frames: PositiveInt = 240
    max_seconds: PositiveFloat = 7200.0
    """What comes later in a recording is not looked at."""
    flat_contrast: Annotated[float, Field(ge=0, le=64)] = 4.0
    """A frame whose brightness varies by less (standard deviation, of 255) is black or blank and says nothing."""
    letterbox: bool = True
    """Whether black bars are cut off before hashing."""
    audio: bool = True
    """Whether the sound is fingerprinted."""
    audio_max_seconds: PositiveFloat = 1800.0
    """What is heard later is not fingerprinted; each second takes 32 bytes."""


class SimilaritySettings(Section):
    """`duplicate_groups`: what counts as a near duplicate."""

    near: bool = True
    """Whether near duplicates are looked for at all; exact ones always are."""
    look: bool = True
    """Whether pictures, videos and sounds that are near duplicates are also compared in full detail; without that,
    pictures merge that differ in a number or in a face, clips of one camera, and other words after the same jingle."""
    orientations: bool = True
    """Whether mirrored and rotated copies are looked for."""
    max_bits: Annotated[int, Field(ge=0, le=24)] = 12
    """So many of the 64 bits of two frames may differ."""
    min_agreement: Annotated[float, Field(gt=0.5, le=1)] = 0.8
    """Share of the common part in which pictures and sound must agree."""
    min_overlap: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of the longer file that the common part must cover: what is trimmed more is an excerpt, no duplicate."""
    min_frames: PositiveInt = 3
    """Pictures that are not blank and agree, before a video counts as the same."""
    max_audio_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.3
    """Share of bits that may differ between two audio fingerprints of the same sound; 0.5 is chance."""
    min_motion_correlation: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How much the movement of two videos must go together: the same scene in another take does not."""
    min_image_correlation: Annotated[float, Field(ge=0, le=1)] = 0.95
    """How alike two pictures must be in the whole; 1 is identical."""
    max_image_difference: PositiveFloat = 0.5
    """How much any part of two pictures may differ, in standard deviations of the picture's brightness."""
    common_frame_files: PositiveInt = 64
    """A frame (an intro, a logo), or a moment of sound, that more files show is not used to find candidates."""
    max_candidates: Annotated[PositiveInt, NOT_IN_RESULT] = 500
    """Files that are compared with one file in full, those that share most with it first."""


def _folder_name(name: str) -> str:
    if not name.strip() or name in (".", "..") or "/" in name or "\\" in name:
        raise ValueError("should be the name of a folder, without a slash")
    return name


class DuplicateSettings(Section):
    """All about duplicates."""

    fingerprints: FingerprintSettings = FingerprintSettings()
    similarity: SimilaritySettings = SimilaritySettings()
    keep: tuple[KeepRule, ...] = (
        "path",
        "sound",
        "colour",
        "resolution",
        "original",
        "metadata",
        "bit_rate",
        "oldest",
        "largest",
        "shortest_path",
    )
    """Rules that choose the copy to keep; the first that tells two apart decides. What lies in a bin is never kept
    before what does not."""
    prefer_paths: tuple[Glob, ...] = ()
    """Globs over a file's key, best first, for the rule `path`, e.g. `archive:**`."""
    review_folder: Annotated[str, AfterValidator(_folder_name), NOT_IN_RESULT] = "duplicates-to-review"
    """Where redundant copies are moved to, within their source."""
