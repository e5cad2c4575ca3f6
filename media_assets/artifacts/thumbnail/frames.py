"""Frames of a video from all over its length, however long it is.

Each time is looked up by seeking, and the key frame at or before it is taken, so that an hour costs what a minute
does. One short ffmpeg process after the other does it: one process with 16 inputs of 10 bit 4K took 3 GB of memory.
When too few different frames come that way (a short video, a screen recording with few key frames), the video is
decoded from its start instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_assets.base.errors import BadMedia, TimeLimitExceeded
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import file_url, no_larger, open_media, uploaded
from media_assets.work.work import Work

_DECODED_SECONDS = 120.0
"""A video is decoded from its start for no longer than this."""
_SECONDS_APART = 1.0
"""Time between frames of a video that does not say how long it is."""
_DAMAGE_ALLOWED = {"max_error_rate": 1}
"""A poster can be had from a video of which most cannot be decoded."""
_CURVES = {16: "smpte2084", 18: "arib-std-b67"}
"""zscale's names for PQ and HLG, by their number in ITU-T H.273."""
_MOST_SQUEEZED = 8
"""Pixels are not taken to be wider or higher than so many times. A file of 1 MB may claim that its picture be a
gigapixel; real ones stay below 3."""
_MOST_TIMES_BYTES = 10_000_000
_PEAK_NITS = 100
"""What is taken for white in standard range (ITU-R BT.2035)."""


@dataclass(frozen=True)
class Frame:
    path: Path
    """A PNG, upright, with square pixels, in standard range."""
    time_seconds: float
    """Time from the start of the source's timeline."""


@dataclass(frozen=True)
class Clip:
    """One video stream of a file."""

    source: Path
    media: MediaInfo
    stream: Stream
    curve: str | None
    """What the brightness of HDR follows, in zscale's words; None for standard range."""


def clip_of(source: Path, media: MediaInfo, stream: Stream, work: Work) -> Clip:
    """Look up what the probe does not tell.

    Dolby Vision does not say its curve: phones build it upon HLG, discs upon PQ, and its profile 5 upon neither, which
    cannot be mapped here.
    """
    if stream.hdr is None:
        return Clip(source, media, stream, None)
    return Clip(source, media, stream, _CURVES.get(run_in_child(_transfer, source, stream.index, work=work)))


def _transfer(source: Path, index: int) -> int:
    """The number of the curve that the headers of a stream name; 0 when they name none."""
    with source.open("rb") as file, open_media(file) as container:
        context = None if container is None else container.streams[index].codec_context
        return int(getattr(context, "color_trc", 0))


def sample_frames(ffmpeg: FFmpeg, clip: Clip, count: int, long_side: int, work: Work) -> tuple[Frame, ...]:
    """Up to `count` different frames, in the order of time.

    Args:
        long_side: Pixels of the longer side at most.
        work: The frames are written to its directory.

    Raises:
        BadMedia: no frame of it can be decoded.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    duration = clip.stream.duration_seconds or clip.media.duration_seconds
    frames = _at_key_frames(ffmpeg, clip, duration, count, long_side, work) if duration else ()
    if len(frames) < 2 or (len(frames) < count // 2 and (duration or 0.0) <= _DECODED_SECONDS):
        frames = _decoded(ffmpeg, clip, duration, count, long_side, work) or frames
    if not frames:
        raise BadMedia(
            "not a single picture of it can be decoded",
            next_step="Play the file to see whether it is damaged; export or fetch it again",
        )
    work.report(0.8)
    return frames


def one_frame(ffmpeg: FFmpeg, clip: Clip, long_side: int, destination: Path, work: Work) -> None:
    """Write the first picture of a stream (a still image, cover art) as PNG.

    Raises:
        BadMedia: ffmpeg could not do it with this file.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    picture = uploaded(clip.source, clip.media.container)[str(clip.stream.index)]
    options = {"update": 1, "frames:v": 1}
    ffmpeg.run(_png(_chain(picture, clip.curve, long_side), destination, options), work)


