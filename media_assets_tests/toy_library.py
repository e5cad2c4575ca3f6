"""A library of text files with a pipeline of three trivial stages, for tests of the machinery around the stages.

The first line of a file is its text; the others say what is to happen to it, e.g. `shout: transient 2`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import dagster as dg
import sqlalchemy.exc
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from media_assets.base.errors import BadMedia, Fatal, NotApplicable, Transient
from media_assets.base.model import Model
from media_assets.base.secrets import Secrets
from media_assets.base.section import Section
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.operation.observers import build_observers
from media_assets.operation.processing import Processor
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset, io_manager_key
from media_assets.pipeline.io_manager import ArtifactIOManager
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.progress import LogProgress
from media_assets.pipeline.settings import AssetTuning, LimitSettings, RetrySettings
from media_assets.pipeline.stage import FileAsset, Metadata, file_asset
from media_assets.pipeline.status import LibraryStatus, library_status
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.manifest import Manifest
from media_assets.places.source import SourceEntry
from media_assets.work.work import Work
from media_assets_tests import postgres
from media_assets_tests.awkward_errors import AWKWARD
from media_assets_tests.waiting import wait_until
from media_assets_tests.wrong_results import WRONG

SOURCE = "box"
# What commands import when they are run, but for what remembers what its output is.
_PRELOADED = (
    "pytest",
    "media_assets_tests.toy_library",
    "typer",
    "media_assets.pipeline.abandoned_runs",
    "media_assets.definitions",
    "media_assets.operation.doctor.doctor",
    "media_assets.cli.progress_bar",
    "media_assets.cli.terminal",
    "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite.sqlite_schedule_storage",
    "dagster._core.storage.local_compute_log_manager",
)


class Note(Model):
    """The value of every toy stage: the file's whole text."""

    text: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


class ShoutSettings(Section):
    """The section `shout` of the settings of a toy library."""

    decibels: int = 96


