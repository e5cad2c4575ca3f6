"""Two videos of which one may be cut out of the other at its edges, so that no frame has the code of the other's.

What is heard, or how much moves, says whether they play the same and when; windows of some small pictures of one,
whether a frame of the other shows one of them. That is no proof: they are worth a look in full detail. What has sound
is found by it; of what has none, the picture in the middle is looked for among the frames around the middle of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find import audio_prints
from media_assets.artifacts.duplicates.find.alignment import lay_motion
from media_assets.artifacts.duplicates.find.audio_prints import IndexedPrint
from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, oriented, window_codes
from media_assets.artifacts.duplicates.find.compare import Likeness, starts, turned_words
from media_assets.artifacts.duplicates.find.crops import ASKED_AT_ONCE, MOST_BITS, PARTS, PossiblePart, intervals
from media_assets.artifacts.duplicates.find.evidence import STILLS, Evidence
from media_assets.artifacts.duplicates.find.index import Neighbours
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets.base.batches import batched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TURNS = (0, 1)
"""Upright, and mirrored."""
_LIKE_A_PART = 0.9
_SAME_LENGTH, _SAME_LENGTH_SECONDS = 0.02, 1.0
_BETTER_BITS = 2
"""So many bits nearer a window must be than the whole; before a camera that stands still none is."""
_MIDDLE, _AROUND, _MOST_AROUND = STILLS[1], 0.16, 16
"""What was cut at an end by some seconds has its middle elsewhere."""


def find_cut_videos(
    files: Sequence[int], evidence: Sequence[Evidence], limits: SimilaritySettings, check: Callable[[], None]
) -> list[PossiblePart]:
    """The videos that may be cut out of others at their edges; none where all can be found by their sound.

    Args:
        files: Videos, in order.
        check: Called now and then; what it raises ends the work.
    """
    import numpy as np

    files = [file for file in files if evidence[file].packed_stills and evidence[file].algorithm == "phash"]
    if len(files) < 2 or all(len(evidence[file].sound) for file in files):
        return []
    middles = [_middle(evidence[file].codes) for file in files]
    codes, owners = np.concatenate(middles), np.repeat(np.array(files), [len(own) for own in middles])
    neighbours = Neighbours(codes, *PARTS)
    found: list[PossiblePart] = []
    asked = [
        (file, still) for file in files for still in evidence[file].stills if still.place == _place(evidence[file])
    ]
    for block in batched(asked, ASKED_AT_ONCE):
        check()
        windows = [np.unique(window_codes(still.picture, intervals())) for _, still in block]
        askers = np.repeat(np.array([file for file, _ in block]), [len(own) for own in windows])
        for turn in _TURNS if limits.orientations else _TURNS[:1]:
            wanted = oriented(np.concatenate(windows), "phash", turn)
            who, near = neighbours.of(wanted)
            bits = np.bitwise_count(wanted[who] ^ codes[near])
            alike = (askers[who] != owners[near]) & (bits <= MOST_BITS)
            table = np.stack([askers[who[alike]], owners[near[alike]]], axis=1)
            pairs, which = np.unique(table, axis=0, return_inverse=True)
            least = np.full(len(pairs), MOST_BITS)
            np.minimum.at(least, which.ravel(), bits[alike])
            counts = np.bincount(pairs[:, 0], minlength=len(evidence))
            found += [
                PossiblePart(outer, inner, turn)
                for (outer, inner), apart in zip(pairs.tolist(), least.tolist(), strict=True)
                if counts[outer] <= limits.common_frame_files
                and apart + _BETTER_BITS
                <= _bits_of_whole(evidence[outer], codes[slice(*np.searchsorted(owners, (inner, inner + 1)))], turn)
            ]
    return found


def _bits_of_whole(outer: Evidence, codes: NDArray[np.uint64], turn: int) -> int:
    """How many bits the whole picture in the middle differs by from the nearest of some frames."""
    import numpy as np

    whole = oriented(outer.codes[_place(outer) :][:1], "phash", turn)
    return int(np.bitwise_count(codes ^ whole).min())


def _place(evidence: Evidence) -> int:
    return int(len(evidence.codes) * _MIDDLE)


def _middle(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Different codes of the frames around the middle, no more than some."""
    import numpy as np

    low, high = (round(len(codes) * (_MIDDLE + step)) for step in (-_AROUND, _AROUND))
    around = codes[low : max(low + 1, high)]
    around = around[:: -(-len(around) // _MOST_AROUND) or 1]
    return np.unique(around[around != NO_PICTURE])


def compare_cut(
    first: Evidence, second: Evidence, orientation: int | None, limits: SimilaritySettings
) -> Likeness | None:
    """How alike two videos are of which one may be cut out of the other; None when they are not.

    Args:
        orientation: How the second's pictures are turned against the first's; None where that is not known.
    """
    if not (first.packed_stills and second.packed_stills) or first.algorithm != "phash":
        return None
    if (laid := _laid(first, second, limits)) is None:
        return None
    share = laid.overlap_seconds / max(first.picture_seconds, second.picture_seconds)
    turns = _TURNS if orientation is None and limits.orientations else (orientation or 0,)
    turn = next((turn for turn in turns if turn in _TURNS and _shows_part(first, second, turn, laid)), None)
    if share < limits.min_overlap or turn is None:
        return None
    words = turned_words(f"{laid.what} over {min(1.0, share):.0%} of the longer file", turn)
    return Likeness(
        _LIKE_A_PART * min(1.0, share), turn, laid.offset_seconds, words + starts(laid.offset_seconds), is_guess=True
    )


class _Coincidence(NamedTuple):
    offset_seconds: float
    """The second of the first at which the second starts."""
    overlap_seconds: float
    what: str


def _laid(first: Evidence, second: Evidence, limits: SimilaritySettings) -> _Coincidence | None:
    """Where both play the same; None when they do not."""
    if len(first.sound) and len(second.sound):
        one, other = IndexedPrint(first.sound), IndexedPrint(second.sound)
        sound = audio_prints.best_overlay(one, other, audio_prints.offsets(one, other), limits.max_audio_error)
        if sound is None or sound.error > limits.max_audio_error or sound.agreement < limits.min_agreement:
            return None
        offset = sound.offset * first.item_seconds
        return _Coincidence(offset, _overlap(first, second, offset), "the same pictures and sound")
    motion = lay_motion(first, second)
    if motion is None:
        lengths = first.picture_seconds, second.picture_seconds
        same = max(_SAME_LENGTH_SECONDS, _SAME_LENGTH * max(lengths))
        return _Coincidence(0.0, min(lengths), "the same pictures") if abs(lengths[0] - lengths[1]) <= same else None
    if motion.correlation < limits.min_motion_correlation:
        return None
    return _Coincidence(motion.offset_seconds, _overlap(first, second, motion.offset_seconds), "the same pictures")


def _overlap(first: Evidence, second: Evidence, offset: float) -> float:
    return min(first.picture_seconds, second.picture_seconds + offset) - max(0.0, offset)


def _shows_part(first: Evidence, second: Evidence, turn: int, laid: _Coincidence) -> bool:
    """Whether a picture of one has a window that the other shows at that time."""
    return _has_window(first, second, turn, laid.offset_seconds) or _has_window(
        second, first, turn, -laid.offset_seconds
    )


def _has_window(outer: Evidence, inner: Evidence, turn: int, offset_seconds: float) -> bool:
    import numpy as np

    for still in outer.stills:
        place = round((still.place * outer.interval_seconds - offset_seconds) / inner.interval_seconds)
        there = inner.codes[max(0, place - 1) : max(0, place + 2)]
        windows = oriented(window_codes(still.picture, intervals()), "phash", turn)
        if len(there) and np.bitwise_count(windows[:, None] ^ there[None]).min() <= MOST_BITS:
            return True
    return False
