"""How paths among the sources are written down: by source and path in it, so that they hold wherever it is mounted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from media_assets.base.keys import decode_path, encode_path, partition_key
from media_assets.base.paths import LeadsOut, below, plain


class Locations:
    """Paths as text and back.

    Args:
        sources: The folder of each source, by its name.
        mounts: Finds the folders of sources that are elsewhere on each machine; paths in those are written in full.
            None: any path in full is taken, for who knows no sources cannot tell.
    """

    def __init__(self, sources: Mapping[str, Path], mounts: Callable[[], Iterable[Path]] | None = None) -> None:
        self._sources = sources
        self._mounts = mounts

    def written(self, path: Path) -> str:
        """`<source>:<path>` for a path in a source, else the absolute path; encoded as in partition keys."""
        for name, folder in self._sources.items():
            if path.is_relative_to(folder):
                return partition_key(name, path.relative_to(folder).as_posix())
        return encode_path(path.absolute().as_posix())

    def path(self, written: str) -> Path:
        """The reverse of `written`.

        Raises:
            LeadsOut: it lies in none of the sources.
        """
        if written.startswith("/"):
            path = Path("/", plain(decode_path(written).removeprefix("/")))
            if self._mounts and not any(map(path.is_relative_to, (*self._sources.values(), *self._mounts()))):
                raise LeadsOut(f"{path} lies in no source of library.yaml")
            return path
        source, relative = written.partition(":")[0], decode_path(written.partition(":")[2])
        if source not in self._sources:
            raise LeadsOut(f"library.yaml has no folder {source!r} among its sources")
        return below(self._sources[source], relative, follow_links=True)  # what lies there is known by its content
