"""Sound that changes its format on the way, as broadcasts do between programmes.

AAC in a transport stream says in front of each frame how it is to be played (ADTS, ISO/IEC 13818-7, 6.2); mp4 and mkv
say it once for all, so that a copy would be played too fast or with other channels. AC-3 and E-AC-3 say it in each
frame (ETSI TS 102 366, 4.4 and E.1.3); mp4 says it once more for all of them, and mkv leaves it to the frames. Other
codecs go into mkv.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

SAYS_IT_ITSELF = {"ac3", "eac3"}
"""Codecs of which a copy in mkv plays as it did."""
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_DOLBY_RATES = (48000, 44100, 32000)
_DOLBY_CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)
"""Channels by `acmod`, without the subwoofer's."""
_LAST_AC3, _LAST_EAC3 = 10, 16
"""The highest `bsid` of each."""
_DEPENDENT = 1
_HEADER_BYTES = 8
_MOST_CHANGES = 1000
_MOST_NAMED = 4


def changed_sound(path: Path, stream: Stream, work: Work) -> str | None:
    """How the format changes, as a clause about the source; None where it does not, or does not matter.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    if stream.codec != "aac" and stream.codec not in SAYS_IT_ITSELF:
        return None
    return run_in_child(_look, path, stream.index, stream.codec, work=work)


def _look(path: Path, index: int, codec: str) -> str | None:
    told_by = _format if codec == "aac" else _dolby_format
    found: list[tuple[int, int]] = []
    with path.open("rb") as file, open_media(file) as container:
        if container is None:
            return None
        for packet in container.demux(container.streams[index]):
            told = told_by(bytes(packet)[:_HEADER_BYTES])
            if told is not None and found[-1:] != [told] and len(found) < _MOST_CHANGES:
                found.append(told)
    if not any(one != other for one, other in pairwise(found)):
        return None
    names = [f"{channels} channel{'s' if channels > 1 else ''} at {rate} Hz" for rate, channels in found[:_MOST_NAMED]]
    more = ", …" if len(found) > _MOST_NAMED else ""
    return f"a sound track changes its format ({', then '.join(names)}{more}), and a copy of it would be played wrong"


def _format(header: bytes) -> tuple[int, int] | None:
    """Sample rate in hertz and channels that a frame names in front of it; None where it names none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    rate, channels = header[2] >> 2 & 15, (header[2] & 1) << 2 | header[3] >> 6
    return (_RATES[rate], channels) if rate < len(_RATES) and channels else None


def _dolby_format(header: bytes) -> tuple[int, int] | None:
    """Likewise of AC-3 and E-AC-3; what belongs to the frame before it (more channels) names none."""
    if len(header) < _HEADER_BYTES or header[:2] != b"\x0b\x77" or header[5] >> 3 > _LAST_EAC3:
        return None
    rate = header[4] >> 6
    if header[5] >> 3 > _LAST_AC3:
        if header[2] >> 6 == _DEPENDENT:
            return None
        mode, subwoofer = header[4] >> 1 & 7, header[4] & 1
        hertz = _DOLBY_RATES[rate] if rate < len(_DOLBY_RATES) else _DOLBY_RATES[min(header[4] >> 4 & 3, 2)] // 2
        return hertz, _DOLBY_CHANNELS[mode] + subwoofer
    mode = header[6] >> 5
    levels = 2 * (mode & 1 and mode != 1) + 2 * (mode >> 2) + 2 * (mode == 2)  # bits of mix levels in front of `lfeon`
    subwoofer = int.from_bytes(header[6:8], "big") >> 12 - levels & 1
    return (_DOLBY_RATES[rate], _DOLBY_CHANNELS[mode] + subwoofer) if rate < len(_DOLBY_RATES) else None
