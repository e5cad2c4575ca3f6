"""How a decoded picture is seen: turned, on a background, in parts and in sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import CutOut, boxed
from media_assets.artifacts.duplicates.look.pictures import upright
from media_assets.artifacts.duplicates.look.stills import Still

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.stills import Values

    Pixels = NDArray[np.uint8]
    Rgb = NDArray[np.float32]

Colour = tuple[float, float, float]
WHITE, BLACK = (255.0, 255.0, 255.0), (0.0, 0.0, 0.0)
_LEAST_SHORT_SIDE = 64
_STRIP_PIXELS = 4_000_000
_AROUND = 8
"""Pixels around a part that resampling looks at."""
_ON_THE_GRID = 0.02


class View:
    """A picture in red, green and blue.

    Args:
        orientation: An index of `codes.ORIENTATIONS`; the picture is turned by it.
        background: What is seen where it is transparent.
    """

    def __init__(self, still: Still, orientation: int = 0, background: Colour = WHITE) -> None:
        self._values: Values = upright(still.values, orientation)
        self._background = background
        self._has_alpha = still.has_alpha
        self.is_reduced = still.is_reduced
        self.is_deep = still.is_deep
        self.rows, self.columns = self._values.shape[:2]

    def part(self, rows: slice, columns: slice) -> Rgb:
        """Pixels from 0 to 255; of deeper pictures with fractions."""
        import numpy as np

        values = self._values[rows, columns]
        highest = np.iinfo(values.dtype).max
        pixels = values.astype(np.float32)
        if highest > 255:
            pixels *= np.float32(255 / highest)
        colours = pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
        if not self._has_alpha:
            return colours
        shown = pixels[..., -1:] / np.float32(255)
        composed: Rgb = colours * shown + np.array(self._background, np.float32) * (1 - shown)
        return composed

    def patch(self, box: CutOut, size: tuple[int, int], kernel: str = "BICUBIC") -> Rgb:
        """What a box of it shows, in some size (width, height); as it is where that is whole pixels of it."""
        edges = [box.left * self.columns, box.top * self.rows, box.right * self.columns, box.bottom * self.rows]
        whole = [round(edge) for edge in edges]
        left, top, right, bottom = whole
        is_on_grid = all(abs(edge - one) < _ON_THE_GRID for edge, one in zip(edges, whole, strict=True))
        is_inside = left >= 0 and top >= 0 and right <= self.columns and bottom <= self.rows
        if is_on_grid and is_inside and (right - left, bottom - top) == size:
            return self.part(slice(top, bottom), slice(left, right))
        around = _AROUND * max(1, round(max((right - left) / size[0], (bottom - top) / size[1])))
        x, y = max(0, left - around), max(0, top - around)
        given = self.part(slice(y, max(y + 1, bottom + around)), slice(x, max(x + 1, right + around)))
        high, wide = given.shape[:2]
        inside = CutOut((edges[0] - x) / wide, (edges[1] - y) / high, (edges[2] - x) / wide, (edges[3] - y) / high)
        found: Rgb = boxed(given, inside, size, kernel)
        return found

    def reduced(self, side: int) -> Pixels:
        """The whole with a longer side of so many pixels at most; a very long one has more."""
        import numpy as np
        from PIL import Image

        factor = max(side / max(self.rows, self.columns), _LEAST_SHORT_SIDE / min(self.rows, self.columns))
        blocks = max(1, int(0.5 / factor))
        step = blocks * max(1, _STRIP_PIXELS // (self.columns * blocks))
        small = []
        for top in range(0, self.rows, step):
            strip = Image.fromarray(_rounded(self.part(slice(top, top + step), slice(None))))
            small.append(np.asarray(strip.reduce(blocks) if blocks > 1 else strip))
        joined = np.concatenate(small)
        if factor >= 1:
            return joined
        size = max(1, round(self.columns * factor)), max(1, round(self.rows * factor))
        return np.asarray(Image.fromarray(joined).resize(size, Image.Resampling.LANCZOS))


def _rounded(pixels: Rgb) -> Pixels:
    import numpy as np

    return np.clip(np.round(pixels), 0, 255).astype(np.uint8)
