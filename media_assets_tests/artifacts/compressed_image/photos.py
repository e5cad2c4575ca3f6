"""Real photos for tests: the two that scikit-learn brings, in any size and format."""

from __future__ import annotations

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from media_assets.artifacts.compressed_image.compress import compress_image
from media_assets.artifacts.compressed_image.settings import ImageRule, ImageSettings
from media_assets.artifacts.compressed_image.value import CompressedImage
from media_assets.media.probe import probe
from media_assets.pipeline.conditions import PictureCondition
from media_assets.work.work import Work


@cache
def photo(width: int = 480, name: str = "china.jpg") -> Image.Image:
    """A photo with the noise of a sensor, as cameras deliver it."""
    found = find_spec("sklearn")  # not imported: that takes seconds
    assert found is not None and found.origin is not None
    sample = Image.open(Path(found.origin).parent / "datasets" / "images" / name)
    picture = sample.resize((width, round(width * sample.height / sample.width)), Image.Resampling.LANCZOS)
    noise = np.random.default_rng(0).normal(0, 2, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


@cache
def srgb_icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: camera, time, place, orientation, its own notes."""
    tags = Image.Exif()
    tags[0x010F] = "Camera Works"
    tags[0x0112] = orientation
    tags.get_ifd(0x8769).update({0x9003: "2021:07:04 12:30:00", 0xA002: 960, 0xA003: 640, 0x927C: b"notes\0" * 9})
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 15.0), 3: "E", 4: (11.0, 34.0, 30.0)})
    return tags


def rules(quality: float = 80.0, reduction: float = 0.5, side: int = 4000) -> tuple[ImageRule, ...]:
    return (
        ImageRule(name="test", when=PictureCondition(), quality=quality, reduction=reduction, smallest_long_side=side),
    )


def settings(**keys: object) -> ImageSettings:
    return ImageSettings.model_validate({"format": "jpeg", "judged_megapixels": 0.1, "rules": rules(), **keys})


def compress(
    source: Path, wanted: ImageSettings | None = None, age_years: float | None = 1.0
) -> tuple[Path | None, CompressedImage]:
    directory = source.parent / f"work-{source.name}"
    directory.mkdir(exist_ok=True)
    work = Work(directory)
    media = probe(source, work).media
    assert media is not None
    return compress_image(source, media, age_years, wanted or settings(), work)


def result_of(source: Path, wanted: ImageSettings | None = None) -> tuple[Image.Image, CompressedImage]:
    path, value = compress(source, wanted)
    assert path is not None, value.reason
    image = Image.open(io.BytesIO(path.read_bytes()))
    image.load()
    return image, value


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, of 255."""
    a, b = (np.asarray(image.convert("RGB"), dtype=np.int16) for image in (one, other))
    return float(np.abs(a - b).mean())
