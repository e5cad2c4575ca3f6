"""Sound that changes its format on the way, as broadcasts do between programmes.

AAC in a transport stream says in front of each frame how it is to be played (ADTS, ISO/IEC 13818-7, 6.2); mp4 and mkv
say it once for all, so that a copy would be played too fast or with other channels. Other codecs say it in each frame.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_MOST_CHANGES = 1000
_MOST_NAMED = 4


def changed_sound(path: Path, stream: Stream, work: Work) -> str | None:
    """How the format changes, as a clause about the source; None where it does not, or does not matter.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    return run_in_child(_look, path, stream.index, work=work) if stream.codec == "aac" else None


def _look(path: Path, index: int) -> str | None:
    found: list[tuple[int, int]] = []
    with path.open("rb") as file, open_media(file) as container:
        if container is None:
            return None
        for packet in container.demux(container.streams[index]):
            told = _format(bytes(packet)[:4])
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
