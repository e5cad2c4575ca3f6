"""Pictures of two views (3D) that say so twice: in the container and in the coded picture itself.

A frame then carries the same side data twice, which no filter of ffmpeg takes ("File exists"). So the picture's own
word is taken off before it is decoded, where the container has said the same.
"""

from __future__ import annotations

_INFORMATION = {"h264": "6", "hevc": "39|40"}
"""Types of the NAL units with supplemental enhancement information (ITU-T H.264, 7.4.1; H.265, 7.4.2.2)."""


def container_alone(codec: str, index: int, *, told_twice: bool) -> dict[str, str]:
    """Options of an input of ffmpeg that leave the container's word alone.

    Args:
        codec: Of the picture.
        index: Of its stream.
        told_twice: See `media.info.Stream`.
    """
    types = _INFORMATION.get(codec) if told_twice else None
    return {f"bsf:{index}": f"filter_units=remove_types={types}"} if types else {}
