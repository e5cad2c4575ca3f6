"""One stage for one file: finds the artifact it would make, or makes it and has it published."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import (
    BadArtifact,
    BadMedia,
    Cancelled,
    Fatal,
    MediaAssetsError,
    NotApplicable,
    SourceChanged,
    TimeLimitExceeded,
    Transient,
    classify,
)
from media_assets.base.files import PRIVATE_MODE, copy_file, private_folder
from media_assets.base.interruption import holding
from media_assets.base.keys import display_name
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.blame import with_its_file
from media_assets.pipeline.deaths import AtWork, this_boot
from media_assets.pipeline.library import Library
from media_assets.pipeline.progress import Progress
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.results import checked, found_in, own_fault
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.time_limits import growth_of, limit_of, limit_of_source
from media_assets.places.manifest import Manifest, version_of
from media_assets.places.source import SourceEntry, no_check
from media_assets.places.store import ArtifactStore, SignsLinks
from media_assets.work.child_limits import ChildLimits, ToolLimits
from media_assets.work.spending import Ledger, Spending
from media_assets.work.work import Work


@dataclass(frozen=True)
class StageRun:
    """What the work on all files of one run of one stage has in common."""

    stage: FileAsset[Any]
    first_stage: str
    """The one that takes up the source files: its artifacts say which version of a file the others go back to."""
    library: Library
    upstreams: Mapping[str, ArtifactStore]
    """Where the artifacts of the earlier stages are kept, by stage."""
    resources: Mapping[str, Any]
    """The engines that the stage names, by parameter."""
    run_id: str
    force: bool
    """Whether everything is made again."""
    progress: Progress
    ledger: Ledger
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set once all work is to stop."""

    def check_cancelled(self) -> None:
        """Ends what was begun for this run, once it is to stop.

        Raises:
            Cancelled: it is.
        """
        if self.cancelled.is_set():
            raise Cancelled("the run was stopped")


