"""What one stage is given of one file: the source and artifacts of earlier stages, read when it asks for them.

Whatever it fails of while these change or go away is no fault of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import (
    BadArtifact,
    BadMedia,
    MediaAssetsError,
    SourceChanged,
    TimeLimitExceeded,
    Transient,
)
from media_assets.pipeline.artifact import Earlier, Stored
from media_assets.pipeline.recipe import SIDECARS, Recipe
from media_assets.pipeline.stage_run import StageRun
from media_assets.places.manifest import Manifest
from media_assets.places.store import ArtifactStore, EditedFile, ShowsEdits, SignsLinks
from media_assets.work.work import Work


class FileInputs:
    """The inputs of one stage for one file, and which of them it read."""

    def __init__(self, run: StageRun, recipe: Recipe, own: ArtifactStore) -> None:
        self._run = run
        self._recipe = recipe
        self._own = own
        self._edits: Mapping[str, EditedFile] = {}
        """What a person changed in the artifact that is made anew."""
        self.leases = ExitStack()
        """Held on what was read, until the work is done."""
        self.read_source = False
        self.source_sha256: str | None = None
        """SHA-256 of the source file, once an earlier stage handed it out."""
        self._handed_out: dict[str, tuple[Stored[Any], dict[str, Path]]] = {}
        """The artifacts of earlier stages, and where those of their files lie that were read."""

    def arguments(self, work: Work) -> dict[str, Any]:
        """What the function of the stage is called with."""
        arguments: dict[str, Any] = dict(self._run.resources)
        for name, value_type in self._run.stage.upstreams.items():
            arguments[name] = self._stored(name, value_type)
        for name, value_type in self._run.stage.consulted.items():
            there = name in self._recipe.consulted_manifests
            arguments[name] = self._stored(name, value_type) if there else None
        if SIDECARS in self._run.stage.consults:
            arguments[SIDECARS] = self._recipe.sidecars
        if self._run.stage.reads_entry:
            self.read_source = True
            arguments["entry"] = self._recipe.entry
        if self._run.stage.takes_settings:
            arguments["settings"] = self._recipe.chosen
        arguments |= self._recipe.collected
        if self._run.stage.takes_earlier:
            arguments["earlier"] = self._earlier(work)
        if self._run.stage.takes_work:
            arguments["work"] = work
        return arguments

    def _earlier(self, work: Work) -> Earlier[Any]:
        stage, store = self._run.stage, self._own
        manifest = store.manifest(stage.name, self._recipe.key) or self._left_behind()
        if manifest is None or manifest.not_applicable:
            return Earlier(None, {}, all_anew=self._run.all_anew)
        self._edits = self._edits_of(manifest, work.directory / "edited")

        def fetch(file: str | None) -> Path:
            if file is None:
                raise ValueError(f"the source file is not read through the earlier {stage.name}")
            return self.leases.enter_context(store.lease(manifest.file(file)))

        stored = Stored(manifest, stage.value_type, fetch, where=lambda: store.link(manifest))
        return Earlier(stored, self._edits, all_anew=self._run.all_anew)

    def _left_behind(self) -> Manifest | None:
        """What this file had under another name, where somebody changed it and it moved before that was taken over."""
        stage = self._run.stage
        if not (stage.takes_edits and isinstance(self._own, ShowsEdits)):
            return None
        found = self._own.find_edited(stage.name, self._recipe.fingerprint)
        if found is None:
            return None
        try:
            self._run.library.entry(found.key)
        except SourceChanged:
            return found
        return None  # a copy, whose edits are its own

    def _edits_of(self, manifest: Manifest, directory: Path) -> Mapping[str, EditedFile]:
        if not (self._run.stage.takes_edits and isinstance(self._own, ShowsEdits)):
            return {}
        directory.mkdir(exist_ok=True)
        return self._own.edited(manifest, directory)

    def require_seen_edits(self, directory: Path) -> None:
        """What a person wrote into an artifact while it was made anew is not written over.

        Raises:
            Transient: somebody did.
        """
        own = self._own.manifest(self._run.stage.name, self._recipe.key) if self._run.stage.takes_edits else None
        if own is None or own.not_applicable:
            return
        now = {name: edit.sha256 for name, edit in self._edits_of(own, directory / "edited").items()}
        if now != {name: edit.sha256 for name, edit in self._edits.items()}:
            raise Transient(f"its {own.asset} was edited while it was made anew", next_step="Process it again")

    def _stored(self, name: str, value_type: type[Any]) -> Stored[Any]:
        manifest, store = self._manifest(name), self._store(name)
        read = dict[str, Path]()

        def fetch(file: str | None) -> Path:
            if file is None:
                return self._leased_source(manifest)
            read[file] = self.leases.enter_context(store.lease(manifest.file(file)))
            return read[file]

        def sign(file: str, seconds: int) -> str | None:
            return store.signed_link(manifest.file(file), seconds) if isinstance(store, SignsLinks) else None

        stored = Stored(manifest, value_type, fetch, sign, where=lambda: store.link(manifest))
        self._handed_out[name] = stored, read
        return stored

    def _manifest(self, name: str) -> Manifest:
        return {**self._recipe.consulted_manifests, **self._recipe.manifests}[name]

    def _store(self, name: str) -> ArtifactStore:
        return self._run.upstreams.get(name) or self._run.library.store(name)

    def _leased_source(self, manifest: Manifest) -> Path:
        entry = self._recipe.entry
        if manifest.inputs.get("source") != entry.revision:
            raise SourceChanged(
                f"changed since {manifest.asset} looked at it", next_step=f"Materialize {manifest.asset} of it again"
            )
        self.read_source = True
        known = manifest.value.get("sha256") if isinstance(manifest.value, dict) else None
        self.source_sha256 = known if isinstance(known, str) else None
        local = self._run.library.local_file(entry, self._run.check_cancelled, sha256=self.source_sha256)
        return self.leases.enter_context(local)

    def require_unchanged_source(self) -> None:
        """What was made of a file that changed meanwhile is of neither version.

        Raises:
            SourceChanged: it was read, and changed.
        """
        if self.read_source and self._run.library.entry(self._recipe.key).revision != self._recipe.entry.revision:
            raise SourceChanged(
                "changed while it was processed; the result was dropped",
                next_step="The sensor takes the new version up by itself, or run it again",
            )

    def require_intact(self, error: Exception) -> None:
        """A file is not to blame for what it failed of while what it is made from changed, or went away.

        Raises:
            SourceChanged: the source file did.
            Fatal: all of its source did, or a store.
            Transient: an artifact of an earlier stage did.
            BadArtifact: a file of one is damaged.
        """
        self.require_unchanged_source()
        for name, (stored, read) in self._handed_out.items():
            if read and not self._store(name).intact(self._manifest(name)):
                is_same = self._store(name).manifest(name, self._recipe.key) == self._manifest(name)
                if is_same and (damaged := self._damaged(stored, read)):
                    raise stored.damaged(damaged) from error
                raise Transient(
                    f"its {name} went away while it was read", next_step="Process it again: what is gone is made anew"
                ) from error
            if isinstance(error, MediaAssetsError) and (
                not isinstance(error, BadMedia) or isinstance(error, TimeLimitExceeded | BadArtifact)
            ):
                continue
            if damaged := self._damaged(stored, read):
                raise stored.damaged(damaged) from error

    def _damaged(self, stored: Stored[Any], read: Mapping[str, Path]) -> str | None:
        """The first file of an artifact that holds something else than was stored."""
        for file, path in read.items():
            if path.exists() and sha256_of(path, check=self._run.check_cancelled) != stored.manifest.file(file).sha256:
                return file
        return None
