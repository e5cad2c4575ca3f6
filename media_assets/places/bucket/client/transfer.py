"""Whole files out of a bucket: in ranges, a few at once, resumed where an earlier attempt stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from media_assets.places.bucket.client.bucket import Bucket
from media_assets.places.bucket.client.parts import parts

_PIECE_BYTES = 1 << 20


def download(
    bucket: Bucket,
    path: str,
    destination: Path,
    *,
    size_bytes: int,
    e_tag: str | None = None,
    algorithm: str,
    check: Callable[[], None] = lambda: None,
) -> str:
    """Bring `destination` to the object's whole content; returns the hexadecimal digest of it.

    `destination` always holds a piece of the content from its beginning, so that another attempt goes on behind it.
    Memory is bounded by a few parts.

    Args:
        size_bytes: Of the object.
        e_tag: Of the version that is wanted.
        check: Called between parts; what it raises ends the download.

    Raises:
        ObjectGone: there is no such object.
        ConditionFailed: it is another version now.
        Transient: the transfer broke.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with destination.open("a+b") as target:
        if target.tell() > size_bytes:
            target.truncate(0)
        target.seek(0)
        while piece := target.read(_PIECE_BYTES):
            digest.update(piece)
        read = partial(bucket.read_range, path, e_tag=e_tag)
        for part in parts(read, target.tell(), size_bytes, bucket.part_bytes):
            content = memoryview(part)
            digest.update(content)
            target.write(content)
            check()
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()
