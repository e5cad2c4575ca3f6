"""What a place for artifacts promises, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from media_assets.io_managers.manifest import Manifest, StoredFile


@dataclass(frozen=True)
class Target:
    """Where the files of an artifact are to lie."""

    placement: Literal["folder", "beside_source"]
    source_path: Path | None = None
    """The source file to lie beside."""


class ArtifactStore(Protocol):
    """A place artifacts go to.

    Whatever happens to the process, an artifact is there complete or not at all, and each (asset, key) has at most one.
    """

    name: str

    def manifest(self, asset: str, key: str) -> Manifest | None:
        """The manifest of an artifact; None when there is none."""
        ...

    def intact(self, manifest: Manifest) -> bool:
        """Whether every file of an artifact is there in its recorded size."""
        ...

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        """An intact artifact with this fingerprint, of whichever file."""
        ...

    def publish(
        self, draft: Manifest, files: Mapping[str, Path], digests: Mapping[str, str], target: Target
    ) -> Manifest:
        """Take over `files` (they are moved) and make the artifact visible; `draft` gets its `files` filled in.

        Args:
            digests: SHA-256 of each file, by its name.

        Raises:
            Fatal: the place is full or may not be written.
            Transient: the transfer broke.
        """
        ...

    def copy(self, origin: Manifest, draft: Manifest, target: Target) -> Manifest:
        """Publish `draft` with the files of `origin`, without making them again."""
        ...

    def local_path(self, stored: StoredFile) -> Path:
        """A path to read the file at."""
        ...

    def link(self, manifest: Manifest) -> str:
        """An address that opens the artifact."""
        ...

    def artifact_paths(self) -> Callable[[Path], bool]:
        """A test for files that this store wrote beside their sources, as of now."""
        ...

    def origin_of(self, sha256: str) -> str | None:
        """Which artifact a file of this content is (`<asset> of <key>`); None when it is none of ours."""
        ...
