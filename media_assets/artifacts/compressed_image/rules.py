"""How small an image has to become by the rule that fits it: the progressive scheme of a family or lab archive.

The goal is a share of the original's bytes. An image that was compressed here before carries the size of its original
and the goal it was made for, so that a later rule counts from the original, and the same rule does nothing.
"""

from __future__ import annotations

from media_assets.artifacts.compressed_image.exif import Mark
from media_assets.artifacts.compressed_image.settings import ImageRule, ImageSettings
from media_assets.pipeline.conditions import PictureCondition

_BYTES_BY_SIDE = 1.7
"""Bytes at equal quality go with this power of the side: halved photos have more detail per pixel (measured on photos
and generated scenes: 1.6 to 1.8 for JPEG, WebP and AVIF)."""


def only_rule(settings: ImageSettings, rule: ImageRule | None) -> ImageSettings:
    """The settings as far as they count for a file that this rule fits; changes of the rest leave its result alone."""
    if rule is None:
        return ImageSettings.model_construct(rules=())
    return settings.model_copy(update={"rules": (rule.model_copy(update={"when": PictureCondition()}),)})


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
