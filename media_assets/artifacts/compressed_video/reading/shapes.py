"""Whether a picture keeps its size and the shape of its pixels from its beginning to its end.

Broadcasts change them between programmes, video calls with the bandwidth; a result has one of each.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

_MOST_LOOKS = 300
"""So many key frames are decoded at most, all over the file."""
_TOLD_BY_FRAMES = {"mpegts", "mpeg", "mpegvideo", "h264", "hevc", "m4v"}
"""Containers that say nothing of the shape of pixels, so that each frame has its own."""
_MOST_NAMED = 4

_CURVES = {16: "PQ", 18: "HLG"}
"""The curves of high dynamic range, by their numbers in ITU-T H.273."""


class Shape(NamedTuple):
    """What a result has one of."""

    width: int
    height: int
    aspect: Fraction
    """The width of a pixel for its height."""
    bits: int
    """How deep each component is."""
    curve: str
    """That of high dynamic range; `SDR` for all others."""

    def named(self) -> dict[str, str]:
        """How each of its properties is said, by what it is."""
        return {
            "its size": f"{self.width} × {self.height}",
            "the shape of its pixels": f"{self.aspect.numerator}:{self.aspect.denominator}",
            "its depth": f"{self.bits} bit",
            "its dynamic range": self.curve,
        }


def changed_shapes(path: Path, stream: Stream, duration_seconds: float, work: Work) -> str | None:
    """How the picture changes, as a clause about the source; None where it stays as it begins.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    return run_in_child(_look, path, stream.index, duration_seconds / _MOST_LOOKS, work=work)


def _look(path: Path, index: int, gap_seconds: float) -> str | None:
    with path.open("rb") as file, open_media(file) as container:
        if container is None:
            return None
        return _said(_shapes(container, container.streams[index], gap_seconds))


def _shapes(container: Any, stream: Any, gap_seconds: float) -> list[Shape]:
    """The shapes in their order, none twice in a row."""
    import av

    context = stream.codec_context
    context.skip_frame = "NONKEY"
    context.thread_type = "SLICE"  # else a frame comes out behind the context of a later one
    by_frames = container.format.name in _TOLD_BY_FRAMES
    found: list[Shape] = []
    looked = float("-inf")
    for packet in container.demux(stream):
        ticks = packet.pts if packet.pts is not None else packet.dts
        seconds = looked + gap_seconds if ticks is None else float(ticks * packet.time_base)
        if packet.size and (not packet.is_keyframe or abs(seconds - looked) < gap_seconds):
            continue
        looked = seconds if packet.size else looked
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        aspect = Fraction((context.sample_aspect_ratio if by_frames else None) or 1)
        curve = _CURVES.get(context.color_trc, "SDR")
        shapes = [Shape(frame.width, frame.height, aspect, frame.format.components[0].bits, curve) for frame in frames]
        found += [new for old, new in pairwise([*found[-1:], *shapes]) if old != new] if found else shapes[:1]
    return found


def _said(shapes: list[Shape]) -> str | None:
    if len(shapes) < 2:
        return None
    told = [shape.named() for shape in shapes]
    what = next(what for what in told[0] if len({names[what] for names in told}) > 1)
    names = [names[what] for names in told]
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"its picture changes {what} ({', then '.join(names[:_MOST_NAMED])}{more}), and a result would have one"
