"""What a decoded frame carries beside its pixels: side data, with FFmpeg's names, also where PyAV knows no name."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

_NEWER = {28: "LCEVC", 29: "VIEW_ID", 30: "3D_REFERENCE_DISPLAYS", 31: "EXIF", 32: "DYNAMIC_HDR_SMPTE_2094_APP5"}
"""AVFrameSideDataType of libavutil 60, as far as PyAV 18 has no name for it."""
_MOST_UNKNOWN = 16
"""Kinds that PyAV does not know and that are taken off one frame."""


def side_data(frame: Any) -> list[tuple[str, bytes]]:
    """Name and content of all side data of a frame, in its order; of what PyAV cannot read, the name alone.

    PyAV reads nothing of a frame with a kind that it does not know (EXIF in Motion JPEG, the view of a spatial video):
    such a kind is taken off by a filter, and the rest is read.

    Args:
        frame: Of PyAV.
    """
    unknown: list[tuple[str, bytes]] = []
    for _ in range(_MOST_UNKNOWN):
        try:
            return [*((data.type.name, bytes(data)) for data in frame.side_data), *unknown]
        except ValueError as error:
            found = re.match(r"(\d+) is not a valid", str(error))
            if found is None:
                raise
            number = int(found[1])
            unknown.append((_NEWER.get(number, f"type {number}"), b""))
            frame = _without(frame, number)
    return unknown


def _without(frame: Any, number: int) -> Any:
    """The frame without its side data of one kind."""
    import av.filter

    graph = av.filter.Graph()
    given = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
    )
    deleted = graph.add("sidedata", f"mode=delete:type={number}")
    shown = graph.add("buffersink")
    given.link_to(deleted)
    deleted.link_to(shown)
    graph.configure()
    graph.push(frame)
    return graph.pull()
