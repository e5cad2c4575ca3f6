"""Which frames of two bursts show the same moment: those that differ least where anything moves.

A copy may have other frames per second, and begins anywhere between two frames. So every frame of one burst is laid
over every frame of the other, coarsely; what always differs, a logo say, does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import resized
from media_assets.artifacts.duplicates.look.pictures import inside_bars
from media_assets.artifacts.duplicates.look.tones import grey_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Grey = NDArray[np.float32]

_SIZE = (192, 112)
_BLOCK = 8
_PEAK = 0.15
"""Weight of the block that differs most: a burned-in clock is small."""
_MARKED = 0.4
"""Difference, in deviations of brightness, of a block in which no two frames agree."""
_TIMES_USUAL = 4.0
_MOST_MARKED = 0.2
_PAIRS = 2
LEAST_CONTRAST = 6.0
"""Deviation of brightness, of 255, below which a frame is blank."""


def best_pairs(first: Sequence[Pixels], second: Sequence[Pixels]) -> list[tuple[int, int]]:
    """The pairs of frames that agree best, by their numbers; none where nothing is to be seen in either.

    Args:
        first, second: Frames that are upright and without bars.
    """
    import numpy as np

    if not first or not second:
        return []
    one, other = _coarse(first), _coarse(second)
    if max(float(one.std(axis=(1, 2)).max()), float(other.std(axis=(1, 2)).max())) < LEAST_CONTRAST:
        return []
    one, other = _standardised(one), _standardised(other)
    apart = np.stack([_blocks(np.abs(frame[None] - other)) for frame in one])
    always = apart.min(axis=(0, 1))
    apart -= always
    # How much a mark differs depends on what passes below it: it says nothing of the moment.
    if (marked := always > max(_MARKED, _TIMES_USUAL * float(np.median(always)))).mean() < _MOST_MARKED:
        apart[..., marked] = 0
    flat = apart.reshape(*apart.shape[:2], -1)
    scores = flat.mean(axis=2) + _PEAK * flat.max(axis=2)
    chosen: list[tuple[int, int]] = []
    for place in np.argsort(scores, axis=None, kind="stable"):
        row, column = divmod(int(place), scores.shape[1])
        if all(row != taken[0] and column != taken[1] for taken in chosen):
            chosen.append((row, column))
        if len(chosen) == _PAIRS:
            break
    return chosen


def likeliest(
    first: Sequence[Pixels], second: Sequence[Pixels], pairs: Sequence[tuple[int, int]], most: int
) -> list[tuple[int, int]]:
    """Those of some pairs of frames, by their numbers, that agree best, the best first; the given order decides
    between those that agree as well.

    Args:
        first, second: Frames that are upright and without bars.
    """
    import numpy as np

    if len(pairs) < 2:
        return list(pairs)
    one, other = _standardised(_coarse(first)), _standardised(_coarse(second))
    apart = [_blocks(np.abs(one[a] - other[b])[None]) for a, b in pairs]
    scores = [round(float(blocks.mean() + _PEAK * blocks.max()), 3) for blocks in apart]
    return [pairs[place] for place in sorted(range(len(pairs)), key=scores.__getitem__)[:most]]


def without_common_bars(bursts: Sequence[Sequence[Pixels]]) -> list[list[Pixels]]:
    """The frames of a video without its bars."""
    inside = inside_common_bars(bursts)
    return [[frame[inside] for frame in burst] for burst in bursts]


def inside_common_bars(bursts: Sequence[Sequence[Pixels]]) -> tuple[slice, slice]:
    """The rows and columns of a video between its bars, which are where no frame shows anything."""
    import numpy as np

    frames = [frame for burst in bursts for frame in burst]
    if len({frame.shape for frame in frames}) != 1:
        return slice(None), slice(None)
    brightest = frames[0]
    for frame in frames[1:]:
        brightest = np.maximum(brightest, frame)
    # Where a bar ends, encoding mixes it with the picture.
    rows, columns = (
        slice(
            (span.start or 0) + (1 if span.start else 0), (span.stop or size) - (1 if (span.stop or size) < size else 0)
        )
        for span, size in zip(inside_bars(brightest), brightest.shape, strict=False)
    )
    return rows, columns


def _coarse(frames: Sequence[Pixels]) -> Grey:
    import numpy as np

    return np.stack([resized(grey_of(frame), _SIZE) for frame in frames])


def _standardised(frames: Grey) -> Grey:
    standard: Grey = (frames - frames.mean()) / max(1.0, float(frames.std()))
    return standard


def _blocks(frames: Grey) -> Grey:
    count, rows, columns = frames.shape
    blocks: Grey = frames.reshape(count, rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK).mean(axis=(2, 4))
    return blocks
