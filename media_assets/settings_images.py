"""The section `images` of library.yaml: how `compressed_image` makes photos smaller."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from media_assets.settings_section import Section

ImageFormat = Literal["jpeg", "webp", "avif"]

Share = Annotated[float, Field(ge=0, lt=1)]


class ImageRule(Section):
    """What is done with images that are so old and so large.

    Of the rules that fit an image the last one in the list counts. An image is made smaller in pixels only as far as
    it must to reach `reduction` at `quality`, and never below `smallest_long_side`.
    """

    name: str
    older_than_years: Annotated[float, Field(ge=0)] = 0.0
    larger_than_bytes: Annotated[int, Field(ge=0)] = 300_000
    larger_than_megapixels: Annotated[float, Field(ge=0)] = 0.0
    reduction: Share = 0.8
    """The share of the original's bytes to save: 0.8 leaves a fifth."""
    smallest_long_side: PositiveInt = 2560
    """Pixels of the longer side that an image keeps in any case."""
    quality: Annotated[float, Field(ge=30, le=95)] = 80.0
    """SSIMULACRA2 to reach: 70 is hard to tell from the original, 80 cannot be told side by side, 90 not even when
    flickering between the two."""


FIRST_RULE = ImageRule(name="first compression")
LATER_RULE = ImageRule(name="older than the interval", older_than_years=5.0, reduction=0.9, smallest_long_side=1920)


class EfficientImage(Section):
    """Bits per pixel up to which an image of this format is left as it is, without a trial."""

    jpeg: Annotated[float, Field(ge=0)] = 0.6
    webp: Annotated[float, Field(ge=0)] = 0.4
    avif: Annotated[float, Field(ge=0)] = 0.35
    heic: Annotated[float, Field(ge=0)] = 0.4


class ImageSettings(Section):
    """`compressed_image`."""

    format: ImageFormat = "avif"
    alpha_format: Literal["webp", "avif"] = "avif"
    """For images with transparency when `format` is jpeg, which has none."""
    rules: Annotated[tuple[ImageRule, ...], Field(min_length=1)] = (FIRST_RULE, LATER_RULE)
    min_saving: Share = 0.2
    """A result that does not save this share of the bytes is dropped, and the original stays."""
    efficient_bits_per_pixel: EfficientImage = EfficientImage()
    judged_megapixels: Annotated[float, Field(ge=0.1, le=20)] = 0.5
    """How much of a large image the metric looks at in each trial; the result is judged on twice as much."""
    avif_speed: Annotated[int, Field(ge=0, le=10)] = 6
    """0 is slowest and smallest."""
    max_megapixels: Annotated[float, Field(gt=0, le=178)] = 120.0
    """Larger images are refused before they are decoded. Above 178 Pillow itself refuses."""
