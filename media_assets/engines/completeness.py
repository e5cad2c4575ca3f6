"""Whether the sound that was taken from a file is all of it.

A damaged file does not make ffmpeg fail: decoders conceal, demuxers skip, and what is missing at the end is not missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from media_assets.engines.probe import open_media
from media_assets.engines.truncation import missing_end
from media_assets.engines.work import Work
from media_assets.errors import BadMedia
from media_assets.models import MediaInfo, Stream

_TOLERANCE_SECONDS = 0.25
"""Encoder delay, padding of the last frame, rounding of the container's clock."""
_TOLERANCE_FRACTION = 0.0002
_GAP_SECONDS = 0.25
_STATE_DURATION = {"mov", "matroska", "wav", "w64", "aiff", "au", "caf", "flac", "asf", "avi", "flv", "ogg"}
"""Containers that say how long they play, be it by the time of their last page. For others it is a guess from the bit
rate, or from time stamps that may start anew."""
_NEVER_GAPS = {"asf"}
"""Where ffmpeg passes over damage in silence, and a whole file has no gaps in its sound."""
_NEXT_STEP = "Play the file to its end to see whether it is damaged; export or fetch it again"


def check_complete(
    source: Path, media: MediaInfo, stream: Stream, seconds: float, errors: Sequence[str], work: Work
) -> None:
    """Compare what was taken from a stream with what the file says it has.

    Args:
        source: The file.
        media: Its probe.
        stream: The stream that was taken.
        seconds: How long the result plays.
        errors: What ffmpeg met on the way without failing.

    Raises:
        BadMedia: the file was cut off, or sound is missing in its middle.
    """
    expected = _stated_seconds(source, media, stream, work)
    if expected is not None and seconds < expected - _TOLERANCE_SECONDS - _TOLERANCE_FRACTION * expected:
        said = f"; ffmpeg: {errors[0]}" if errors else ""
        raise BadMedia(
            f"is cut off or damaged: its sound should last {expected:.2f} s, and only {seconds:.2f} s are there{said}",
            next_step=_NEXT_STEP,
        )
    if cut_off := missing_end(source, media.container):
        raise BadMedia(cut_off, next_step=_NEXT_STEP)
    if errors or _family(media) in _NEVER_GAPS:
        _check_gaps(source, stream, errors, work)


def _stated_seconds(source: Path, media: MediaInfo, stream: Stream, work: Work) -> float | None:
    """How long the file says the stream lasts; None when it says nothing to rely on.

    A duration of the whole file binds the stream only when no other stream lasts so long.
    """
    if _family(media) == "mp3":
        return stream.duration_seconds if _mp3_states_duration(source) else None
    if _family(media) not in _STATE_DURATION:
        return None
    if stream.duration_seconds is not None:
        return stream.duration_seconds
    if media.duration_seconds is None:
        return None
    offset = (stream.start_seconds or media.start_seconds) - media.start_seconds
    longest = _last_second(source, work) - media.start_seconds
    return None if longest >= media.duration_seconds - _TOLERANCE_SECONDS else media.duration_seconds - offset


def _family(media: MediaInfo) -> str:
    return media.container.split(",")[0]


def _mp3_states_duration(source: Path) -> bool:
    """Whether the first frame is a header with the number of frames (Xing, Info, VBRI), behind an ID3v2 tag if any."""
    with source.open("rb") as file:
        tag = file.read(10)
        if tag[:3] == b"ID3":
            size = 0
            for byte in tag[6:10]:
                size = size << 7 | byte & 0x7F  # "syncsafe", ID3v2.4 §6.2
            file.seek(10 + size)
        else:
            file.seek(0)
        first_frame = file.read(2048)
    return any(name in first_frame for name in (b"Xing", b"Info", b"VBRI"))


def _last_second(source: Path, work: Work) -> float:
    """When the last packet of any stream ends, in the container's time."""
    last = 0.0
    with source.open("rb") as file, open_media(file, work) as container:
        for packet in container.demux() if container is not None else ():
            if packet.pts is not None and packet.time_base is not None:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return last


def _check_gaps(source: Path, stream: Stream, errors: Sequence[str], work: Work) -> None:
    """Raises BadMedia when packets of the stream do not follow each other.

    Asked only after errors: a recorder that was paused or muted leaves gaps too, and they are no damage.
    """
    end: float | None = None
    with source.open("rb") as file, open_media(file, work) as container:
        packets = container.demux(container.streams[stream.index]) if container is not None else ()
        for packet in packets:
            if packet.pts is None or packet.time_base is None:
                continue
            start = float(packet.pts * packet.time_base)
            if end is not None and start - end > _GAP_SECONDS:
                said = f"; ffmpeg: {errors[0]}" if errors else ""
                raise BadMedia(
                    f"is damaged: {start - end:.2f} s of its sound are missing at {end:.2f} s{said}",
                    next_step=_NEXT_STEP,
                )
            end = start + float((packet.duration or 0) * packet.time_base)
