"""The full comparison of two files: are they the same over most of their length, at one offset in time?

One agreeing frame proves nothing: intros, logos and black frames are shared by files that have nothing else in common.
Where both have pictures and sound, both must agree; a scene that was filmed twice differs in its sound and movement.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from media_assets.artifacts.duplicates.find import audio_prints
from media_assets.artifacts.duplicates.find.alignment import Pictures, lay_pictures
from media_assets.artifacts.duplicates.find.audio_prints import IndexedPrint
from media_assets.artifacts.duplicates.find.codes import ORIENTATIONS, turned
from media_assets.artifacts.duplicates.find.evidence import Evidence
from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets.media.info import MediaKind

_SHOWN_SHARE = 0.25
"""When most of a video is blank, the rest is no proof without sound."""
_SAME_LENGTH = 0.02
_SURE_MOTION = 0.65
_BLOCKS = 8


class Likeness(NamedTuple):
    """That two files are near duplicates."""

    similarity: float
    """0 to 1."""
    orientation: int
    """How the second is turned against the first: an index of codes.ORIENTATIONS."""
    offset_seconds: float
    """The second of the first file at which the second file starts."""
    reason: str
    shows: Literal["as much", "less", "more"] = "as much"
    """What the second shows of the picture, or plays of the recording, against the first: one may be cut out of the
    other."""
    speed: float = 1.0
    """How many times as fast the second is played."""
    is_guess: bool = False
    """Whether the fingerprints say no more than that it is worth a look."""
    better_because: str = ""
    """Why the one that shows more is the better one, where that is not that the other was cut."""
    mark: str = ""
    """Where one of both has a mark that the other has not, in words; that other one shows more then."""
    covers: bool = False
    """Whether nothing shines through the mark."""
    apart: str = ""
    """Why they are not the same all the same, where other files show that."""
    measured: Measured = Measured()
    """What a look found of how much both show."""


def compare(first: Evidence, second: Evidence, orientation: int, limits: SimilaritySettings) -> Likeness | None:
    """How alike two files are when the second is turned back; None when they are no near duplicates.

    Args:
        orientation: How the second's pictures are turned against the first's.
    """
    if first.kind is MediaKind.IMAGE:
        return _compare_images(first, second, orientation, limits)
    return compare_recordings(first, second, orientation, limits)


def compare_recordings(
    first: Evidence, second: Evidence, orientation: int, limits: SimilaritySettings, *, is_slowed: bool = False
) -> Likeness | None:
    """See `compare`, for videos and sounds.

    Args:
        is_slowed: Whether the second was brought to the speed of the first. That both take equally long proves nothing
            then: where nothing is heard, the movement has to agree.
    """
    if len(first.codes) and len(second.codes):
        return _compare_videos(first, second, orientation, limits, is_slowed=is_slowed)
    if len(first.sound) and len(second.sound) and not len(first.codes) and not len(second.codes):
        return _compare_sounds(first, second, limits)
    return None


def _compare_images(first: Evidence, second: Evidence, orientation: int, limits: SimilaritySettings) -> Likeness | None:
    one, other = first.thumbnail, second.thumbnail
    if one is None or other is None:
        return None
    one = turned(one, orientation)
    correlation = float((one * other).mean())
    if correlation < limits.min_image_correlation:
        return None
    side = one.shape[0] // _BLOCKS
    parts = (one - other).reshape(_BLOCKS, side, _BLOCKS, side).mean(axis=(1, 3))
    if float(abs(parts).max()) > limits.max_image_difference:
        return None
    return Likeness(min(1.0, correlation), orientation, 0.0, turned_words("the same picture", orientation))


def turned_words(what: str, orientation: int) -> str:
    return f"{what}, {ORIENTATIONS[orientation]}" if orientation else what


def _compare_sounds(first: Evidence, second: Evidence, limits: SimilaritySettings) -> Likeness | None:
    one, other = IndexedPrint(first.sound), IndexedPrint(second.sound)
    laid = audio_prints.best_overlay(one, other, audio_prints.offsets(one, other), limits.max_audio_error)
    if laid is None or laid.error > limits.max_audio_error or laid.agreement < limits.min_agreement:
        return None
    share = laid.items / max(len(first.sound), len(second.sound))
    if share < limits.min_overlap:
        return None
    offset = laid.offset * first.item_seconds
    reason = f"the same sound over {share:.0%} of the longer file{starts(offset)}"
    return Likeness(laid.agreement * share, 0, offset, reason)


def starts(offset_seconds: float) -> str:
    if abs(offset_seconds) < 1.0:
        return ""
    return f", starting {abs(offset_seconds):.0f} s {'later' if offset_seconds > 0 else 'earlier'}"


def _compare_videos(
    first: Evidence, second: Evidence, orientation: int, limits: SimilaritySettings, *, is_slowed: bool
) -> Likeness | None:
    sounds = (IndexedPrint(first.sound), IndexedPrint(second.sound)) if len(first.sound) and len(second.sound) else None
    tried = [shift * first.item_seconds for shift in (audio_prints.offsets(*sounds) if sounds else ())]
    pictures = lay_pictures(first, second, orientation, tried, limits.max_bits)
    if pictures is None or pictures.agreeing < limits.min_frames:
        return None
    agreement = pictures.agreeing / pictures.compared
    share = pictures.overlap_seconds / max(first.picture_seconds, second.picture_seconds)
    if agreement < limits.min_agreement or share < limits.min_overlap:
        return None
    sound = _lay_sound(*sounds, pictures.offset_seconds, first.item_seconds, limits) if sounds else None
    is_other = sound is not None and (sound.error > limits.max_audio_error or sound.agreement < limits.min_agreement)
    if is_other and not (is_slowed and _may_have_another_pitch(pictures, limits)):
        return None
    if sound is None and not _proved_by_pictures(first, second, pictures, limits):
        return None
    if sound is None and is_slowed and not _moves_alike(pictures):
        return None
    what = "the same pictures and sound" if sound else "the same pictures"
    words = turned_words(f"{what} over {share:.0%} of the longer file", orientation) + starts(pictures.offset_seconds)
    return Likeness(agreement * share, orientation, pictures.offset_seconds, words, is_guess=is_other)


def _proved_by_pictures(first: Evidence, second: Evidence, pictures: Pictures, limits: SimilaritySettings) -> bool:
    """Whether pictures alone are proof: enough of them, with the same movement, or unmoving for equally long."""
    if pictures.shown < _SHOWN_SHARE:
        return False
    if pictures.motion is not None:
        return pictures.motion >= limits.min_motion_correlation
    lengths = first.picture_seconds, second.picture_seconds
    return pictures.scenes > 2 or max(lengths) - min(lengths) <= max(1.0, _SAME_LENGTH * max(lengths))


def _may_have_another_pitch(pictures: Pictures, limits: SimilaritySettings) -> bool:
    """Whether sound that seems to be another may be the same at another pitch, by the pictures: worth listening to."""
    return pictures.motion is not None and pictures.motion >= limits.min_motion_correlation


def _moves_alike(pictures: Pictures) -> bool:
    """Whether movement alone is proof, before a camera that stands still more of it."""
    return pictures.motion is not None and (pictures.scenes > 2 or pictures.motion >= _SURE_MOTION)


def _lay_sound(
    first: IndexedPrint, second: IndexedPrint, offset_seconds: float, item_seconds: float, limits: SimilaritySettings
) -> audio_prints.Overlay | None:
    """The two sounds at the offset at which the pictures agree; None when too little is heard in both."""
    middle, reach = round(offset_seconds / item_seconds), round(1 / item_seconds)
    tried = list(range(middle - reach, middle + reach + 1, 2))
    return audio_prints.best_overlay(first, second, tried, limits.max_audio_error)
