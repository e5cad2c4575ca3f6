"""What a place for artifacts promises, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from media_assets.base.errors import MediaAssetsError
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.places.source import Beside, no_check


@dataclass(frozen=True)
class Target:
    """Where the files of an artifact are to lie."""

    placement: Literal["folder", "beside_source"]
    beside: Beside | None = None
    """The source file to lie beside."""
    languages: Mapping[str, str] = field(default_factory=dict)
    """The language of the text of a file, by its name, where that is known; empty for one that is not determined."""


class ManifestReader(Protocol):
    """Tells which artifacts there are."""

    def manifest(self, asset: str, key: str) -> Manifest | None:
        """The manifest of an artifact; None when there is none."""
        ...

    def intact(self, manifest: Manifest) -> bool:
        """Whether every file of an artifact is there in its recorded size."""
        ...


class ArtifactStore(ManifestReader, Protocol):
    """A place artifacts go to.

    Whatever happens to the process, an artifact is there complete or not at all, and each (asset, key) has at most one.
    """

    name: str

    def as_of_now(self, asset: str) -> ManifestReader:
        """A reader for many artifacts of one asset, which shows them as they are at this moment.

        Where each look-up is a request, it lists them all at once instead.
        """
        ...

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        """An intact artifact with this fingerprint, of whichever file."""
        ...

    def publish(
        self,
        draft: Manifest,
        files: Mapping[str, Path],
        digests: Mapping[str, str],
        target: Target,
        *,
        check: Callable[[], None] = no_check,
    ) -> Manifest:
        """Take over `files` (they are moved) and make the artifact visible; `draft` gets its `files` filled in.

        Args:
            digests: SHA-256 of each file, by its name.
            check: Called between files, and where it can be while one is on its way; what it raises ends the
                publication, which leaves what a crash leaves.

        Raises:
            Fatal: the place is full or may not be written.
            Transient: the transfer broke.
        """
        ...

    def copy(
        self, origin: Manifest, draft: Manifest, target: Target, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        """Publish `draft` with the files of `origin`, without making them again."""
        ...

    def lease(self, stored: StoredFile) -> AbstractContextManager[Path]:
        """A path to read the file at, for as long as the context lasts; it is fetched when it is not on this machine.

        Raises:
            Transient: the transfer broke.
        """
        ...

    def link(self, manifest: Manifest) -> str:
        """An address that opens the artifact."""
        ...

    def origin_of(self, sha256: str) -> str | None:
        """Which artifact a file of this content is (`<asset> of <key>`); None when it is none of ours."""
        ...

    def check(self) -> str:
        """A line on what was found there, for `doctor`; looks at it once.

        Raises:
            Fatal: it cannot be written, with what to do about it.
        """
        ...


@runtime_checkable
class LooksAhead(Protocol):
    """A store where one request can answer for many artifacts."""

    def looking_ahead(self, asset: str, keys: Sequence[str]) -> AbstractContextManager[None]:
        """Within the context these artifacts will be asked for, about in this order."""
        ...


@runtime_checkable
class SettlesTogether(Protocol):
    """A store that sees late what other machines published at the same moment."""

    def settling_together(
        self, asset: str
    ) -> AbstractContextManager[Callable[[], Mapping[str, Manifest | MediaAssetsError]]]:
        """Within the context what is published is not yet told apart from what others publish.

        At the end of a batch the function that it gives does so for all of it. It returns, by key, what is there where
        that is not what was published: the artifact of another machine that was first, or why there is none.

        Raises:
            Transient, Fatal: the function: the store cannot be asked. The next look at the artifacts does it then.
        """
        ...


MOST_EDITED_BYTES = 64 << 20
"""What is larger is no text that somebody edits."""


@dataclass(frozen=True)
class EditedFile:
    """A file of an artifact that somebody changed where it lies."""

    path: Path
    """A copy of what lies there now."""
    sha256: str
    at: datetime
    """When it was changed, as far as the place knows."""
    by: str | None = None
    """Who changed it; None where the place does not tell."""


@runtime_checkable
class ShowsEdits(Protocol):
    """A store that tells which of its artifacts somebody changed where they lie."""

    def edited(self, manifest: Manifest, directory: Path) -> Mapping[str, EditedFile]:
        """The files of an artifact that hold something else than was published, by their names; what is gone is none.

        Args:
            directory: Where their copies go, under the same names.

        Raises:
            Transient: the transfer broke.
        """
        ...

    def find_edited(self, asset: str, fingerprint: str) -> Manifest | None:
        """An artifact with this fingerprint, of whichever file, that is not intact: somebody may have changed it."""
        ...


@runtime_checkable
class SignsLinks(Protocol):
    """A store whose files other machines can be let fetch."""

    def signed_link(self, stored: StoredFile, seconds: int) -> str:
        """An address at which anybody can read the file for a while. It is a secret."""
        ...
