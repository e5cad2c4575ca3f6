"""Looking for a few bytes anywhere in a file, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

LONGEST_BYTES = 64
"""The most bytes that can be looked for."""
_PIECE_BYTES = 1 << 20
_MOST_BYTES = 1 << 30
"""No photo is larger; what would lie behind is not found."""


def is_in(file: BinaryIO, signs: Sequence[bytes]) -> bool:
    """Whether one of these is met between where the file stands and its end.

    Args:
        signs: Of no more than LONGEST_BYTES each.
    """
    end = b""
    for _ in range(_MOST_BYTES // _PIECE_BYTES):
        piece = file.read(_PIECE_BYTES)
        if not piece:
            return False
        data = end + piece
        if any(sign in data for sign in signs):
            return True
        end = piece[-LONGEST_BYTES:]
    return False
