"""Decoded pictures: their depth, their colours, their size."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageCms

_DEEPEST = 65535
_STRIP_PIXELS = 1_000_000
_ICC_DATE = slice(24, 36)
"""Where the header of a profile has its date (ICC.1, section 7.2)."""


def eight_bits(image: Image.Image) -> Image.Image:
    """A decoded picture as L, RGB, RGBA or CMYK. An alpha channel stays only when something is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _scaled_grey(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        lowest, _ = image.getchannel("A").getextrema()
        return image if lowest != 255 else image.convert("RGB")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture of `eight_bits` with its colours in sRGB, converted by its ICC profile when there is one.

    A profile that cannot be used counts as none, as browsers do it.
    """
    from PIL import ImageCms

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if not profile:
        return image.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGBA":
            result = ImageCms.profileToProfile(image.convert("RGB"), source, _srgb(), outputMode="RGB")
            assert result is not None
            result.putalpha(image.getchannel("A"))
        else:
            result = ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image.convert(mode)
    assert result is not None
    return result


def applies(profile: bytes, mode: str) -> bool:
    """Whether `in_srgb` can convert pictures of this mode by an ICC profile."""
    from PIL import Image, ImageCms

    pixel = Image.new("RGB" if mode == "RGBA" else mode, (1, 1))
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        ImageCms.profileToProfile(pixel, source, _srgb(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return False
    return True


def _srgb() -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def srgb_profile() -> bytes:
    """An ICC profile that says sRGB, always the same: LittleCMS writes the time of its making into the header."""
    profile = _srgb().tobytes()
    return profile[: _ICC_DATE.start] + bytes(12) + profile[_ICC_DATE.stop :]


def _scaled_grey(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or floating point, as 8 bits: Pillow's own conversion would clip it to white.

    A few rows at a time, for in the precision that it takes a picture is eight times as large.
    """
    import numpy as np
    from PIL import Image

    low, high = _extremes(image) if image.mode == "F" else (0.0, float(_DEEPEST))
    result = Image.new("L", image.size)
    for top, rows in _rows(image):
        values = (np.nan_to_num(rows) - low) / ((high - low) or 1.0) * 255 if image.mode == "F" else rows * (255 / high)
        grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        result.paste(Image.fromarray(grey, "L"), (0, top))
    return result


def _extremes(image: Image.Image) -> tuple[float, float]:
    import numpy as np

    found = [(float(np.nanmin(rows)), float(np.nanmax(rows))) for _, rows in _rows(image)]
    return min(low for low, _ in found), max(high for _, high in found)


def _rows(image: Image.Image) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Strips of a picture, each with the row it begins at."""
    import numpy as np

    height = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        strip = image.crop((0, top, image.width, min(image.height, top + height)))
        yield top, np.asarray(strip, dtype=np.float64)


def resized(picture: Image.Image, long_side: int, reducing_gap: float | None = None) -> Image.Image:
    """The picture with a longer side of so many pixels."""
    from PIL import Image

    factor = long_side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=reducing_gap)