class Bench:
    """The engine of all toy stages: does what the text says, and keeps a list of its calls that outlives processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = folder / "calls"

    def act(self, stage: str, text: str, work: Work, source: Path | None = None) -> None:
        title, *orders = text.splitlines()
        with self._calls.open("ab", buffering=0) as calls:
            calls.write(f"{stage} {title}\n".encode())
        for order in orders:
            whose, _, what = order.partition(": ")
            if whose == stage:
                verb, _, argument = what.partition(" ")
                getattr(self, f"_{verb}")(f"{stage} {title}", argument, work, source)

    def instead(self, stage: str, text: str, made: Artifact[Any], directory: Path) -> Any:
        """What was made; with the order `returns <name>` what should not be returned."""
        orders = [order.removeprefix(f"{stage}: returns ") for order in text.splitlines()[1:] if ": returns " in order]
        return WRONG[orders[0]][0](made, directory) if orders else made

    def _returns(self, *_: object) -> None:
        """See `instead`."""

    def _looks_for(self, call: str, name: str, work: Work, source: Path | None) -> None:
        (work.directory / name).read_bytes()

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text("utf-8").splitlines() if self._calls.exists() else []

    def calls_of(self, stage: str) -> Counter[str]:
        """How often a stage was called, by title."""
        return Counter(call.removeprefix(f"{stage} ") for call in self.calls if call.startswith(f"{stage} "))

    def forget(self) -> None:
        self._calls.unlink(missing_ok=True)

    def wait_for(self, name: str) -> None:
        """Until a stage with the order `pause <name>` has begun."""
        wait_until((self._folder / f"{name}.begun").exists)

    def let_go(self, name: str) -> None:
        (self._folder / f"{name}.go").touch()

    def _poison(self, *_: object) -> None:
        raise BadMedia("is poison", next_step="Throw it away")

    def _odd(self, *_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    def _awkward(self, call: str, name: str, *_: object) -> None:
        raise AWKWARD[name][0]()

    def _photo(self, *_: object) -> None:
        raise NotApplicable("is a photo")

    def _transient(self, call: str, times: str, *_: object) -> None:
        if self.calls.count(call) <= int(times):
            raise Transient("the network broke", next_step="Wait")

    def _fatal(self, *_: object) -> None:
        raise Fatal("the key is wrong", next_step="Set another")

    def _pay(self, call: str, usd: str, work: Work, source: Path | None) -> None:
        with work.spending.paying(float(usd)) as payment:
            payment.cost_usd = float(usd)

    def _full(self, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/disk")

    def _hang(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        while True:
            work.check()
            time.sleep(0.01)

    def _pause(self, call: str, name: str, work: Work, source: Path | None) -> None:
        (self._folder / f"{name}.begun").touch()

        def may_go_on() -> bool:
            work.check()
            return (self._folder / f"{name}.go").exists()

        wait_until(may_go_on)

    def _change(self, call: str, text: str, work: Work, source: Path | None) -> None:
        assert source is not None
        source.write_text(f"{text}\n", "utf-8")

    def _vanish(self, call: str, text: str, work: Work, source: Path | None) -> None:
        assert source is not None
        source.unlink()

    def _move_away(self, call: str, name: str, work: Work, source: Path | None) -> None:
        """A folder beside the library's, and then read on as if nothing had happened."""
        folder = self._folder.parent / name
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}-away"))
        if source is not None:
            source.read_bytes()

    def _misread(self, *_: object) -> None:
        """As an engine says it of a file that it could not open."""
        raise BadMedia("cannot be opened")

    def _locked(self, *_: object) -> None:
        raise sqlalchemy.exc.OperationalError("UPDATE kvs", {"secret": 1}, sqlite3.OperationalError("locked"))

    def _slow(self, *_: object) -> None:
        time.sleep(0.1)

    def _broken_path(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    def _broken_state(self, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/state/work")

    def _value(self, *_: object) -> None:
        """What is made cannot be described; see `describe`."""

    def _journal(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        assert work.journal is not None
        work.journal.mkdir(parents=True, exist_ok=True)
        (work.journal / "piece").write_text("half of it")

    def _die(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def describe(stored: Stored[Note]) -> Metadata:
    if f"{stored.manifest.asset}: value" in stored.value.text:
        raise ZeroDivisionError("cannot be described")
    return {"title": stored.value.title}


def _tuning(batch: int, workers: int) -> AssetTuning:
    return AssetTuning(batch=batch, workers=workers, time_limit_seconds=300, time_limit_per_media_second=1)


@file_asset(
    group="toy",
    kinds={"python"},
    code_version="1",
    pool="source",
    tuning=_tuning(100, 4),
    describe=describe,
    shared_by_content=False,
)
def note(entry: SourceEntry, library: Library, bench: Bench, work: Work) -> Artifact[Note]:
    """Reads a file."""
    with library.local_file(entry) as path:
        text = path.read_text("utf-8")
        bench.act("note", text, work, path)
    return Artifact(Note(text=text), version=hashlib.sha256(text.encode()).hexdigest(), media_seconds=1.0)


@file_asset(
    group="toy",
    kinds={"python"},
    code_version="1",
    pool="ffmpeg",
    tuning=_tuning(50, 2),
    result_settings=lambda settings: settings.shout,
    describe=describe,
)
def shout(note: Stored[Note], bench: Bench, settings: ShoutSettings, work: Work) -> Artifact[Note]:
    """Reads the source again, and writes a file that depends on the settings."""
    text = note.value.text
    bench.act("shout", text, work, note.local_path())
    sound = work.directory / "shout.m4a"
    sound.write_text(f"{settings.decibels} decibels of {text}", "utf-8")
    made = Artifact(note.value, files={"shout.m4a": sound}, media_seconds=note.manifest.media_seconds)
    instead: Artifact[Note] = bench.instead("shout", text, made, work.directory)
    return instead


@file_asset(
    group="toy", kinds={"python"}, code_version="1", pool="transcriber", tuning=_tuning(20, 1), describe=describe
)
def echo(shout: Stored[Note], bench: Bench, work: Work) -> Artifact[Note]:
    """Reads the file of the stage before, and writes two, of which one is its value."""
    heard = Note(text=shout.local_path("shout.m4a").read_text("utf-8"))
    bench.act("echo", shout.value.text, work)
    forms = {"echo.json": heard.model_dump_json(), "echo.srt": f"1: {heard.title}"}
    for name, text in forms.items():
        (work.directory / name).write_text(text, "utf-8")
    files = {name: work.directory / name for name in forms}
    return Artifact(heard, files, document="echo.json", cost_usd=0.25)


PIPELINE: tuple[FileAsset[Any], ...] = (note, shout, echo)


class ToySettings(Settings):
    """With the stages of this module in the place of the product's."""

    shout: ShoutSettings = ShoutSettings()

    @classmethod
    def usual_tuning(cls) -> dict[str, AssetTuning]:
        return {stage.name: stage.tuning for stage in PIPELINE}


def toy_settings(root: Path, **changes: Any) -> ToySettings:
    """Settings of a library below `root`, without waiting for anything; `changes` replace whole sections."""
    sections: dict[str, Any] = {
        "state_dir": root / "state",
        "sources": {SOURCE: FolderSource(path=root / "in")},
        "stores": {"artifacts": FolderStore(path=root / "out")},
        "limits": LimitSettings(min_free_bytes=1),
        "retries": RetrySettings(max_retries=2, delay_seconds=0.01),
    }
    return ToySettings(**(sections | changes))


def tuned(asset: str, **changes: Any) -> dict[str, AssetTuning]:
    """The section `assets` with one asset run differently from the default."""
    usual = ToySettings.usual_tuning()
    return {**usual, asset: usual[asset].model_copy(update=changes)}


QUIET = {
    "telemetry": {"enabled": False},
    # The default redirects the output of the whole process, which a run in a thread must not do to the others.
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
}


class ToyLibrary:
    """A library, its definitions and its Dagster instance, all below one folder. Use it as a context manager.

    Opened again on the same folder, with other settings or in another process, it goes on where it was.

    Args:
        database: The address of Dagster's database on PostgreSQL; by default it is on SQLite, below `root`.
        changes: Sections of the settings.
    """

    def __init__(self, root: Path, *, database: Any = None, **changes: Any) -> None:
        self.root = root
        self.database: str | None = database
        self.inbox = root / "in"
        self.inbox.mkdir(parents=True, exist_ok=True)
        (root / "bench").mkdir(exist_ok=True)
        self.bench = Bench(root / "bench")
        self.settings = toy_settings(root, **changes)
        self.library = open_library(self.settings, observers=build_observers(self.settings, Secrets()))
        self.definitions = self._definitions()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        dagster_fixes.apply()
        home = empty_home(self.root)
        overrides = {**QUIET, **(postgres.storage(self.database) if self.database else {})}
        self.instance = self._open.enter_context(dg.DagsterInstance.local_temp(str(home), overrides=overrides))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _definitions(self) -> dg.Definitions:
        resources: dict[str, Any] = {
            io_manager_key(name): dg.IOManagerDefinition(resource_fn=lambda _, store=store: ArtifactIOManager(store))
            for name, store in self.library.stores.items()
        }
        resources["library"] = self.library
        resources["bench"] = dg.ResourceDefinition(resource_fn=lambda _: self.bench)
        resources["progress"] = dg.ResourceDefinition(resource_fn=lambda _: LogProgress())
        return dg.Definitions(
            assets=[dagster_asset(stage, self.settings, None, batches_of(stage, PIPELINE)) for stage in PIPELINE],
            resources=resources,
            executor=dg.in_process_executor,
        )

    def write(self, **texts: str) -> list[str]:
        """Files `<name>.txt` with these texts, registered; returns their keys."""
        for name, text in texts.items():
            (self.inbox / f"{name}.txt").write_text(text, "utf-8")
        return self.register()

    def register(self) -> list[str]:
        keys = [entry.key for entry in self.library.sources[SOURCE].scan()]
        register(self.instance, keys)
        return keys

    def run(self, asset: str, *, keys: Sequence[str] = (), force: bool = False) -> dg.ExecuteInProcessResult:
        """One run of one stage over all files, or over the range of `keys`, as the backfill daemon starts it."""
        keys = keys or self.register()
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(asset)],
            run_config={
                "ops": {asset: {"config": {"force": force}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags={ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]},
            raise_on_error=False,
        )

    def run_all(self, *, force: bool = False) -> list[dg.ExecuteInProcessResult]:
        return [self.run(stage.name, force=force) for stage in PIPELINE]

    def processor(self) -> Processor:
        return Processor(self.definitions, self.library, PIPELINE, self.instance)

    def status(self) -> LibraryStatus:
        return library_status(self.instance, self.library, PIPELINE, self.register())

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self.library.store(asset).manifest(asset, key)

    def made(self, asset: str, key: str) -> Manifest:
        manifest = self.manifest(asset, key)
        assert manifest is not None, f"{asset} of {key} is missing"
        return manifest

    def text_of(self, asset: str, key: str, name: str) -> str:
        """What is in a file of an artifact."""
        with self.library.store(asset).lease(self.made(asset, key).file(name)) as path:
            return path.read_text("utf-8")

    def scratch(self) -> list[Path]:
        """What is left in the work directories."""
        return _below(self.root / "state" / "work")

    def journals(self) -> list[Path]:
        return _below(self.root / "state" / "journal")


def key_of(name: str) -> str:
    return f"{SOURCE}:{name}.txt"


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetMaterialization]:
    """What a run recorded, by partition; a second materialization of one would be a defect."""
    events = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    by_key = {str(event.partition): event for event in events}
    assert len(by_key) == len(events)
    return by_key


def observed(result: dg.ExecuteInProcessResult) -> dict[str, Mapping[str, Any]]:
    """The metadata of the observations of a run, by partition."""
    events = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    by_key: dict[str, Mapping[str, Any]] = {
        str(event.partition): {name: value.value for name, value in event.metadata.items()} for event in events
    }
    assert len(by_key) == len(events)
    return by_key


def retries(result: dg.ExecuteInProcessResult) -> int:
    """How often the step was begun anew."""
    return sum(event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY for event in result.all_events)


def failure_of(result: dg.ExecuteInProcessResult) -> dg.Failure:
    """What the run's only step failed with."""
    (event,) = result.get_step_failure_events()
    data = event.step_failure_data.user_failure_data
    assert data is not None, event.step_failure_data.error
    return dg.Failure(description=data.description, metadata=data.metadata)


def failed_files(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The table of a failed run: the reason by file."""
    table = failure_of(result).metadata["failures"]
    assert isinstance(table, dg.TableMetadataValue)
    return {str(record.data["file"]): str(record.data["reason"]) for record in table.records}


# ----------------------------------------------------------------------------------------------- other processes


@cache
def processes() -> ForkServerContext:
    """Starts child processes in milliseconds: they are forked off a server that has imported everything once."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    return context


def run_in_child(root: Path, asset: str, changes: Mapping[str, Any]) -> None:
    """The target of a child process: one run of one stage."""
    with ToyLibrary(root, **changes) as toy:
        toy.run(asset)


@contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """A folder, and within the context no right to override permissions, also when root runs the tests."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)


def empty_home(root: Path) -> Path:
    """`root`/home: a Dagster home with empty databases."""
    home = root / "home"
    if not home.exists():
        copy_of_empty_home(home)
    return home


def copy_of_empty_home(home: Path) -> None:
    """A Dagster home with empty databases where there is nothing yet."""
    home.parent.mkdir(parents=True, exist_ok=True)
    home.symlink_to(shutil.copytree(_empty_home().name, Path(_homes().name) / uuid.uuid4().hex))


@cache
def _homes() -> TemporaryDirectory[str]:
    """Where Dagster's databases lie: in memory if possible, for each event waits for the disk."""
    memory = Path("/dev/shm")
    return TemporaryDirectory(prefix="media_assets-homes-", dir=memory if os.access(memory, os.W_OK) else None)


@cache
def _empty_home() -> TemporaryDirectory[str]:
    """A Dagster home with empty databases: to make them takes a second, to copy them does not."""
    home = TemporaryDirectory(prefix="empty-", dir=_homes().name)
    with dg.DagsterInstance.local_temp(home.name) as instance:
        registered(instance)
    return home


def _below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.exists() else []
