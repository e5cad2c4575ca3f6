"""Which rule fits an image, and how small it has to become: the progressive scheme of a family or lab archive.

The goal is a share of the original's bytes. An image that was compressed here before carries the size of its original
and the goal it was made for, so that a later rule counts from the original, and the same rule does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from media_assets.engines.images.exif import Mark
from media_assets.settings_images import ImageRule, ImageSettings

_BYTES_BY_SIDE = 1.7
"""Bytes at equal quality go with this power of the side: halved photos have more detail per pixel (measured on photos
and generated scenes: 1.6 to 1.8 for JPEG, WebP and AVIF)."""


def fitting_rule(
    rules: Sequence[ImageRule], age_years: float | None, size_bytes: int, megapixels: float
) -> ImageRule | None:
    """The last rule whose conditions hold; a file of unknown age counts as new."""
    fitting = [
        rule
        for rule in rules
        if (age_years or 0.0) >= rule.older_than_years
        and size_bytes > rule.larger_than_bytes
        and megapixels > rule.larger_than_megapixels
    ]
    return fitting[-1] if fitting else None


def only_rule(settings: ImageSettings, rule: ImageRule | None) -> ImageSettings:
    """The settings as far as they count for a file that this rule fits; changes of the rest leave its result alone."""
    if rule is None:
        return ImageSettings.model_construct(rules=())
    unconditional = {"older_than_years": 0.0, "larger_than_bytes": 0, "larger_than_megapixels": 0.0}
    return settings.model_copy(update={"rules": (rule.model_copy(update=unconditional),)})


def goal_bytes(rule: ImageRule, size_bytes: int, mark: Mark | None) -> int:
    """How large the result should be at most."""
    original = size_bytes if mark is None else mark.original_bytes
    return round(original * (1.0 - rule.reduction))


def next_long_side(long_side: int, estimated_bytes: float, goal: int, rule: ImageRule) -> int:
    """The longer side in pixels at which the goal will about be met, within what the rule allows.

    Args:
        long_side: Of the picture that was judged.
        estimated_bytes: What that picture takes at the wanted quality.
        goal: Bytes to reach.
        rule: Bounds the result from below.
    """
    if estimated_bytes <= goal:
        return long_side
    wanted: float = long_side * (goal / estimated_bytes) ** (1 / _BYTES_BY_SIDE)
    return min(long_side, max(rule.smallest_long_side, round(wanted)))
