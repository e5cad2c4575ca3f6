"""Bodies of requests that are sent piece by piece and may be asked for again.

httplib2 repeats a request whose connection was closed without an answer; a stream would be used up by then, and the
server waits for bytes until the connection times out. And a timeout counts for what is handed over at once: in pieces
it is about silence, however slow the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from media_assets.base.errors import SourceChanged

_PIECE_BYTES = 256 * 1024


class FilePart:
    """A stretch of an open file.

    Args:
        check: Called before each piece; what it raises ends the request.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int, check: Callable[[], None]) -> None:
        self._file = file
        self._start = start
        self._stop = stop
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        at = self._start
        while at < self._stop:
            self._check()
            self._file.seek(at)
            piece = self._file.read(min(_PIECE_BYTES, self._stop - at))
            if not piece:
                raise SourceChanged("became shorter while it was uploaded")
            yield piece
            at += len(piece)


class InPieces:
    """Bytes that are in memory anyway."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return (self._data[at : at + _PIECE_BYTES] for at in range(0, len(self._data), _PIECE_BYTES))
