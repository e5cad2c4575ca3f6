"""The parts in which large objects are moved."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")

# Parts of one object in flight at once: memory is this times the size of a part, whatever the size of the object.
CONCURRENT_PARTS = 4
# S3 takes so many parts of one object; of Azure's blocks there may be more.
_MAX_PARTS = 10_000


def part_bytes_for(size_bytes: int, wanted: int) -> int:
    """The size of one part of an object: as wanted, unless there were too many of them then."""
    return max(wanted, -(-size_bytes // _MAX_PARTS))


def parts(read: Callable[[int, int], Part], start: int, size_bytes: int, part_bytes: int) -> Iterator[Part]:
    """The content from `start` on, in order; the next few parts are on their way meanwhile.

    Args:
        read: The bytes from its first argument up to, not including, its second. Called in threads of their own.
    """
    starts = iter(range(start, size_bytes, part_bytes))
    under_way: deque[Future[Part]] = deque()
    with ThreadPoolExecutor(CONCURRENT_PARTS) as pool:

        def ask() -> None:
            if (begin := next(starts, None)) is not None:
                under_way.append(pool.submit(read, begin, min(begin + part_bytes, size_bytes)))

        try:
            for _ in range(CONCURRENT_PARTS):
                ask()
            while under_way:
                part = under_way.popleft().result()
                ask()
                yield part
        finally:
            for future in under_way:
                future.cancel()
