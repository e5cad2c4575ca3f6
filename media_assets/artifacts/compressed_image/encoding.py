"""The formats results are written in, and the search for the least encoder quality that reaches a score."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from media_assets.artifacts.compressed_image.settings import ImageFormat, ImageSettings
from media_assets.media.pictures.opening import reading

if TYPE_CHECKING:
    from PIL import Image

Chroma = Literal["4:2:0", "4:4:4"]


@dataclass(frozen=True)
class ImageEncoder:
    """One format at one fineness of colour."""

    format: ImageFormat
    chroma: Chroma
    speed: int
    """Speed of AVIF."""

    @property
    def qualities(self) -> tuple[int, int, int]:
        """The least and the greatest that make sense, and where photos reach a score of 80."""
        return {"jpeg": (40, 97, 88), "webp": (40, 100, 88), "avif": (35, 98, 76)}[self.format]

    def encode(self, image: Image.Image, quality: int, metadata: dict[str, Any] | None = None) -> bytes:
        """A whole file. The same picture gives the same bytes."""
        options: dict[str, Any] = {"quality": quality, **(metadata or {})}
        if self.format == "jpeg":
            options.update(progressive=True, optimize=True, subsampling=self.chroma)
        elif self.format == "webp":
            options.update(method=5, use_sharp_yuv=True)
        elif image.mode == "L":
            options.update(speed=self.speed)
        else:
            options.update(speed=self.speed, subsampling=self.chroma)
        # Pillow falls back on the picture's own metadata, which is that of the source.
        options = {"icc_profile": b"", "exif": b"", **options}
        file = io.BytesIO()
        bare = image.copy()
        bare.info.clear()
        bare.save(file, self.format.upper(), **options)
        return file.getvalue()


def decoded(data: bytes, mode: str) -> Image.Image:
    """The whole picture of an encoded file.

    Raises:
        BadMedia: it cannot be decoded.
    """
    from PIL import Image

    with reading(), Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.convert(mode)


def encoders(image_format: ImageFormat, settings: ImageSettings) -> tuple[ImageEncoder, ...]:
    """The encoders, in the order to try: full colour costs bytes, few pictures (red text) need it, WebP has none."""
    chromas: tuple[Chroma, ...] = ("4:2:0",) if image_format == "webp" else ("4:2:0", "4:4:4")
    return tuple(ImageEncoder(image_format, chroma, settings.avif_speed) for chroma in chromas)


_SLOPE = 0.6
"""Score per step of quality where two trials do not tell it yet (0.5 for AVIF, 0.8 for JPEG around a score of 80)."""
_SECANTS = 5
"""After so many trials the bracket is halved: secants creep along a curve that bends."""


def least_quality(
    judge: Callable[[int], float], target: float, bounds: tuple[int, int, int], tolerance: float = 0.5
) -> tuple[int | None, dict[int, float]]:
    """The least quality whose score reaches the target, by secants inside a bracket that narrows with each trial.

    Args:
        judge: The score at a quality; it should rise with it.
        target: Score to reach.
        bounds: The least and the greatest quality, and where to begin.
        tolerance: A quality that exceeds the target by no more is taken without looking for a lesser one.

    Returns:
        The quality, None when even the greatest does not reach it; and all scores found.
    """
    low, high = bounds[0] - 1, bounds[1] + 1
    scores: dict[int, float] = {}
    quality = bounds[2]
    while high - low > 1:
        scores[quality] = judge(quality)
        excess = scores[quality] - target
        if excess >= 0:
            high = quality
            if excess <= tolerance:
                break
        else:
            low = quality
        follow = _next(scores, low, high, target) if len(scores) < _SECANTS else (low + high) // 2
        quality = min(high - 1, max(low + 1, follow))
    return (high if high in scores else None), scores


def _next(scores: dict[int, float], low: int, high: int, target: float) -> int:
    """Where the line through what is known crosses the target."""
    below, above = scores.get(low), scores.get(high)
    if below is not None and above is not None:
        return math.ceil(low + (target - below) * (high - low) / (above - below))
    if above is not None:
        return math.ceil(high - (above - target) / _SLOPE)
    assert below is not None
    return math.ceil(low + (target - below) / _SLOPE)
