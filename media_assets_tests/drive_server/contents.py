"""What is inside a file: bytes, a file on disk, or bytes that are computed by their offset and never held.

Every kind is read in pieces of at most `PIECE_BYTES`, so that a file of any size moves through flat memory.
"""

from __future__ import annotations

import hashlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PIECE_BYTES = 1 << 20


class Content(ABC):
    """Bytes of a known length; checksums are computed when first asked for, and kept."""

    def __init__(self, size: int, checksums: dict[str, str] | None = None) -> None:
        self.size = size
        self._checksums = dict(checksums or {})
        self._lock = threading.Lock()

    @abstractmethod
    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """The bytes from `start` to before `stop`."""

    def checksum(self, algorithm: str) -> str:
        """The hex digest by one of hashlib's algorithms. Reads everything once."""
        with self._lock:
            if algorithm not in self._checksums:
                digest = hashlib.new(algorithm, usedforsecurity=False)
                for piece in self.pieces(0, self.size):
                    digest.update(piece)
                self._checksums[algorithm] = digest.hexdigest()
            return self._checksums[algorithm]

    def read(self) -> bytes:
        """All of it at once; for small contents."""
        return b"".join(self.pieces(0, self.size))


class Bytes(Content):
    """Held in memory."""

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = data

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        for offset in range(start, stop, PIECE_BYTES):
            yield self._data[offset : min(offset + PIECE_BYTES, stop)]


class OnDisk(Content):
    """A file that nobody changes any more."""

    def __init__(self, path: Path, checksums: dict[str, str] | None = None) -> None:
        super().__init__(path.stat().st_size, checksums)
        self._path = path

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        with self._path.open("rb") as file:
            file.seek(start)
            for offset in range(start, stop, PIECE_BYTES):
                yield file.read(min(PIECE_BYTES, stop - offset))


class Generated(Content):
    """Noise that is a function of seed and offset: a missing, doubled or misplaced part changes the checksum."""

    def __init__(self, size: int, seed: int) -> None:
        super().__init__(size)
        self._seed = seed

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        noise = _noise()
        while start < stop:
            index, offset = divmod(start, PIECE_BYTES)
            turn = (self._seed * 2_654_435_761 + index * 40_503) % PIECE_BYTES
            length = min(PIECE_BYTES - offset, stop - start)
            yield noise[turn + offset : turn + offset + length]
            start += length


class NotKept(Content):
    """An upload that was hashed and thrown away."""

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        raise NotImplementedError("this server was told not to keep uploads, so their bytes cannot be read")


@cache
def _noise() -> memoryview:
    """A piece of noise, twice in a row so that every rotation of it is one slice."""
    return memoryview(random.Random(20_240_229).randbytes(PIECE_BYTES) * 2)


def content_of(data: bytes | Path | Content) -> Content:
    """The content that was meant."""
    if isinstance(data, Content):
        return data
    return OnDisk(data) if isinstance(data, Path) else Bytes(data)
