"""Whether a file is whole enough to be worth a run: recorders and uploads leave files that are not, for a while.

A sensor asks in its tick, and whoever uploads decides what is in the files. So a look reads a few bytes of a few boxes,
and all looks of a tick together have a bound.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import BinaryIO

from media_assets.media import isobmff
from media_assets.media.signatures import begins_like_media

_HEADER_BYTES = 12
"""No format of media has a shorter one."""
_BOXES_OF_A_FILE = 64
"""A recording has five or so, up to the point where more would tell nothing new."""
_BOXES_OF_A_TICK = 20_000
_NOT_YET = "came together with many others, and is looked into when some of them are through"


class Readiness:
    """The looks of one tick."""

    def __init__(self) -> None:
        self._boxes_left = _BOXES_OF_A_TICK

    def why_incomplete(self, path: Path) -> str | None:
        """The reason to wait for more of this file, or None when it looks whole.

        Reads the sizes of the first top-level boxes of an mp4, nothing but the first bytes of any other format. A file
        of many boxes looks whole: the run that reads it says what is wrong.

        Raises:
            OSError: it cannot be read.
        """
        size_bytes = path.stat().st_size
        if size_bytes == 0:
            return "is empty (0 bytes)"
        if self._boxes_left <= 0:
            return _NOT_YET
        self._boxes_left -= 1
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
            if isobmff.is_iso(head):
                return self._why_incomplete_mp4(file, size_bytes)
        if size_bytes < _HEADER_BYTES and begins_like_media(head):
            return f"ends within its header ({size_bytes} bytes)"
        return None

    def _why_incomplete_mp4(self, file: BinaryIO, size_bytes: int) -> str | None:
        has_index = is_fragmented = False
        looked_at = 0
        for box in islice(isobmff.boxes(file), _BOXES_OF_A_FILE):
            looked_at += 1
            self._boxes_left -= 1
            # A fragmented recording plays up to wherever it ends.
            is_fragmented = is_fragmented or box.type == b"moof"
            has_index = has_index or box.type in isobmff.INDEXES
            missing_bytes = box.start + box.size - size_bytes
            if missing_bytes > 0 and not is_fragmented:
                return f"ends {missing_bytes} bytes before its `{box.type.decode('latin-1')}` box does"
            if has_index and is_fragmented:
                return None
        return None if has_index or looked_at == _BOXES_OF_A_FILE else "has no index (moov box) yet"
