"""Checksums of files, read once in pieces however many digests are wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from media_assets.base.files import open_regular

_PIECE_BYTES = 1 << 20


def sha256_of(path: Path, *, check: Callable[[], None] = lambda: None) -> str:
    """SHA-256 of a file's content, in hexadecimal; see `digests_of`."""
    return digests_of(path, "sha256", check=check)["sha256"]


def digests_of(path: Path, *algorithms: str, check: Callable[[], None] = lambda: None) -> dict[str, str]:
    """Hexadecimal digests of a file's content by algorithm.

    Args:
        check: Called between pieces; what it raises ends the reading.
    """
    digests = {algorithm: hashlib.new(algorithm, usedforsecurity=False) for algorithm in algorithms}
    piece = bytearray(_PIECE_BYTES)
    with open(path, "rb", buffering=0, opener=open_regular) as file:
        while count := file.readinto(piece):
            view = memoryview(piece)[:count]
            for digest in digests.values():
                digest.update(view)
            check()
    return {algorithm: digest.hexdigest() for algorithm, digest in digests.items()}
