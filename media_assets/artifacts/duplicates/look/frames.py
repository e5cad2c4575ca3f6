"""Moments of videos as pixels, read by ffmpeg: upright, in red, green and blue, no larger than needed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import ffmpeg as ffmpeg_python

from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import file_url, no_larger, uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

VIDEO_SIDE = 960
"""Longer side of a frame of a video."""
MOST_FRAMES = 96
"""So many frames of one window at most."""
_INDEXED = ("mov", "matroska", "avi")
"""Demuxers that know where their key frames are."""
_BEFORE_SECONDS = 12.0
"""Key frames are rarely farther apart."""
_HEADER = re.compile(rb"P6\s(\d+)\s(\d+)\s255\s")
_HEADER_BYTES = 64
_LEAST_SIDE = 16


class ClipWindow(NamedTuple):
    """A short time of a video, of which every frame is read or some are."""

    start_seconds: float
    length_seconds: float
    picks: tuple[int, ...] | None = None
    """Which frames of it, counted from 0; None for all."""
    rate: float | None = None
    """So many frames per second, each what a player shows half a step later; None for the frames as they are."""


def bursts(
    ffmpeg: FFmpeg, source: Path, container: str | None, windows: Sequence[ClipWindow], side: int, work: Work
) -> list[list[Pixels]]:
    """The frames of some windows of a video, in one run of ffmpeg; of each window at most MOST_FRAMES.

    In a container without an index, seeking may end behind the place: it begins earlier there. Where nothing is found
    all the same, all up to the place is decoded.

    Args:
        side: Longer side of the frames, at most.

    Raises:
        BadMedia, TimeLimitExceeded, Transient, Fatal: see `FFmpeg.run`.
    """
    container = container or _demuxer(source, work)
    before = demuxer_lead_seconds(container)

    def read(options: Mapping[str, str]) -> list[list[Pixels]]:
        found = _bursts(ffmpeg, source, container, windows, side, work, before, options)
        return found if all(found) else _bursts(ffmpeg, source, container, windows, side, work, None, options)

    try:
        return read({})
    except BadMedia:
        views = _view_options(source, work)
        if not views:
            raise
        return read(views)


def demuxer_lead_seconds(container: str | None) -> float:
    """How much earlier than wanted decoding has to begin, for seeking to end before that place."""
    return 0.0 if container and container.split(",")[0] in _INDEXED else _BEFORE_SECONDS


def _bursts(
    ffmpeg: FFmpeg,
    source: Path,
    container: str | None,
    windows: Sequence[ClipWindow],
    side: int,
    work: Work,
    before_seconds: float | None,
    input_options: Mapping[str, str],
) -> list[list[Pixels]]:
    """See `bursts`.

    Args:
        before_seconds: How much is decoded before each window; None for all.
        input_options: See `Stream.view_options`.
    """
    files = [work.directory / f"window{number}.ppm" for number in range(len(windows))]
    try:
        outputs = []
        for window, written in zip(windows, files, strict=True):
            begin, steps = _steps(window, before_seconds)
            start, length = window.start_seconds - begin, window.length_seconds + (1.0 if window.rate else 0.0)
            most = MOST_FRAMES if window.picks is None else len(window.picks)
            steps = f"{steps},{_scaled(side)}"
            given = uploaded(source, container, ss=f"{begin:.3f}", t=f"{start + length:.3f}", **input_options)["V:0"]
            options = {**_AS_PPM, "fps_mode": "passthrough", "frames:v": most}
            outputs.append(given.output(file_url(written), vf=steps, **options))
        ffmpeg.run(ffmpeg_python.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0], work)
        return [_read(written, side, MOST_FRAMES) for written in files]
    finally:
        for written in files:
            written.unlink(missing_ok=True)


def _steps(window: ClipWindow, before_seconds: float | None) -> tuple[float, str]:
    """From which second on a window is decoded, and the filters that leave its frames."""
    before = window.start_seconds if before_seconds is None else min(window.start_seconds, before_seconds)
    # Flagged frames alone lose their combs: a copy may have lost them before.
    even = "bwdif=mode=send_frame:deint=interlaced"
    if window.rate is not None:
        lead, count = int(before * window.rate), round(window.length_seconds * window.rate)
        begin = max(0.0, window.start_seconds - lead / window.rate)
        return begin, f"{even},fps={window.rate:.6f}:start_time=0,trim=start_frame={lead}:end_frame={lead + count}"
    begin = window.start_seconds - before
    picks = window.picks
    chosen = "select='" + "+".join(f"eq(n,{pick})" for pick in picks) + "'," if picks is not None else ""
    return begin, f"trim=start={before:.3f}:duration={window.length_seconds:.3f},{chosen}{even}"


def _demuxer(source: Path, work: Work) -> str | None:
    media = probe(source, work).media
    return media.container if media else None


def _view_options(source: Path, work: Work) -> dict[str, str]:
    media = probe(source, work).media
    return media.video_streams[0].view_options if media and media.video_streams else {}


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
        if place > len(content):
            break
        if min(width, height) < _LEAST_SIDE:
            continue
        pixels = np.frombuffer(content, np.uint8, 3 * width * height, header.end())
        found.append(pixels.reshape(height, width, 3))
    return found