class FileWork:
    """The work of one run of one stage on one file."""

    def __init__(self, run: StageRun, key: str, store: ArtifactStore, scratch: Path) -> None:
        self._run = run
        self._upstreams = run.upstreams
        self._stage = run.stage
        self._library = run.library
        self._recipe = Recipe(run.stage, key, run.library, run.upstreams)
        self._store = store
        self._scratch = scratch
        self._leases = ExitStack()
        self._read_source = False
        self._inputs: dict[str, tuple[Stored[Any], dict[str, Path]]] = {}
        """The artifacts of earlier stages, and where those of their files lie that were read."""
        self._begun: Work | None = None
        """Once it is made."""
        self._source_sha256: str | None = None
        """SHA-256 of the source file, once an earlier stage handed it out."""

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
            for store in self._stores_of_twins:
                twin = found_in(store, self._stage.name, recipe.fingerprint)
                if twin and self._may_reuse(twin):
                    return self._copy(twin, store), True
            with self._leases:
                return self._make(), False

    def source_revision(self) -> str | None:
        """Which version of the source file this is of; None where that cannot be told."""
        try:
            if self._stage.reads_entry:
                return self._recipe.entry.revision
            name = self._run.first_stage
            known = vars(self._recipe).get("manifests", {}).get(name)
            first = known or self._library.store(name).manifest(name, self._recipe.key)
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
        key = self._recipe.key
        origin = next((other for other in (twin.reused_from, twin.key) if other and other != key), None)
        draft = twin.model_copy(update={"key": key, "reused_from": origin})
        if store.name == self._store.name:
            return self._store.copy(twin, draft, self._recipe.target, check=self._run.check_cancelled)
        with self._library.workspaces.file(self._scratch) as directory:
            files = {stored.name: directory / stored.name for stored in twin.files}
            for stored in twin.files:
                with store.lease(stored) as path:
                    copy_file(path, files[stored.name], self._run.check_cancelled)
            digests = {stored.name: stored.sha256 for stored in twin.files}
            return self._store.publish(draft, files, digests, self._recipe.target, check=self._run.check_cancelled)

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
            work = self._begun = self._work(directory)
            work.check()
            work.require_space(0)
            artifact: Artifact[Any] | None = None
            reason = None
            try:
                artifact = checked(self._stage, self._stage.function(**self._arguments(work)), directory)
            except NotApplicable as error:
                reason = error.reason
            except (Cancelled, Fatal):
                raise
            except Exception as error:
                self._require_inputs(error)
                if fault := own_fault(self._stage, error, directory):
                    raise fault from error
                if isinstance(error, BadMedia) and self._source_sha256:
                    self._library.require_sound_copy(self._recipe.entry, self._source_sha256, work.check_cancelled)
                raise
            work.check()
            self._require_unchanged_source()
            manifest = self._publish(
                self._draft(time.monotonic() - started, artifact, reason), artifact, check=work.check
            )
            if work.journal and work.journal.exists():
                shutil.rmtree(work.journal)
            return manifest

    def _arguments(self, work: Work) -> dict[str, Any]:
        arguments: dict[str, Any] = dict(self._run.resources)
        for name, value_type in self._stage.upstreams.items():
            arguments[name] = self._stored(name, value_type)
        if self._stage.reads_entry:
            self._read_source = True
            arguments["entry"] = self._recipe.entry
        if self._stage.takes_settings:
            arguments["settings"] = self._recipe.chosen
        if self._stage.takes_work:
            arguments["work"] = work
        return arguments

    def _stored(self, name: str, value_type: type[Any]) -> Stored[Any]:
        manifest, store = self._recipe.manifests[name], self._upstreams[name]
        read = dict[str, Path]()

        def fetch(file: str | None) -> Path:
            if file is None:
                return self._leased_source(manifest)
            read[file] = self._leases.enter_context(store.lease(manifest.file(file)))
            return read[file]

        def sign(file: str, seconds: int) -> str | None:
            return store.signed_link(manifest.file(file), seconds) if isinstance(store, SignsLinks) else None

        stored = Stored(manifest, value_type, fetch, sign, where=lambda: store.link(manifest))
        self._inputs[name] = stored, read
        return stored

    def _leased_source(self, manifest: Manifest) -> Path:
        entry = self._recipe.entry
        if manifest.inputs.get("source") != entry.revision:
            raise SourceChanged(
                f"changed since {manifest.asset} looked at it", next_step=f"Materialize {manifest.asset} of it again"
            )
        self._read_source = True
        known = manifest.value.get("sha256") if isinstance(manifest.value, dict) else None
        self._source_sha256 = known if isinstance(known, str) else None
        local = self._library.local_file(entry, self._run.check_cancelled, sha256=self._source_sha256)
        return self._leases.enter_context(local)

    def _require_unchanged_source(self) -> None:
        if self._read_source and self._library.entry(self._recipe.key).revision != self._recipe.entry.revision:
            raise SourceChanged(
                "changed while it was processed; the result was dropped",
                next_step="The sensor takes the new version up by itself, or run it again",
            )

    def _require_inputs(self, error: Exception) -> None:
        """A file is not to blame for what it failed of while what it is made from changed, or went away.

        Raises:
            SourceChanged: the source file did.
            Fatal: all of its source did, or a store.
            Transient: an artifact of an earlier stage did.
            BadArtifact: a file of one is damaged.
        """
        self._require_unchanged_source()
        for name, (stored, read) in self._inputs.items():
            if read and not self._upstreams[name].intact(self._recipe.manifests[name]):
                raise Transient(
                    f"its {name} went away while it was read", next_step="Process it again: what is gone is made anew"
                ) from error
            if isinstance(error, MediaAssetsError) and (
                not isinstance(error, BadMedia) or isinstance(error, TimeLimitExceeded | BadArtifact)
            ):
                continue
            for file, path in read.items():
                if sha256_of(path, check=self._run.check_cancelled) != stored.manifest.file(file).sha256:
                    raise stored.damaged(file) from error

    def blame(self, error: BaseException) -> MediaAssetsError:
        """What an exception means that this work raised. The source is to blame only where it was read."""
        if not isinstance(error, Cancelled | Fatal) and not self._scratch.is_dir():
            return Fatal(
                f"the working folder {self._scratch.parent} is gone",
                next_step="Mount its disk again, or put it back, then run again",
            )
        try:
            path = self._library.source(self._recipe.key).direct_path(self._recipe.entry) if self._read_source else None
        except MediaAssetsError as gone:
            return gone
        except Exception as broken:  # noqa: BLE001  whatever a place of others raises when it is asked for that alone
            return classify(broken)
        workers = self._library.settings.assets[self._stage.name].workers
        return with_its_file(classify(error, source=path), self._stage, self._recipe.key, workers)

    def _work(self, directory: Path) -> Work:
        settings = self._library.settings
        tuning = settings.assets[self._stage.name]
        progress, asset, name = self._run.progress, self._stage.name, display_name(self._recipe.key)
        growth = None
        if self._stage.reads_entry:
            limit = limit_of_source(self._library.stored_bytes(self._recipe.entry), tuning, settings.limits)
        else:
            limit = limit_of(self._recipe.manifests.values(), tuning, settings.limits)
            growth = growth_of(self._recipe.manifests.values(), tuning, settings.limits)
        return Work(
            directory=directory,
            time_limit_seconds=limit,
            max_media_seconds=settings.limits.max_media_hours * 3600,
            cancelled=self._run.cancelled,
            report=lambda fraction: progress.file(asset, name, fraction),
            journal=self._library.workspaces.journal(asset, self._recipe.fingerprint),
            min_free_bytes=settings.limits.min_free_bytes,
            child_limits=ChildLimits(memory_bytes=settings.limits.reader_memory_bytes),
            tool_limits=ToolLimits(memory_bytes=settings.limits.ffmpeg_memory_bytes),
            spending=Spending(settings.budgets, self._run.ledger),
            growth=growth,
        )

    def _draft(
        self, seconds: float, artifact: Artifact[Any] | None = None, not_applicable: str | None = None
    ) -> Manifest:
        value = artifact.value.model_dump(mode="json") if artifact and not artifact.document else None
        return Manifest(
            asset=self._stage.name,
            key=self._recipe.key,
            fingerprint=self._recipe.fingerprint,
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
        )

    def _publish(
        self, draft: Manifest, artifact: Artifact[Any] | None = None, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        files = artifact.files if artifact else {}
        digests = {name: sha256_of(path, check=check) for name, path in files.items()}
        version = artifact.version if artifact else None
        draft = draft.model_copy(
            update={"version": version or version_of(draft.not_applicable or draft.value, digests)}
        )
        return self._store.publish(draft, files, digests, self._recipe.target, check=check)
