"""The samples of a file: kept without loss as they are to be encoded, encoded on trial, compared with the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg as ffmpeg_python

from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.reading.timeline import (
    FrameWindow,
    Timeline,
    choose_windows,
    read_timeline,
    seek_seconds,
)
from media_assets.artifacts.compressed_video.searching.quality import frame_scores, pooled
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.artifacts.compressed_video.value import CrfTrial, VmafScore
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import ALL_MUST_DECODE, FFmpeg
from media_assets.media.untrusted import MATROSKA, file_url, our_own, uploaded
from media_assets.work.portions import portions
from media_assets.work.work import Work

_BYTES_PER_PIXEL = 1.5
"""Bytes of a pixel in 4:2:0 with 8 bits; lossless packing makes it less, 10 bits make it twice as much."""

_TIMES_FROM_THE_PICTURE = ("mpegts", "mpeg")
"""Formats with clocks that jump: ffmpeg counts from the first of the streams that it uses, and not of all."""


@dataclass(frozen=True)
class Sample:
    path: Path
    """Scaled and mapped as planned, without loss."""
    window: FrameWindow
    frames: int
    seconds: float
    source_bytes: int
    """What the source spends on it."""


@dataclass(frozen=True)
class Samples:
    plan: EncodePlan
    timeline: Timeline
    """Timeline of the source."""
    pieces: tuple[Sample, ...]

    @property
    def whole(self) -> bool:
        """Whether they are one piece with everything."""
        return len(self.pieces) == 1 and self.pieces[0].window.end - self.pieces[0].window.first == (
            self.timeline.seconds.size
        )

    @property
    def seconds(self) -> float:
        return sum(piece.seconds for piece in self.pieces)


def take_samples(
    ffmpeg: FFmpeg, plan: EncodePlan, timeline: Timeline, settings: VideoCompressionSettings, work: Work
) -> Samples:
    """Choose samples and write them to the work directory.

    A source that cannot be sought in exactly is decoded from its start for each of them.

    Raises:
        BadMedia: a sample cannot be decoded.
        Fatal: there is no room for them.
    """
    windows = choose_windows(timeline, settings.samples, settings.sample_seconds)
    frames = sum(window.end - window.first for window in windows)
    depth = 2 if plan.encoder.ten_bit else 1
    work.require_space(int(frames * plan.width * plan.height * _BYTES_PER_PIXEL * depth))
    pieces = [
        _take(ffmpeg, plan, timeline, window, number, part)
        for (number, window), part in zip(enumerate(windows), portions(work, [1.0] * len(windows)), strict=True)
    ]
    pieces = [piece for piece in pieces if piece.frames]
    if not any(not piece.window.hardest for piece in pieces):
        raise BadMedia("no frame of it can be decoded", next_step="Play the file to see whether it is damaged")
    return Samples(plan, timeline, tuple(pieces))


def _take(ffmpeg: FFmpeg, plan: EncodePlan, timeline: Timeline, window: FrameWindow, number: int, work: Work) -> Sample:
    start, length = seek_seconds(timeline, window)
    everything = window.first == 0 and window.end == timeline.seconds.size
    path = work.directory / f"sample-{number}.mkv"
    # ffvhuff takes limited range only: ffmpeg would convert what is tagged as full.
    filters = f"{plan.filters},setparams=range=limited"
    options: dict[str, str] = {}
    if not everything and plan.seekable:
        options = {"ss": f"{start:.6f}", "t": f"{length:.6f}"}
    elif not everything:
        if plan.media.container in _TIMES_FROM_THE_PICTURE:
            start = max(0.0, start - float(timeline.seconds[0]))
        options = {"t": f"{start + length:.6f}"}
        filters = f"trim=start={start:.6f}:end={start + length:.6f},setpts=PTS-STARTPTS,{filters}"
    stream = uploaded(plan.source, plan.media.container, **options, **plan.input_options)[str(plan.main.index)]
    output = stream.output(
        file_url(path),
        format="matroska",  # it keeps the colour tags, which ffvhuff itself does not
        vcodec="ffvhuff",
        fps_mode="vfr",
        enc_time_base=str(plan.picture.time_base),
        vf=filters,
        **ALL_MUST_DECODE,
    )
    if timeline.jumps:
        output = ffmpeg_python.merge_outputs(output, *_what_moves_the_clock(plan, options))
    ffmpeg.run(output, work, duration_seconds=length)
    written = read_timeline(path, 0, work)
    return Sample(
        path,
        window,
        frames=int(written.seconds.size),
        seconds=written.duration_seconds,
        source_bytes=int(timeline.sizes[window.first : window.end].sum()),
    )


def _what_moves_the_clock(plan: EncodePlan, options: dict[str, str]) -> list[Any]:
    """Outputs that write nothing, for the streams of which ffmpeg takes a jump of the clock in the result: which one
    comes first decides by how much it closes the jump for all."""
    source = uploaded(plan.source, plan.media.container, **options)
    others = [source[str(stream.index)] for stream in plan.streams.copied if stream.type in ("audio", "video")]
    return [ffmpeg_python.output(*others, "-", format="null", c="copy")] if others else []


def try_crf(ffmpeg: FFmpeg, samples: Samples, crf: float, work: Work) -> CrfTrial:
    """Encode the samples, one after the other in one stream, and measure what became of them."""
    encoding, comparing = portions(work, [0.6, 0.4])
    result = work.directory / "trial.mkv"
    plan, pieces = samples.plan, samples.pieces
    starts = [sum(piece.seconds for piece in pieces[:number]) for number in range(1, len(pieces))]
    cuts = {"force_key_frames:v:0": ",".join(f"{start - 0.001:.6f}" for start in starts)} if starts else {}
    output = _concatenated(samples, work, **plan.encoder.global_options).output(
        file_url(result),
        format="matroska",
        fps_mode="vfr",
        enc_time_base=str(plan.picture.time_base),
        **{"filter:v:0": plan.encoder.last_filters},
        **cuts,
        **plan.encoder.options(crf, plan.dynamic_range),
    )
    ffmpeg.run(output, encoding, duration_seconds=samples.seconds)
    scores = frame_scores(
        ffmpeg,
        our_own(result, MATROSKA)["v:0"],
        _concatenated(samples, work),
        comparing,
        model=plan.vmaf_model,
        pairing="number",
        pixel_format=plan.encoder.reference_format,
        duration_seconds=samples.seconds,
    )
    encoded = read_timeline(result, 0, work)
    result.unlink()
    rated: list[tuple[tuple[float, ...], bool]] = []
    spent = source_spent = first = 0
    for piece in pieces:
        frames = slice(first, first + piece.frames)
        first += piece.frames
        rated.append((scores[frames], not piece.window.hardest))
        if not piece.window.hardest:
            spent += int(encoded.sizes[frames].sum())
            source_spent += piece.source_bytes
    total = int(samples.timeline.sizes.sum())
    return CrfTrial(
        crf=crf,
        vmaf=pooled(rated, samples.timeline.frame_rate),
        predicted_video_bytes=round(spent * total / max(1, source_spent)),
    )


def rate_result(ffmpeg: FFmpeg, samples: Samples, result: Path, work: Work) -> VmafScore:
    """VMAF of the same pieces in the finished file, whose first stream is the picture."""
    import numpy as np

    finished = read_timeline(result, 0, work)
    source = samples.timeline
    plan = samples.plan
    rated: list[tuple[tuple[float, ...], bool]] = []
    weights = [piece.seconds for piece in samples.pieces]
    for piece, part in zip(samples.pieces, portions(work, weights), strict=True):
        options: dict[str, str] = {}
        if not samples.whole:
            # By time since the first frame: a container may have dropped or merged frames that another had.
            after = source.seconds[[piece.window.first, piece.window.end - 1]] - source.seconds[0]
            first, last = (int(np.argmin(np.abs(finished.seconds - finished.seconds[0] - time))) for time in after)
            start, length = seek_seconds(finished, FrameWindow(first, last + 1))
            options = {"ss": f"{start:.6f}", "t": f"{length:.6f}"}
        scores = frame_scores(
            ffmpeg,
            uploaded(result, plan.streams.demuxer, **options)["v:0"],
            our_own(piece.path, MATROSKA)["v:0"],
            part,
            model=plan.vmaf_model,
            pairing="time",
            pixel_format=plan.encoder.reference_format,
            duration_seconds=piece.seconds,
        )
        rated.append((scores, not piece.window.hardest))
    return pooled(rated, source.frame_rate)


def _concatenated(samples: Samples, work: Work, **options: str) -> ffmpeg_python.Stream:
    """All samples as one input."""
    listing = work.directory / "samples.txt"
    lines = (f"file {piece.path.name}\nduration {piece.seconds:.6f}" for piece in samples.pieces)
    listing.write_text("ffconcat version 1.0\n" + "\n".join(lines) + "\n")
    return our_own(listing, "concat", **options)["v:0"]
