"""Which files and stages a person chose, and what they are called in the instance."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

from media_assets.base.errors import BadMedia
from media_assets.base.globs import PathFilter
from media_assets.base.keys import split_key
from media_assets.operation.selection_checks import require_known_source
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.stage import FileAsset
from media_assets.places.registered import path_in_key


@dataclass(frozen=True)
class Selection:
    """Which files, and what with them."""

    source: str | None = None
    folder: str | None = None
    """A folder of the source, with all below it."""
    files: str | None = None
    """A name, a path, or a glob on the path; what has no `/` is matched against the name alone."""
    stage: str | None = None
    """The last stage to go to; None: all."""
    limit: int | None = None
    force: bool = False
    """Make again what is current: of `stage`, or of all stages."""
    refresh: bool = False
    """The same for stages that can take over what was costly, and for no others."""
    retry: bool = False
    """Try again what failed before."""

    def accepts(self, path: str) -> bool:
        """Whether a path in a source is selected."""
        if self.folder is not None:
            folder = self.folder.strip("/")
            if folder not in ("", ".") and not path.startswith(f"{folder}/"):
                return False
        if self.files is None:
            return True
        named = path if "/" in self.files else path.rsplit("/", 1)[-1]
        # A name may look like a glob, and its accents may be written in two ways.
        return _composed(named) == _composed(self.files) or self._glob.accepts(named)

    @cached_property
    def _glob(self) -> PathFilter:
        return PathFilter(("**" if self.files is None else self.files,), ())

    def require_glob(self) -> None:
        """Check the glob.

        Raises:
            Fatal: it is none.
        """
        _ = self._glob


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def stages_up_to(pipeline: Sequence[FileAsset[Any]], last: str) -> list[FileAsset[Any]]:
    """A stage and all it is made from, each after those."""
    needed = {last}
    for stage in reversed(pipeline):
        if stage.name in needed:
            needed.update(stage.upstreams)
    return [stage for stage in pipeline if stage.name in needed]


def is_forced(stage: str, selection: Selection) -> bool:
    """Whether what is current in this stage is made again all the same."""
    return selection.force and selection.stage in (None, stage)


def is_refreshed(stage: FileAsset[Any], selection: Selection) -> bool:
    """Whether what is current in this stage is written again from what was found out before."""
    return selection.refresh and stage.takes_earlier and selection.stage in (None, stage.name)


def require_source(library: Library, selection: Selection) -> None:
    """Check the name of the selected source, and the glob.

    Raises:
        Fatal: library.yaml has no such source, or it is no glob.
    """
    selection.require_glob()
    require_known_source(library, selection.source)


def selected_registered(instance: dg.DagsterInstance, library: Library, selection: Selection) -> list[str]:
    """The keys that are registered already and selected, as far as they tell without a look at the sources."""
    keys = []
    paths = _listed_paths(library, selection)
    for key in registered(instance):
        try:
            name, path = split_key(key)
        except BadMedia:
            continue  # added by hand; no file of ours
        if name in paths:
            path = paths[name].get(library.sources[name].identity(key), "")
        elif name in library.sources:
            path = path_in_key(library.sources[name], key)
        if selection.source in (None, name) and selection.accepts(path):
            keys.append(key)
    return keys


def _listed_paths(library: Library, selection: Selection) -> dict[str, dict[str, str]]:
    """Paths by identity, of the sources whose keys do not say in which folder a file is, if that matters."""
    if selection.folder is None:
        return {}
    return {
        name: {source.identity(entry.key): entry.path for entry in source.scan()}
        for name, source in library.sources.items()
        if source.has_ids and selection.source in (None, name)
    }
