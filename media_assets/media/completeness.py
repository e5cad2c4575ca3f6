"""Whether the sound that was taken from a file is all of it.

A damaged file does not make ffmpeg fail: decoders conceal, demuxers skip, and what is missing at the end is not missed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from media_assets.base.errors import BadMedia
from media_assets.media.clock_jumps import Gaps, gaps, jumps_said, may_hide
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.joined import avi_starts
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.truncation import missing_end
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

_TOLERANCE_SECONDS = 0.25
"""Encoder delay, padding of the last frame, rounding of the container's clock."""
_TOLERANCE_FRACTION = 0.0002
_STATE_DURATION = {"mov", "matroska", "wav", "w64", "aiff", "au", "caf", "flac", "asf", "avi", "flv", "ogg"}
"""Containers that say how long they play, be it by the time of their last page. For others it is a guess from the bit
rate, or from time stamps that may start anew."""
_NEVER_GAPS = {"asf"}
"""Where ffmpeg passes over damage in silence, and a whole file has no gaps in its sound."""
_MPEG1_SAMPLE_RATE = 32000
"""The least sample rate of MPEG-1, whose layer III has twice the samples per frame of MPEG-2."""
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_NEXT_STEP = "Play the file to its end to see whether it is damaged; export or fetch it again"


def check_complete(
    source: Path, media: MediaInfo, stream: Stream, seconds: float, errors: Sequence[str], work: Work
) -> str | None:
    """Compare what was taken from a stream with what the file says it has.

    Args:
        seconds: How long the result plays.
        errors: What ffmpeg met on the way without failing.

    Returns:
        What has to be said of it although it is whole, as a clause behind its name: that its clock jumps.

    Raises:
        BadMedia: the file was cut off, or sound is missing in its middle.
    """
    expected = _stated_seconds(source, media, stream)
    if expected is not None and _falls_short(source, media, stream, seconds, expected, work):
        said = f"; ffmpeg: {errors[0]}" if errors else ""
        raise BadMedia(
            f"is cut off or damaged: its sound should last {expected:.2f} s, and only {seconds:.2f} s are there{said}",
            next_step=_NEXT_STEP,
        )
    if cut_off := missing_end(source, media.container):
        raise BadMedia(cut_off, next_step=_NEXT_STEP)
    asked = bool(errors) or _family(media) in _NEVER_GAPS
    if not asked and not may_hide(media):
        return None
    found = gaps(source, stream, work)
    if asked or found.torn:
        _check_gaps(found, errors)
    return jumps_said(found.jumps)


def lost_no_sound(source: Path, media: MediaInfo, stream: Stream, work: Work) -> bool:
    """Whether all that a decoder refused was no sound: tags and padding between or behind the frames.

    Concatenated mp3 files (every podcast with inserted advertisements), lyrics, and ID3 tags behind FLAC are such.
    """
    samples, refused, only_tags = run_in_child(_decoded, source, stream.index, work=work)
    expected = _stated_seconds(source, media, stream)
    if expected is None or stream.sample_rate is None:
        whole = refused > 0
    else:
        whole = not _falls_short(source, media, stream, samples / stream.sample_rate, expected, work)
    return whole and only_tags


def _decoded(source: Path, index: int) -> tuple[int, int, bool]:
    """How many samples a stream has, how many of its packets a decoder refuses, and whether these are no sound."""
    import av

    samples = refused = 0
    only_tags = True
    with source.open("rb") as file, open_media(file) as container:
        for packet in container.demux(container.streams[index]) if container is not None else ():
            try:
                samples += sum(frame.samples for frame in packet.decode() if isinstance(frame, av.AudioFrame))
            except av.error.FFmpegError:
                data = bytes(packet)
                refused += 1
                only_tags = only_tags and (data.startswith(_TAGS) or not data.strip(b"\0"))
    return samples, refused, only_tags


