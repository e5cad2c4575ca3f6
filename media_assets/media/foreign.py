"""Another recording behind the end of one, of any other kind: of such a file ffmpeg hears the first alone.

Recordings of one kind behind each other are told apart in `joined.py`; tags, padding and a little rubbish are no fault.
"""

from __future__ import annotations

from typing import BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media.beginnings import begun_within, behind_tags, frames_at_end, recording_at
from media_assets.media.ends import end_of
from media_assets.media.wav_parts import SPLIT, wav_parts

_SEARCHED: dict[str, set[str]] = {
    **{name: set() for name in ("mp3", "aac", "ac3", "eac3", "dts", "voc")},
    "amr": {"AMR"},
    "flac": {"FLAC"},
    "ogg": {"Ogg"},
    "tta": {"TTA"},
    "wv": {"WavPack"},
    "ape": {"Monkey's Audio", "WAV"},  # it keeps the header of the WAV it was made of
}
"""Formats that nowhere say where they end, and kinds that are not looked for in them."""
_NO_FRAMES = {"mp3", "aac"}
"""They may end with a row of frames."""
_WAVPACK_HEAD_BYTES = 4096
"""Its first block keeps the header of the WAV it was made of."""
_SLOPPY_BYTES = 4096
"""So little behind the end is rubbish, whatever it is."""


def require_no_other(file: BinaryIO, name: str) -> str | None:
    """What lies behind the end of a recording and is not known here, as a short phrase; None when nothing does.

    Args:
        name: FFmpeg's name of its demuxer, up to the first comma.

    Raises:
        BadMedia: another recording lies there.
    """
    end = end_of(file, name)
    other = recording_at(file, end) if end is not None else _searched(file, name)
    if other is not None:
        raise BadMedia(f"holds another recording ({other}) behind its sound, which would not be heard", next_step=SPLIT)
    if end is None:
        return None
    behind = file.seek(0, 2) - behind_tags(file, end)
    return f"{behind} bytes behind its end are of no known kind, and were left out" if behind > _SLOPPY_BYTES else None


def _searched(file: BinaryIO, name: str) -> str | None:
    """What kind of recording begins somewhere in a file that does not say where it ends."""
    if name == "wav":
        return next((begun_within(file, part.data_start, {"WAV"}) for part in wav_parts(file) if not part.ends), None)
    if name not in _SEARCHED:
        return None
    start = _flac_start(file) if name == "flac" else _WAVPACK_HEAD_BYTES if name == "wv" else behind_tags(file, 0)
    other = begun_within(file, start, _SEARCHED[name])
    return other or (None if name in _NO_FRAMES else frames_at_end(file))


def _flac_start(file: BinaryIO) -> int:
    """Where the frames begin, behind pictures and whatever else programs keep there (RFC 9639, section 8.1)."""
    at, file_size = 4, file.seek(0, 2)
    while at < file_size:
        file.seek(at)
        header = file.read(4)
        at += 4 + int.from_bytes(header[1:], "big")
        if len(header) < 4 or header[0] & 0x80:
            break
    return at
