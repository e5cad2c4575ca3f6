"""Pictures that may be cut out of others: what was cut at its edges has another code, so it is asked for by parts.

Of the small picture that is stored of every image, windows are taken that leave out up to a fifth of its width and of
its height in steps of a twentieth, and their codes looked up among the codes of all. Measured on 40 pictures and cuts
of 5 to 20 % of each side: the nearest of the 225 windows differs from the cut picture in 7 bits at most, and in 15 at
least from another picture. 10,000 pictures take 5 s. A window proves nothing: only a look at both pictures in full
detail does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.codes import (
    NO_PICTURE,
    SIDE,
    averages_within,
    codes_of,
    oriented,
    turned,
    window_codes,
)
from media_assets.artifacts.duplicates.find.evidence import Evidence
from media_assets.artifacts.duplicates.find.index import Neighbours
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets.base.batches import batched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEPS = 20
"""Steps of a side in which windows are taken."""
_MOST_STEPS = 4
_FINE = (1 / 40, 1 / 80, 1 / 160)
MOST_BITS = 8
PARTS = (5, 12)
_MIRRORED = 1
_LEAST_ALIKE = 0.85
"""Correlation of the small pictures, of which one was enlarged; a look decides."""
_BETTER = 0.02
"""So much better than the whole has a window to fit; pages of one layout and shots of a burst do not."""
ASKED_AT_ONCE = 512


class PartOfPicture(NamedTuple):
    """A part of a picture, as shares of its height and width."""

    top: float
    bottom: float
    left: float
    right: float


class PossiblePart(NamedTuple):
    """A picture or video that may be a part of another."""

    outer: int
    inner: int
    orientation: int
    """How the inner one is turned against the outer one."""
    alike: float = 0.0
    """Correlation of the small pictures; 0 where they were not compared."""


def find_cuts(
    files: Sequence[int], evidence: Sequence[Evidence], limits: SimilaritySettings, check: Callable[[], None]
) -> list[PossiblePart]:
    """The pictures that may be cut out of others.

    Args:
        files: Images.
        check: Called now and then; what it raises ends the work.
    """
    import numpy as np

    shown = [file for file in files if evidence[file].packed_thumbnail and evidence[file].codes[0] != NO_PICTURE]
    if len(shown) < 2:
        return []
    codes = np.concatenate([codes_of(_small(evidence[file])[None], "phash") for file in shown])
    neighbours = Neighbours(codes, *PARTS)
    found: list[PossiblePart] = []
    for block in batched(range(len(shown)), ASKED_AT_ONCE):
        check()
        windows = [np.unique(window_codes(_small(evidence[shown[place]]), intervals())) for place in block]
        owners = np.repeat(np.array(block), [len(own) for own in windows])
        asked = np.concatenate(windows)
        for orientation in (0, _MIRRORED) if limits.orientations else (0,):
            pairs = _pairs(neighbours, codes, owners, oriented(asked, "phash", orientation), limits.common_frame_files)
            for outer, inner in pairs:
                one, other = shown[outer], shown[inner]
                alike = fit(evidence[one], evidence[other], orientation)
                if alike is not None:
                    found.append(PossiblePart(one, other, orientation, alike))
    return found


def _pairs(
    neighbours: Neighbours,
    codes: NDArray[np.uint64],
    owners: NDArray[np.intp],
    asked: NDArray[np.uint64],
    most_files: int,
) -> list[tuple[int, int]]:
    """Places of two pictures of which the first has a window like the second; what many are like is left out."""
    import numpy as np

    who, found = neighbours.of(asked)
    near = (owners[who] != found) & (np.bitwise_count(asked[who] ^ codes[found]) <= MOST_BITS)
    pairs = np.unique(np.stack([owners[who[near]], found[near]], axis=1), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=len(codes))
    return [(outer, inner) for outer, inner in pairs.tolist() if counts[outer] <= most_files]


def fit(outer: Evidence, inner: Evidence, orientation: int) -> float | None:
    """How alike the inner picture and the window of the outer one are that fits best; None when none fits well, or
    none better than the whole."""
    import numpy as np

    one, other = np.ascontiguousarray(turned(_small(outer), orientation)), _standard(_small(inner))
    whole = float((_standard(one) * other).mean())
    if whole > 1 - _BETTER:
        return None
    spans = intervals()
    shown = np.stack([averages_within(*span) for span in spans]).reshape(-1, SIDE)
    layers = (shown @ one @ shown.T).reshape(len(spans), SIDE, len(spans), SIDE).transpose(0, 2, 1, 3)
    layers = layers - layers.mean(axis=(2, 3), keepdims=True)
    scores = (layers * other).mean(axis=(2, 3)) / np.maximum(1.0, layers.std(axis=(2, 3)))
    down, across = divmod(int(scores.argmax()), len(spans))
    window, best = PartOfPicture(*spans[down], *spans[across]), float(scores.max())
    for step in _FINE:
        window, best = _moved(one, other, window, best, step)
    return best if best >= _LEAST_ALIKE and best > whole + _BETTER else None


def _moved(
    one: NDArray[np.float32], other: NDArray[np.float32], window: PartOfPicture, best: float, step: float
) -> tuple[PartOfPicture, float]:
    """The window with each of its edges moved where that fits better."""
    for edge in PartOfPicture._fields:
        for moved in (-step, step):
            tried = window._replace(**{edge: min(1.0, max(0.0, getattr(window, edge) + moved))})
            shown = averages_within(tried.top, tried.bottom) @ one @ averages_within(tried.left, tried.right).T
            alike = float((_standard(shown) * other).mean())
            if alike > best:
                window, best = tried, alike
    return window, best


def _small(evidence: Evidence) -> NDArray[np.float32]:
    """The small picture that is stored; its mean and its contrast do not matter to codes."""
    thumbnail = evidence.thumbnail
    assert thumbnail is not None
    return thumbnail


def _standard(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    standard: NDArray[np.float32] = (picture - picture.mean()) / max(1e-3, float(picture.std()))
    return standard


@cache
def intervals() -> list[tuple[float, float]]:
    """The parts of a side that a cut may leave."""
    steps = range(_MOST_STEPS + 1)
    return [(low / _STEPS, 1 - high / _STEPS) for low in steps for high in steps if low + high <= _MOST_STEPS]
