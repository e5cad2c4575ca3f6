"""Whether a file is whole enough to be worth a run: recorders and uploads leave files that are not, for a while."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from media_assets.engines import isobmff


def why_incomplete(path: Path) -> str | None:
    """The reason to wait for more of this file, or None when it looks whole.

    Reads a few bytes only: the sizes of the top-level boxes of an mp4, nothing of any other format.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        return "is empty (0 bytes)"
    with path.open("rb") as file:
        return _why_incomplete_mp4(file, size_bytes) if isobmff.is_iso(file.read(12)) else None


def _why_incomplete_mp4(file: BinaryIO, size_bytes: int) -> str | None:
    is_fragmented = False
    for box in isobmff.boxes(file):
        # A fragmented recording plays up to wherever it ends.
        is_fragmented = is_fragmented or box.type == b"moof"
        missing_bytes = box.start + box.size - size_bytes
        if missing_bytes > 0 and not is_fragmented:
            return f"ends {missing_bytes} bytes before its `{box.type.decode('latin-1')}` box does"
    return "has no index (moov box) yet" if isobmff.index_is_missing(file) else None
