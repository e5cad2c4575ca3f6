"""Borders of one colour around a picture: frames, mats, the white of an instant photo, the margin of a print.

What lies around the picture in one of two files and is of one colour shows nothing. Such a file was not cut, and the
one with more pixels of what both show is the better one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import CutOut
from media_assets.artifacts.duplicates.look.pictures import SeenPair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_THINNEST = 1.5
"""Pixels of the small picture; less may be a cut that missed by one."""
_EVEN = 12.0
"""Distance from the colour of the border, of 255, that nearly all of it keeps."""
_NEARLY_ALL = 0.985
_AS_MANY = 0.985
_EDGE_PIXELS = 2
"""Between border and picture they are mixed."""
WORDS = "its pixels show the picture and not a border"


def without_border(
    found: SeenPair, small: tuple[Pixels, Pixels], sizes: tuple[tuple[int, int], tuple[int, int]]
) -> SeenPair:
    """The finding on two pictures, of which one is no cut where the other only has a border around it.

    Args:
        small: Both as they were compared.
        sizes: Rows and columns of both in full.
    """
    laying = found.laying
    if laying is None or found.finding.verdict == "different":
        return found
    whole = laying.whole
    rows, columns = laying.inside[whole]
    framed = small[whole][rows, columns]
    if not _is_border(framed, laying.box):
        return found
    shares = [part.size / picture.size for part, picture in ((small[i][laying.inside[i]], small[i]) for i in (0, 1))]
    pixels = [size[0] * size[1] * share for size, share in zip(sizes, shares, strict=True)]
    inside = pixels[whole] * min(1.0, laying.box.area)
    better = 1 - whole if pixels[1 - whole] >= _AS_MANY * inside else whole
    verdict = "same" if found.finding.verdict == "cut" else found.finding.verdict
    finding = found.finding._replace(verdict=verdict, cut=1.0, whole=0, better=better, better_because=WORDS)
    return found._replace(finding=finding)


def _is_border(framed: Pixels, box: CutOut) -> bool:
    """Whether all that lies outside a box is of one colour, on two opposite sides at least."""
    import numpy as np

    rows, columns = framed.shape[:2]
    edges = (box.left * columns, box.top * rows, columns - box.right * columns, rows - box.bottom * rows)
    left, top, right, bottom = (max(0, int(edge) - _EDGE_PIXELS) if edge > _THINNEST else 0 for edge in edges)
    is_around = min(edges[0], edges[2]) > _THINNEST or min(edges[1], edges[3]) > _THINNEST
    parts = (framed[:top], framed[rows - bottom :], framed[:, :left], framed[:, columns - right :])
    outside = np.concatenate([part.reshape(-1, 3) for part in parts]).astype(np.float32)
    if not is_around or not len(outside):
        return False
    off = np.abs(outside - np.median(outside, axis=0)).max(axis=1)
    return float((off < _EVEN).mean()) >= _NEARLY_ALL
