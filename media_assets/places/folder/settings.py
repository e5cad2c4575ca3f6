"""The sections of library.yaml for folders of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from media_assets.base.validators import NamedPath
from media_assets.places.listed import snapshot
from media_assets.places.section import PlaceSection, SourceSection, StoreSection, Surroundings, Territory

if TYPE_CHECKING:
    from media_assets.places.folder.mover import FolderMover
    from media_assets.places.folder.source import Folder
    from media_assets.places.folder.store import FolderArtifacts


class _FolderHere(PlaceSection):
    path: NamedPath
    """Relative paths start at the folder of library.yaml."""

    @property
    def neighbourhood(self) -> str:
        return "folders"

    def territories(self) -> Iterator[Territory]:
        yield Territory("path", str(self.path), "folder", self.path.resolve().parts)

    def folder_here(self) -> Path:
        return self.path


class FolderSource(_FolderHere, SourceSection):
    """A folder of this machine, or a mounted share."""

    usual_interval_seconds = 10
    looks_are_paid = False

    type: Literal["folder"] = "folder"
    follow_symlinks: bool = False
    cache: bool = False
    """Copy files into the local cache before reading them: for slow network shares."""

    def open_source(self, name: str, library: Surroundings) -> Folder:
        from media_assets.places.folder.source import Folder

        stores = [store.path for store in library.store_sections.values() if isinstance(store, FolderStore)]
        return Folder(
            name,
            self,
            library.automation,
            artifact_paths=lambda: _artifact_paths(library),
            left_out=(library.state_dir, self.path / library.review_folder, *stores),
        )

    def open_mover(self, library: Surroundings) -> FolderMover:
        from media_assets.base.interruption import ask
        from media_assets.places.folder.mover import FolderMover

        return FolderMover(self.path, self.path / library.review_folder, ask)

    @classmethod
    def state_names(cls, source: str) -> tuple[str, ...]:
        return snapshot.slots(source)


class FolderStore(_FolderHere, StoreSection):
    """Artifacts in a folder of this machine, or a mounted share."""

    type: Literal["folder"] = "folder"

    def open_store(self, name: str, library: Surroundings) -> FolderArtifacts:
        from media_assets.places.folder.store import FolderArtifacts

        sections = library.source_sections
        return FolderArtifacts(
            name,
            self.path,
            {name: folder for name, section in sections.items() if (folder := section.folder_here())},
            mounts=lambda: [folder for section in sections.values() if (folder := section.folder_mounted())],
            min_free_bytes=library.min_free_bytes,
        )


def _artifact_paths(library: Surroundings) -> Callable[[Path], bool]:
    """Tells which files of this machine are artifacts of the library."""
    from media_assets.places.folder.store import FolderArtifacts

    tests = [store.artifact_paths() for store in library.stores.values() if isinstance(store, FolderArtifacts)]
    return lambda path: any(test(path) for test in tests)
