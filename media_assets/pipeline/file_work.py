"""One stage for one file: finds the artifact it would make, or makes it and has it published."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import (
    BadMedia,
    Cancelled,
    Fatal,
    MediaAssetsError,
    NotApplicable,
    Transient,
    classify,
)
from media_assets.base.files import PRIVATE_MODE, copy_file, private_folder
from media_assets.base.interruption import holding
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.blame import with_its_file
from media_assets.pipeline.deaths import AtWork, this_boot
from media_assets.pipeline.file_inputs import FileInputs
from media_assets.pipeline.kept_edits import kept_edits
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.recording import Recording, address_of, write_texts
from media_assets.pipeline.results import checked, found_in, own_fault
from media_assets.pipeline.stage_run import StageRun
from media_assets.places.manifest import Manifest, fingerprint_of_unfinished, version_of
from media_assets.places.source import SourceEntry, no_check
from media_assets.places.store import ArtifactStore, Target
from media_assets.work.work import Work


class FileWork:
    """The work of one run of one stage on one file."""

    def __init__(self, run: StageRun, key: str, store: ArtifactStore, scratch: Path) -> None:
        self._run = run
        self._stage = run.stage
        self._library = run.library
        self._recipe = Recipe(run.stage, key, run.library, run.upstreams)
        self._store = store
        self._scratch = scratch
        self._inputs = FileInputs(run, self._recipe, store)
        self._begun: Work | None = None
        """Once it is made."""
        self._not_counted: frozenset[str] = frozenset()
        """The files that name the recording, or that people wrote: else the same result would be another version."""

    @property
    def entry(self) -> SourceEntry:
        return self._recipe.entry

    @property
    def will_read_source(self) -> bool:
        """Whether it has to be made, as far as this can be told before its turn."""
        return self._existing is None and self._recipe.not_applicable is None

    @cached_property
    def _existing(self) -> Manifest | None:
        """The artifact, if it is there and may be used."""
        if self._own and self._recipe.is_current(self._own, self._store) and self._may_reuse(self._own):
            return self._own
        return None

    @cached_property
    def _own(self) -> Manifest | None:
        """What there is for this file, current or not."""
        return self._store.manifest(self._stage.name, self._recipe.key)

    def __str__(self) -> str:
        return str(self._at_work)

    @property
    def is_at_work(self) -> bool:
        """Whether the artifact is being made."""
        return self._begun is not None

    def overdue_seconds(self, now: float) -> float:
        """Seconds since its time was up; 0 before.

        Args:
            now: By the clock `time.monotonic`.
        """
        limit = self._begun.time_limit_seconds if self._begun else None
        return 0.0 if self._begun is None or limit is None else max(0.0, now - self._begun.started - limit)

    def told_limit(self) -> str:
        """How long it may take, and took."""
        assert self._begun is not None and self._begun.time_limit_seconds is not None
        took = time.monotonic() - self._begun.started
        return f"it may take {self._begun.time_limit_seconds:.0f} s, and takes {took:.0f} s by now"

    def find_or_make(self) -> tuple[Manifest, bool]:
        """The artifact of this file, and whether it was there before this run, or is a copy."""
        recipe = self._recipe
        if self._existing:
            return self._existing, not self._is_own(self._existing)
        if recipe.not_applicable:
            return self._publish(self._draft(0.0, not_applicable=recipe.not_applicable)), False
        with self._content_lock():
            for store in [] if self._may_be_edited else self._stores_of_twins:
                twin = found_in(store, self._stage.name, recipe.fingerprint)
                if twin and self._may_reuse(twin):
                    return self._copy(twin, store), True
            with self._inputs.leases:
                return self._make(), False

    def source_revision(self) -> str | None:
        """Which version of the source file this is of; None where that cannot be told."""
        try:
            if self._stage.reads_entry:
                return self._recipe.entry.revision
            first = self._first()
        except Exception:  # noqa: BLE001  the work on the file met it too, and tells it
            return None
        return first.inputs.get("source") if first else None

    @property
    def attempt(self) -> str:
        """The fingerprint of what was tried, if it got so far."""
        return str(vars(self._recipe).get("fingerprint", ""))

    def _is_own(self, manifest: Manifest) -> bool:
        """Whether an earlier attempt of this run made it: nothing tells of that yet."""
        return manifest.made_by_run == self._run.run_id and not manifest.reused_from

    def _may_reuse(self, manifest: Manifest) -> bool:
        """Always, unless a person wants everything made again; even then once in a run is enough."""
        return not self._run.force or manifest.made_by_run == self._run.run_id

    @property
    def _may_be_edited(self) -> bool:
        """Whether there may be a person's work in what there is, which a copy of a twin would be the end of."""
        own = self._own if self._stage.takes_edits else None
        return own is not None and (own.by_hand or not self._store.intact(own))

    @property
    def _stores_of_twins(self) -> list[ArtifactStore]:
        """Where an artifact of equal fingerprint may be: in our store not, if only this file could have it there."""
        if self._own is None and not self._stage.shared_by_content:
            return self._other_stores
        return [self._store, *self._other_stores]

    @property
    def _other_stores(self) -> list[ArtifactStore]:
        """Where artifacts of this stage may have gone before library.yaml sent them to another store."""
        return [store for store in self._library.stores.values() if store.name != self._store.name]

    def _copy(self, twin: Manifest, store: ArtifactStore) -> Manifest:
        """The artifact of equal fingerprint: of a file of equal content, or this one's own in another place."""
        key, check = self._recipe.key, self._run.check_cancelled
        origin = next((other for other in (twin.reused_from, twin.key) if other and other != key), None)
        draft = twin.model_copy(update={"key": key, "reused_from": origin})
        with self._inputs.leases:
            value = self._value_of(twin, store)
            texts = self._stage.texts(value, self._recording) if self._stage.texts and value else {}
            target = self._target(value)
        digests = {stored.name: stored.sha256 for stored in twin.files}
        ours = digests | {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        touched = self._own is not None and not self._store.intact(self._own)
        if store.name == self._store.name and ours == digests and not touched:
            return self._store.copy(twin, draft, target, check=check)
        with self._library.workspaces.file(self._scratch) as directory:
            for stored in twin.files:
                if stored.name not in texts:
                    with store.lease(stored) as path:
                        copy_file(path, directory / stored.name, check)
            write_texts(directory, texts)
            if store.manifest(twin.asset, twin.key) != twin:
                raise Transient(f"the {twin.asset} of {twin.key} was replaced while it was copied")
            files = {name: directory / name for name in ours}
            if not self._stage.takes_edits:
                files |= kept_edits(self._store, self._own, directory / "edited")
                ours |= {name: sha256_of(path) for name, path in files.items() if name not in ours}
            return self._store.publish(draft, files, ours, target, check=check)

    def _value_of(self, twin: Manifest, store: ArtifactStore) -> Any:
        """The value of an artifact of equal fingerprint; None where none is needed to copy it."""
        if twin.not_applicable or not (self._stage.texts or self._stage.languages):
            return None

        def fetch(name: str | None) -> Path:
            return self._inputs.leases.enter_context(store.lease(twin.file(name or "")))

        return Stored(twin, self._stage.value_type, fetch, where=lambda: store.link(twin)).value

    def _target(self, value: Any) -> Target:
        """Where an artifact of that value is to lie."""
        target = self._recipe.target
        if self._stage.languages is None or value is None or target.placement == "folder":
            return target
        return replace(target, languages=self._stage.languages(value))

    @cached_property
    def _recording(self) -> Recording:
        """The file, as people know it."""
        library, key = self._library, self._recipe.key
        return Recording(
            key,
            lambda: address_of(library, key),
            lambda: getattr(self._first(), "value", None),
            self._recipe.playing_seconds,
        )

    def _first(self) -> Manifest | None:
        """What the first stage made of the file."""
        name = self._run.first_stage
        known = vars(self._recipe).get("manifests", {}).get(name)
        return known or self._library.store(name).manifest(name, self._recipe.key)

    @cached_property
    def _at_work(self) -> AtWork:
        return AtWork(
            asset=self._stage.name,
            key=self._recipe.key,
            fingerprint=self._recipe.fingerprint,
            engine=str(getattr(self._recipe.chosen, "engine", "")),
            run_id=self._run.run_id,
            boot=this_boot(),
        )

    @contextmanager
    def _content_lock(self) -> Iterator[None]:
        """The lock held while an artifact is made, so that files of equal content wait for it instead of making it too.

        One lock for every 4096th fingerprint of a stage: lock files cannot be removed safely, and so their number
        stays bounded.
        """
        folder = private_folder(self._library.settings.state_dir / "locks")
        with holding(FileLock(folder / f"{self._stage.name}-{self._recipe.fingerprint[:3]}.lock", mode=PRIVATE_MODE)):
            yield

    def _make(self) -> Manifest:
        started = time.monotonic()
        deaths = self._library.workspaces.deaths
        with deaths.noted(self._scratch, self._at_work), self._library.workspaces.file(self._scratch) as directory:
            work = self._begun = self._run.work_on(self._recipe, directory)
            work.check()
            work.require_space(0)
            artifact: Artifact[Any] | None = None
            reason = None
            try:
                artifact = self._called(work)
            except NotApplicable as error:
                reason = error.reason
            except (Cancelled, Fatal):
                raise
            except Exception as error:
                self._inputs.require_intact(error)
                if fault := own_fault(self._stage, error, directory):
                    raise fault from error
                sha256 = self._inputs.source_sha256
                if isinstance(error, BadMedia) and sha256:
                    self._library.require_sound_copy(self._recipe.entry, sha256, work.check_cancelled)
                raise
            work.check()
            self._inputs.require_unchanged_source()
            self._inputs.require_seen_edits(directory)
            manifest = self._publish(
                self._draft(time.monotonic() - started, artifact, reason), artifact, check=work.check
            )
            if artifact and artifact.unfinished:
                raise artifact.unfinished
            if work.journal and work.journal.exists():
                shutil.rmtree(work.journal)
            return manifest

    def _called(self, work: Work) -> Artifact[Any]:
        """What the stage made of the file, with the texts that name it."""
        artifact = checked(self._stage, self._stage.function(**self._inputs.arguments(work)), work.directory)
        added: dict[str, Path] = {}
        if self._stage.texts:
            added |= write_texts(work.directory, self._stage.texts(artifact.value, self._recording))
        if not self._stage.takes_edits:
            added |= kept_edits(self._store, self._own, work.directory / "edited")
        self._not_counted = frozenset(added)
        if not added:
            return artifact
        return checked(self._stage, replace(artifact, files={**artifact.files, **added}), work.directory)

    def blame(self, error: BaseException) -> MediaAssetsError:
        """What an exception means that this work raised. The source is to blame only where it was read."""
        if not isinstance(error, Cancelled | Fatal) and not self._scratch.is_dir():
            return Fatal(
                f"the working folder {self._scratch.parent} is gone",
                next_step="Mount its disk again, or put it back, then run again",
            )
        key, read = self._recipe.key, self._inputs.read_source
        try:
            path = self._library.source(key).direct_path(self._recipe.entry) if read else None
        except MediaAssetsError as gone:
            return gone
        except Exception as broken:  # noqa: BLE001  whatever a place of others raises when it is asked for that alone
            return classify(broken)
        workers = self._library.settings.assets[self._stage.name].workers
        return with_its_file(classify(error, source=path), self._stage, key, workers)

    def _draft(
        self, seconds: float, artifact: Artifact[Any] | None = None, not_applicable: str | None = None
    ) -> Manifest:
        value = artifact.value.model_dump(mode="json") if artifact and not artifact.document else None
        finished = not (artifact and artifact.unfinished)
        return Manifest(
            asset=self._stage.name,
            key=self._recipe.key,
            # What is not finished is never taken for what was to be made.
            fingerprint=self._recipe.fingerprint if finished else fingerprint_of_unfinished(self._recipe.fingerprint),
            version="",
            not_applicable=not_applicable,
            value=value,
            document=artifact.document if artifact else None,
            media_seconds=artifact.media_seconds if artifact else None,
            inputs=self._recipe.inputs,
            code_version=self._stage.code_version,
            settings=self._recipe.settings,
            made_at=datetime.now(UTC),
            made_in_seconds=round(seconds, 3),
            made_by_run=self._run.run_id,
            cost_usd=artifact.cost_usd if artifact else 0.0,
            figures=dict(artifact.figures) if artifact else {},
            by_hand=artifact.by_hand if artifact else False,
        )

    def _publish(
        self, draft: Manifest, artifact: Artifact[Any] | None = None, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        files = artifact.files if artifact else {}
        digests = {name: sha256_of(path, check=check) for name, path in files.items()}
        version = artifact.version if artifact else None
        counted = {name: digest for name, digest in digests.items() if name not in self._not_counted}
        draft = draft.model_copy(
            update={"version": version or version_of(draft.not_applicable or draft.value, counted)}
        )
        target = self._target(artifact.value if artifact else None)
        return self._store.publish(draft, files, digests, target, check=check)