def _stated_seconds(source: Path, media: MediaInfo, stream: Stream) -> float | None:
    """How long the file says the stream lasts; None when it says nothing to rely on."""
    if _family(media) == "mp3":
        return _xing_seconds(source, stream)
    if _family(media) not in _STATE_DURATION:
        return None
    if _family(media) == "avi" and _is_joined(source):  # FFmpeg guesses by the size of the file, headers and all
        return None
    if stream.duration_seconds is not None or media.duration_seconds is None:
        return stream.duration_seconds
    return media.duration_seconds - ((stream.start_seconds or media.start_seconds) - media.start_seconds)


def _is_joined(source: Path) -> bool:
    with source.open("rb") as file:
        return len(avi_starts(file)) > 1


def _falls_short(source: Path, media: MediaInfo, stream: Stream, seconds: float, expected: float, work: Work) -> bool:
    """Whether so many seconds are too few.

    A duration of the whole file binds the stream only when no other stream lasts so long either.
    """
    if seconds >= expected - _TOLERANCE_SECONDS - _TOLERANCE_FRACTION * expected:
        return False
    if _family(media) == "mov" and (stream.start_seconds or 0.0) > 0:
        # An edit list that lets it begin late counts the time before it, too.
        last = run_in_child(_last_second, source, stream.index, work=work)
        return last < expected - _TOLERANCE_SECONDS
    if stream.duration_seconds is not None or media.duration_seconds is None:
        return True
    return (
        run_in_child(_last_second, source, work=work) - media.start_seconds
        < media.duration_seconds - _TOLERANCE_SECONDS
    )


def _family(media: MediaInfo) -> str:
    return media.container.split(",")[0]


def _xing_seconds(source: Path, stream: Stream) -> float | None:
    """How long an mp3 plays by the number of frames in the header that encoders put into the first frame."""
    with source.open("rb") as file:
        tag = file.read(10)
        size = 0
        if tag[:3] == b"ID3":
            for byte in tag[6:10]:
                size = size << 7 | byte & 0x7F  # "syncsafe", ID3v2.4 section 6.2
            size += 10
        file.seek(size)
        found = re.search(rb"(?:Xing|Info)...[\x01\x03\x05\x07\x09\x0b\x0d\x0f](.{4})", file.read(2048), re.DOTALL)
    if found is None or stream.sample_rate is None:
        return None
    samples_per_frame = 1152 if stream.sample_rate >= _MPEG1_SAMPLE_RATE else 576
    return int.from_bytes(found[1], "big") * samples_per_frame / stream.sample_rate


def is_empty_track(source: Path, media: MediaInfo, stream: Stream, work: Work) -> bool:
    """Whether nothing at all is in a stream, though the file was not cut off."""
    return missing_end(source, media.container) is None and not run_in_child(
        _any_packet, source, stream.index, work=work
    )


def _any_packet(source: Path, index: int) -> bool:
    """Whether a stream has a packet, or its container says so."""
    with source.open("rb") as file, open_media(file) as container:
        if container is None:
            return False
        stream = container.streams[index]
        return stream.frames > 0 or any(packet.size for packet in container.demux(stream))


def _last_second(source: Path, index: int | None = None) -> float:
    """When the last packet of a stream ends, or of any, in the container's time."""
    last = 0.0
    with source.open("rb") as file, open_media(file) as container:
        wanted = [] if container is None or index is None else [container.streams[index]]
        for packet in container.demux(*wanted) if container is not None else ():
            if packet.pts is not None and packet.time_base is not None:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return last


def _check_gaps(found: Gaps, errors: Sequence[str]) -> None:
    """Raises BadMedia when packets of the stream do not follow each other, and no jump of the clock tells why.

    Asked only after errors and where packets are lost: a recorder that was paused or muted leaves gaps too.
    """
    if found.missing is not None:
        start, end = found.missing
        said = f"; ffmpeg: {errors[0]}" if errors else ""
        raise BadMedia(
            f"is damaged: {end - start:.2f} s of its sound are missing at {start:.2f} s{said}", next_step=_NEXT_STEP
        )
