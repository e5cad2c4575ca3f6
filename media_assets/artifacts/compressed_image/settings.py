"""The section `images` of library.yaml: how `compressed_image` makes photos smaller."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator

from media_assets.base.section import Section
from media_assets.pipeline.conditions import PictureCondition

ImageFormat = Literal["jpeg", "webp", "avif"]

Share = Annotated[float, Field(ge=0, lt=1)]

_SMALL_BYTES = 300_000
_ONCE_BESIDE = ("older_than_years", "larger_than_bytes", "larger_than_megapixels")
"""Conditions that stood beside the rest of a rule, when the last rule that fitted counted."""


class ImageRule(Section):
    """What is done with images, and with which.

    Of the rules that fit an image the first one in the list counts. An image is made smaller in pixels only as far as
    it must to reach `reduction` at `quality`, and never below `smallest_long_side`.
    """

    name: str
    when: PictureCondition = PictureCondition(larger_than_bytes=_SMALL_BYTES)
    reduction: Share = 0.8
    """The share of the original's bytes to save: 0.8 leaves a fifth."""
    smallest_long_side: PositiveInt = 2560
    """Pixels of the longer side that an image keeps in any case."""
    quality: Annotated[float, Field(ge=30, le=95)] = 80.0
    """SSIMULACRA2 to reach: 70 is hard to tell from the original, 80 cannot be told side by side, 90 not even when
    flickering between the two."""

    def result_settings(self) -> dict[str, Any]:
        """The rule as it was written when the conditions stood beside the rest: what was made by it then is made by it
        now."""
        when = self.when
        return {
            "name": self.name,
            "older_than_years": when.older_than_years or 0.0,
            "larger_than_bytes": when.larger_than_bytes or 0,
            "larger_than_megapixels": when.larger_than_megapixels or 0.0,
            "reduction": self.reduction,
            "smallest_long_side": self.smallest_long_side,
            "quality": self.quality,
            **when.given("older_than_years", "larger_than_bytes", "larger_than_megapixels"),
        }


FIRST_RULE = ImageRule(name="first compression")
LATER_RULE = ImageRule(
    name="older than the interval",
    when=PictureCondition(older_than_years=5.0, larger_than_bytes=_SMALL_BYTES),
    reduction=0.9,
    smallest_long_side=1920,
)


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
    """The format of images with transparency when `format` is jpeg, which has none."""
    rules: Annotated[tuple[ImageRule, ...], Field(min_length=1)] = (LATER_RULE, FIRST_RULE)
    """The first that fits an image decides; one that none fits stays as it is."""
    min_saving: Share = 0.2
    """A result that does not save this share of the bytes is dropped, and the original stays."""
    efficient_bits_per_pixel: EfficientImage = EfficientImage()
    judged_megapixels: Annotated[float, Field(ge=0.1, le=20)] = 0.5
    """How much of a large image the metric looks at in each trial; the result is judged on twice as much."""
    avif_speed: Annotated[int, Field(ge=0, le=10)] = 6
    """0 is slowest and smallest."""
    max_megapixels: Annotated[float, Field(gt=0, le=178)] = 120.0
    """Larger images are refused before they are decoded. Above 178 Pillow itself refuses."""

    @field_validator("rules", mode="before")
    @classmethod
    def _as_they_were_written_once(cls, rules: object) -> object:
        """Rules without `when`, of which the last that fitted counted, in today's form and order."""
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            return rules
        beside = [name for rule in rules for name in _ONCE_BESIDE if name in rule]
        if any("when" in rule for rule in rules):
            if beside:
                raise ValueError(f"{beside[0]} belongs in `when` of its rule; the first rule that fits an image counts")
            return rules
        return [_with_when(rule) for rule in reversed(rules)]

    def result_settings(self) -> dict[str, Any]:
        """The rules in the order they had when the last that fitted counted; see `ImageRule.result_settings`."""
        return super().result_settings() | {"rules": [rule.result_settings() for rule in reversed(self.rules)]}


def _with_when(rule: dict[str, Any]) -> dict[str, Any]:
    when = {name: rule[name] for name in _ONCE_BESIDE if name in rule}
    rest = {name: value for name, value in rule.items() if name not in when}
    return {**rest, "when": {"larger_than_bytes": _SMALL_BYTES, **when}}
