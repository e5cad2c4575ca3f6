"""Pictures and moments of videos as pixels, read by ffmpeg: upright, in red, green and blue, no larger than needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import file_url, no_larger, uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

PICTURE_SIDE = 1600
"""Longer side of a picture, in pixels, at which it is looked at."""
_HEADER = re.compile(rb"P6\s(\d+)\s(\d+)\s255\s")
_HEADER_BYTES = 64
_LEAST_SIDE = 16


def picture(ffmpeg: FFmpeg, source: Path, container: str | None, work: Work) -> Pixels:
    """A picture as it is displayed.

    Args:
        container: FFmpeg's name of its demuxer; None to look it up with a probe.

    Raises:
        BadMedia, TimeLimitExceeded, Transient, Fatal: see `FFmpeg.run`.
    """
    written = work.directory / "picture.ppm"
    # No stream is chosen: of a HEIC that is stored in tiles, ffmpeg then puts the whole together.
    output = uploaded(source, container or _demuxer(source, work)).output(
        file_url(written), vf=_scaled(PICTURE_SIDE), vframes=1, **_AS_PPM
    )
    try:
        ffmpeg.run(output, work)
        (found,) = _read(written, PICTURE_SIDE, 1) or (None,)
    finally:
        written.unlink(missing_ok=True)
    if found is None:
        raise BadMedia("has no picture that can be decoded", next_step="Open it in a viewer to see what it is")
    return found


def _demuxer(source: Path, work: Work) -> str | None:
    media = probe(source, work).media
    return media.container if media else None


_AS_PPM = {"format": "image2pipe", "vcodec": "ppm", "pix_fmt": "rgb24"}


def _scaled(side: int) -> str:
    larger = f"gt(max(iw,ih),{side})"
    width = f"if({larger},max(1,round(iw*{side}/max(iw,ih))),iw)"
    height = f"if({larger},max(1,round(ih*{side}/max(iw,ih))),ih)"
    return f"scale=w='{width}':h='{height}':flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24"


def _read(path: Path, side: int, most: int) -> list[Pixels]:
    """The pictures in a file that ffmpeg wrote."""
    import numpy as np

    if not path.exists():
        return []
    content = no_larger(path, most * (3 * side * side + _HEADER_BYTES)).read_bytes()
    found: list[Pixels] = []
    place = 0
    while header := _HEADER.match(content, place):
        width, height = int(header[1]), int(header[2])
        place = header.end() + 3 * width * height
        if min(width, height) < _LEAST_SIDE:
            continue
        pixels = np.frombuffer(content, np.uint8, 3 * width * height, header.end())
        found.append(pixels.reshape(height, width, 3))
    return found
