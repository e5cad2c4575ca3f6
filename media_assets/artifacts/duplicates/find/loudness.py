"""How much of a recording can be heard, by how loud ffmpeg finds each half second of it.

A fingerprint does not tell: Chromaprint makes one of the faintest noise too, and none of a few seconds of speech.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.untrusted import no_larger

_SAMPLE_RATE = 8000
_PIECE_SECONDS = 0.5
_LEVEL = re.compile(r"^lavfi\.astats\.(Overall|\d+)\.RMS_level=(\S+)$", re.MULTILINE)
SILENT_DECIBELS = -65.0
"""What is less loud (of full scale) is the noise of a sound card, or a dither."""
_TRACKS = 8
_PIECE_BYTES = 300
_STEREO = 2


class HeardOf(NamedTuple):
    """What can be heard of a file."""

    share: float
    """Share of its length, of the track with most to hear, 0 to 1."""
    lacks_channel: bool
    """Whether nothing is heard in one of the two channels of the first track, and something in the other."""


def audible_tracks(media: MediaInfo) -> Sequence[Stream]:
    return [stream for stream in media.audio_streams if stream.sample_rate][:_TRACKS]


def level_outputs(given: Any, media: MediaInfo, folder: Path, settings: FingerprintSettings) -> list[Any]:
    """Outputs of an ffmpeg that note how loud each track of an input is."""
    return [
        given[str(stream.index)]
        .filter("aresample", _SAMPLE_RATE)
        .filter("asetnsamples", n=round(_SAMPLE_RATE * _PIECE_SECONDS), p=0)
        .filter("astats", metadata=1, reset=1, measure_overall="RMS_level", measure_perchannel=_per_channel(stream))
        .filter("ametadata", mode="print", file=str(_log(folder, stream)))
        .output("-", format="null", t=settings.audio_max_seconds)
        for stream in audible_tracks(media)
    ]


def heard_in(media: MediaInfo, folder: Path, settings: FingerprintSettings) -> HeardOf:
    """What `level_outputs` noted, which is removed."""
    tracks = [_levels(_log(folder, stream), settings) for stream in audible_tracks(media)]
    heard = [sum(level > SILENT_DECIBELS for level in track.get("Overall", ())) for track in tracks]
    seconds = max(heard, default=0) * _PIECE_SECONDS
    length = min(media.duration_seconds or seconds, settings.audio_max_seconds)
    channels = (
        [max(levels) > SILENT_DECIBELS for name, levels in tracks[0].items() if name.isdecimal()] if tracks else []
    )
    return HeardOf(min(1.0, seconds / length) if length else 0.0, len(set(channels)) > 1)


def _per_channel(stream: Stream) -> str:
    return "RMS_level" if stream.channels == _STEREO else "none"


def _levels(log: Path, settings: FingerprintSettings) -> dict[str, list[float]]:
    """Decibels of each piece, of all channels together and of each."""
    found: dict[str, list[float]] = {}
    if log.exists():
        most = math.ceil(settings.audio_max_seconds / _PIECE_SECONDS + 1) * _PIECE_BYTES
        for channel, level in _LEVEL.findall(no_larger(log, most).read_text("utf-8", "replace")):
            found.setdefault(channel, []).append(float(level))
        log.unlink()
    return found


def _log(folder: Path, stream: Stream) -> Path:
    return folder / f"loudness{stream.index}.txt"
