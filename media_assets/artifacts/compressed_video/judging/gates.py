"""What a result must prove before it is handed over, each check apart from the code that made the result."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import ffmpeg as ffmpeg_python

from media_assets.artifacts.compressed_video.judging.losses import losses
from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.reading.timeline import Timeline, read_timeline
from media_assets.base.errors import BadMedia, TimeLimitExceeded
from media_assets.base.wording import counted
from media_assets.media.ffmpeg import ALL_MUST_DECODE, FFmpeg
from media_assets.media.ffmpeg_errors import of_content
from media_assets.media.info import MediaInfo
from media_assets.media.probe import probe
from media_assets.media.untrusted import uploaded
from media_assets.work.work import Work

__all__ = ["agrees", "decodes", "losses", "missing_frames"]

AS_IT_COMES = {"fps_mode:v": "passthrough", "enc_time_base:v": "demux"}
"""Options of an output that is thrown away: on the grid of an average frame rate two frames of a variable one get the
same time, which ffmpeg reports like damage."""
_TOLERANCE_SECONDS = 0.25
_TOLERANCE_FRACTION = 0.0005
_FRAMES_MISSING = 0.005
_UNCOUNTED = {"vp8"}
"""Codecs whose packets are not all shown."""


def decodes(ffmpeg: FFmpeg, result: Path, duration_seconds: float | None, work: Work) -> str | None:
    """Decode picture and sound from beginning to end. Returns why the result is not to be used; None when it is."""
    media = probe(result, work).media
    if media is None:
        return "the result cannot be decoded: nothing in it can be recognised"
    both = uploaded(result, media.container)
    streams = [both["v:0"]] + ([both["a"]] if media.audio_streams else [])
    try:
        output = ffmpeg_python.output(*streams, "-", format="null", **AS_IT_COMES, **ALL_MUST_DECODE)
        errors = of_content(ffmpeg.run(output, work, duration_seconds=duration_seconds))
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        return f"the result cannot be decoded: {error.reason}"
    return f"the result cannot be decoded without errors: {errors[0]}" if errors else None


def agrees(plan: EncodePlan, source: Timeline, result: Path, work: Work) -> str | None:
    """Compare the result with what was planned. Returns what is wrong; None when nothing is."""
    media = probe(result, work).media
    if media is None or not media.streams or media.streams[0].type != "video":
        return "the result has no picture"
    picture = media.streams[0]
    if picture.display_size != (plan.width, plan.height) or picture.rotation:
        return f"the result is displayed at {picture.display_size} and not at {(plan.width, plan.height)}"
    expected = Counter(stream.type for stream in plan.streams.copied) + Counter(video=1)
    found = Counter(stream.type for stream in media.streams if not stream.attached_picture)
    for kind in ("video", "audio", "subtitle", "attachment"):
        if expected[kind] != found[kind]:
            return f"the result has {counted(found[kind], 'stream')} of type {kind} and not {expected[kind]}"
    if (covers := sum(s.attached_picture for s in media.streams)) != len(plan.streams.covers):
        return f"the result has {counted(covers, 'cover')} and not {len(plan.streams.covers)}"
    return _times(plan, source, result, work) or _sound(plan, media, result, work)


def _times(plan: EncodePlan, source: Timeline, result: Path, work: Work) -> str | None:
    finished = read_timeline(result, 0, work)
    if not _equal(finished.duration_seconds, source.duration_seconds):
        return (
            f"the picture of the result lasts {finished.duration_seconds:.2f} s"
            f" and that of the source {source.duration_seconds:.2f} s"
        )
    expected = source.moments
    if plan.fields.apart:
        expected = min(expected, source.seconds.size // 2)  # no more are there where each frame comes as two fields
    missing = expected - finished.seconds.size
    if plan.main.codec not in _UNCOUNTED and missing > max(2, _FRAMES_MISSING * expected):
        return f"{missing} of {expected} frames are missing in the result"
    return None


def missing_frames(plan: EncodePlan, source: Timeline, result: Path, work: Work) -> tuple[str, ...]:
    """The few frames that a result may lack, as a phrase."""
    if plan.main.codec in _UNCOUNTED or plan.fields.apart:
        return ()
    frames = int(source.seconds.size)
    missing = frames - int(read_timeline(result, 0, work).seconds.size)
    if missing <= 0:
        return ()
    at_once = ", which were shown at the same time as others" if missing <= frames - source.moments else ""
    return (f"{missing} of {frames} frames{at_once}",)


def _sound(plan: EncodePlan, media: MediaInfo, result: Path, work: Work) -> str | None:
    before = [stream for stream in plan.streams.copied if stream.type == "audio"]
    for old, new in zip(before, media.audio_streams, strict=True):
        for what in ("codec", "channels", "sample_rate", "language"):
            if what == "language" and new.language is None:
                continue  # mp4 holds no regions (pt-BR): a loss, but not another track
            if getattr(old, what) != getattr(new, what):
                return f"the {what} of a sound track became {getattr(new, what)} from {getattr(old, what)}"
        clocks = [read_timeline(path, stream.index, work) for path, stream in ((plan.source, old), (result, new))]
        if reason := out_of_step(clocks[0]):
            return reason
        lasts = [clock.duration_seconds for clock in clocks]
        if not _equal(*lasts):
            return f"a sound track of the result lasts {lasts[1]:.2f} s and in the source {lasts[0]:.2f} s"
    return None


def out_of_step(sound: Timeline) -> str | None:
    """Why a copy of a sound track would not stay in step with the picture."""
    if not sound.falls:
        return None
    return f"the clock of a sound track goes back ({sound.falls} ×), and the result would be out of step"


def _equal(first: float, second: float) -> bool:
    return abs(first - second) <= _TOLERANCE_SECONDS + _TOLERANCE_FRACTION * max(first, second)
