"""VMAF of each frame of one video against another, and what is said of a file with it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Literal

import ffmpeg as ffmpeg_python

from media_assets.artifacts.compressed_video.value import VmafScore
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work

Pairing = Literal["number", "time"]
"""How frames find each other: by their number, when both streams surely have the same; or by time from the first on,
when containers may round times differently or frames may be missing."""

SMALLEST_SIDE = 18
"""Pixels. libvmaf crashes on pictures of 16 lines or columns, and below that x265 takes none."""
_SAME_TAGS = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "limited"}


def frame_scores(
    ffmpeg: FFmpeg,
    distorted: Any,
    reference: Any,
    work: Work,
    *,
    model: str,
    pairing: Pairing,
    pixel_format: str,
    duration_seconds: float,
) -> tuple[float, ...]:
    """VMAF of each frame.

    HDR is compared as it is encoded (PQ or HLG code values with 10 bits): VMAF's models know nothing better.

    Args:
        distorted: A video stream of `ffmpeg-python`.
        reference: Another with the same frames.
        model: A model of libvmaf.
        pixel_format: In which both are compared.
        duration_seconds: Of both.
    """
    log = work.directory / "vmaf.json"
    score = ffmpeg_python.filter(
        [_comparable(stream, pairing, pixel_format) for stream in (distorted, reference)],
        "libvmaf",
        log_path=str(log),
        log_fmt="json",
        model=f"version={model}",
        n_threads=os.cpu_count() or 1,
        ts_sync_mode="nearest",
        shortest=1,
    )
    ffmpeg.run(score.output("-", format="null"), work, duration_seconds=duration_seconds)
    report = json.loads(log.read_text())
    log.unlink()
    return tuple(float(frame["metrics"]["vmaf"]) for frame in report["frames"])


def _comparable(stream: Any, pairing: Pairing, pixel_format: str) -> Any:
    """The same clock, format and tags on both: ffmpeg would convert one to the colours that the other is tagged with,
    and a difference of tags alone would count as one of pixels."""
    stream = stream.filter("format", pixel_format).filter("setparams", **_SAME_TAGS)
    if pairing == "number":
        return stream.filter("settb", "1/1000").filter("setpts", "N*40")
    return stream.filter("setpts", "PTS-STARTPTS")


def pooled(pieces: Sequence[tuple[Sequence[float], bool]], frame_rate: float) -> VmafScore:
    """The mean over the frames that stand for the whole, and the worst second of all.

    Args:
        pieces: Scores of pieces that follow each other in themselves but not on another, each with whether it counts
            for the mean.
        frame_rate: Frames per second, on average.
    """
    means = [score for scores, counts in pieces if counts for score in scores]
    second = max(1, round(frame_rate))
    seconds = [value for scores, _ in pieces for value in _seconds(scores, second)]
    return VmafScore(mean=round(sum(means) / len(means), 3), worst_second=round(min(seconds), 3))


def _seconds(scores: Sequence[float], frames: int) -> list[float]:
    """Means of so many frames each; a rest of less than half a second counts with the second before."""
    cuts = list(range(0, len(scores), frames))
    if len(cuts) > 1 and len(scores) - cuts[-1] < frames / 2:
        cuts.pop()
    ends = [*cuts[1:], len(scores)]
    return [sum(scores[start:end]) / (end - start) for start, end in zip(cuts, ends, strict=True)]
