"""How far a compressed picture is from its reference, by SSIMULACRA2, on so much of it as is needed.

SSIMULACRA2 (Cloudinary, in the JPEG XL repository) was fitted to people's judgement of compressed photos. Unlike VMAF
and SSIM it looks at colour, and its scale has a meaning: 70 high quality, 80 not told apart side by side, 90 visually
lossless. Compared on photos with JPEG, WebP and AVIF from quality 30 to 95 it rose with each step, as VMAF did, which
is blind to colour and squeezes all that matters here between 93 and 97. It takes about 1 s per megapixel.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_TILE = 256
"""Pixels; a multiple of every codec's largest block, so that tiles put together code like the picture they are of."""
_WHOLE_FROM = 0.7
"""A picture of which so large a share would be looked at is looked at whole."""
_BACKGROUNDS = (26, 230)
"""What is put behind transparent pixels, as the authors of the metric do: dark and light grey; the worse one counts."""
_DAMAGE = 32
"""Mean difference in one small area, of 255, that no quality setting explains: the encoder or a disk is at fault."""
_AREA = 32

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class JudgedAreas:
    """Areas of a picture, put together to a smaller one; no boxes stand for the whole."""

    boxes: tuple[Box, ...] = ()

    def of(self, image: Image.Image) -> Image.Image:
        """These areas of a picture."""
        from PIL import Image

        if not self.boxes:
            return image
        columns = math.ceil(math.sqrt(len(self.boxes)))
        left, top, right, bottom = self.boxes[0]
        width, height = right - left, bottom - top
        result = Image.new(image.mode, (columns * width, math.ceil(len(self.boxes) / columns) * height))
        for number, box in enumerate(self.boxes):
            result.paste(image.crop(box), (number % columns * width, number // columns * height))
        return result


def choose_sample(image: Image.Image, megapixels: float) -> JudgedAreas:
    """Tiles that stand for a picture: as many flat and as many busy ones as it has.

    They are taken at equal steps along the order by detail, so that the same picture gives the same tiles.
    """
    if image.width * image.height * _WHOLE_FROM <= megapixels * 1_000_000:
        return JudgedAreas()
    width, height = min(_TILE, image.width), min(_TILE, image.height)
    boxes = [
        (x, y, x + width, y + height)
        for y in range(0, image.height - height + 1, height)
        for x in range(0, image.width - width + 1, width)
    ]
    side = math.ceil(math.sqrt(megapixels * 1_000_000 / (width * height)))
    count = side * side  # a full square, so that no empty place counts as perfect
    if count >= len(boxes) * _WHOLE_FROM:
        return JudgedAreas()
    ranked = sorted(boxes, key=lambda box: (_detail(image.crop(box)), box))
    return JudgedAreas(tuple(ranked[int((number + 0.5) * len(ranked) / count)] for number in range(count)))


def score(reference: Image.Image, distorted: Image.Image) -> float:
    """SSIMULACRA2: 100 for equal pictures, negative for very bad ones."""
    from ssimulacra2 import compute_ssimulacra2

    if reference.mode != "RGBA":
        return float(compute_ssimulacra2(_file(reference), _file(distorted)))
    return min(float(compute_ssimulacra2(_file(reference, grey), _file(distorted, grey))) for grey in _BACKGROUNDS)


def damaged_area(reference: Image.Image, distorted: Image.Image) -> Box | None:
    """An area of the whole picture that is not of the reference; None when there is none. Cheap."""
    import numpy as np
    from PIL import ImageChops

    difference = ImageChops.difference(reference.convert("L"), distorted.convert("L"))
    small = difference.reduce(_AREA)
    means = np.asarray(small)
    y, x = divmod(int(np.argmax(means)), means.shape[1])
    if means[y, x] < _DAMAGE:
        return None
    return (x * _AREA, y * _AREA, min(reference.width, (x + 1) * _AREA), min(reference.height, (y + 1) * _AREA))


def _detail(tile: Image.Image) -> float:
    """Mean difference of neighbouring pixels."""
    import numpy as np

    values = np.asarray(tile.convert("L"), dtype=np.int16)
    return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())


def _file(image: Image.Image, background: int | None = None) -> io.BytesIO:
    """What the metric's library reads: a file. PPM needs no compression."""
    from PIL import Image

    if background is not None:
        behind = Image.new("RGBA", image.size, (background, background, background, 255))
        image = Image.alpha_composite(behind, image)
    file = io.BytesIO()
    image.convert("RGB").save(file, "PPM")
    file.seek(0)
    return file
