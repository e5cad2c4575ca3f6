"""How paths among the sources are written down: by source and path in it, so that they hold wherever it is mounted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from media_assets.partitions import decode_path, encode_path, partition_key, split_key


class Locations:
    """Paths as text and back.

    Args:
        sources: The folder of each source, by its name.
    """

    def __init__(self, sources: Mapping[str, Path]) -> None:
        self._sources = sources

    def written(self, path: Path) -> str:
        """`<source>:<path>` for a path in a source, else the absolute path; encoded as in partition keys."""
        for name, folder in self._sources.items():
            if path.is_relative_to(folder):
                return partition_key(name, path.relative_to(folder).as_posix())
        return encode_path(path.absolute().as_posix())

    def path(self, written: str) -> Path:
        """The reverse of `written`."""
        if written.startswith("/"):
            return Path(decode_path(written))
        source, path = split_key(written)
        return self._sources[source] / path