def _at_key_frames(
    ffmpeg: FFmpeg, clip: Clip, duration: float, count: int, long_side: int, work: Work
) -> tuple[Frame, ...]:
    """The key frames at or before the middles of `count` equal parts; fewer where the video cannot be sought in."""
    frames: dict[float, Frame] = {}
    for number in range(count):
        seek = {"ss": f"{(number + 0.5) * duration / count:.3f}", "noaccurate_seek": None, "skip_frame": "nokey"}
        picture, times = work.directory / f"key-{number:03}.png", work.directory / f"key-{number:03}.txt"
        # Several threads would decode several frames ahead, of which one is wanted.
        one = _chain(_input(clip, {"threads": 1, **seek}), clip.curve, long_side)
        try:
            ffmpeg.run(_written(one, picture, times, {"update": 1, "frames:v": 1}), work)
        except TimeLimitExceeded:
            raise
        except BadMedia:
            continue
        if picture.exists() and (found := _times(times, clip)):
            frames.setdefault(found[0], Frame(picture, found[0]))
        work.report(0.8 * (number + 1) / count)
    return tuple(frames[time] for time in sorted(frames))


def _decoded(
    ffmpeg: FFmpeg, clip: Clip, duration: float | None, count: int, long_side: int, work: Work
) -> tuple[Frame, ...]:
    """The first frame of each of `count` equal parts, by decoding everything up to it."""
    step = min(duration, _DECODED_SECONDS) / count if duration else _SECONDS_APART
    begin = clip.media.start_seconds if clip.stream.start_seconds is None else clip.stream.start_seconds
    part = f"floor((t-{begin:.6f})/{step:.6f}+0.001)"
    previous = f"floor((prev_selected_t-{begin:.6f})/{step:.6f}+0.001)"
    chosen = _input(clip, {"t": f"{step * count:.3f}"}).filter(
        "select", f"isnan(prev_selected_t)+gt({part},{previous})"
    )
    times = work.directory / "decoded.txt"
    pattern = work.directory / "decoded-%03d.png"
    output = _written(_chain(chosen, clip.curve, long_side), pattern, times, {"frames:v": count})
    ffmpeg.run(output, work, duration_seconds=duration)
    pictures = sorted(work.directory.glob("decoded-*.png"))
    return tuple(Frame(picture, time) for picture, time in zip(pictures, _times(times, clip), strict=False))


def _input(clip: Clip, options: dict[str, Any]) -> Any:
    given = uploaded(clip.source, clip.media.container, copyts=None, **clip.stream.view_options, **options)
    return given[str(clip.stream.index)]


def _chain(frames: Any, curve: str | None, long_side: int) -> Any:
    """Square pixels, the wanted size, standard range. ffmpeg itself applies the rotation."""
    frames = frames.filter("scale", f"iw*if(sar,clip(sar,1/{_MOST_SQUEEZED},{_MOST_SQUEEZED}),1)", "ih")
    frames = frames.filter("setsar", 1)
    limit = f"min({long_side},{{}})"
    frames = frames.filter(
        "scale", limit.format("iw"), limit.format("ih"), force_original_aspect_ratio="decrease", flags="lanczos"
    )
    if curve is not None:
        # All is said, because streams often leave it out of their frames.
        linear = {"tin": curve, "pin": "bt2020", "min": "bt2020nc", "t": "linear", "npl": _PEAK_NITS}
        frames = frames.filter("zscale", **linear).filter("format", "gbrpf32le").filter("zscale", p="bt709")
        frames = frames.filter("tonemap", "hable", desat=0).filter("zscale", t="bt709", m="bt709", r="tv")
    return frames.filter("format", "rgb24")


def _written(frames: Any, picture: Path, times: Path, options: dict[str, Any]) -> Any:
    """An output of PNGs, whose times go to a file of their own; that filter prints frames that bear metadata only."""
    frames = frames.filter("metadata", mode="add", key="at", value="1")
    frames = frames.filter("metadata", mode="print", file=str(times))
    return _png(frames, picture, options)


def _png(frames: Any, picture: Path, options: dict[str, Any]) -> Any:
    name = file_url(picture) if "update" in options else file_url(_escaped(picture))
    return frames.output(name, format="image2", vcodec="png", fps_mode="passthrough", **_DAMAGE_ALLOWED, **options)


def _escaped(pattern: Path) -> Path:
    """image2 would read a percent sign of the directory as part of its pattern."""
    return Path(str(pattern.parent).replace("%", "%%")) / pattern.name


def _times(path: Path, clip: Clip) -> Sequence[float]:
    """The times of frames in a file of the filter `metadata`, from the start of the source's timeline."""
    if not path.exists():
        return ()
    found = re.findall(r"pts_time:(-?[0-9.]+)", no_larger(path, _MOST_TIMES_BYTES).read_text())
    return [round(max(0.0, float(time) - clip.media.start_seconds), 3) for time in found]
