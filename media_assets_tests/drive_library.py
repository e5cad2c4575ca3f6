"""A toy library on the stand-in for Google Drive, with its sensor, ticked by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from media_assets.automation.source_sensor import source_sensor
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.status import State
from media_assets.places.drive.api.private_files import write_private
from media_assets.places.drive.settings import DriveAccess, DriveSource, DriveStore
from media_assets.places.registered import RegisteredKeys
from media_assets.places.watching import AutomationSettings
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

LIBRARY = "My Drive/Library"
ARTIFACTS = "My Drive/Artifacts"
AT_ONCE = AutomationSettings(settle_seconds=0, incomplete_seconds=0)
STAGES = [dg.AssetKey(stage.name) for stage in PIPELINE]


def grant_of(drive: DriveServer, root: Path) -> Path:
    """A file with a person's grant."""
    grant = root / "grant.json"
    write_private(grant, drive.authorized_user_info())  # whole at any moment: others may be reading it
    return grant


def access_to(drive: DriveServer, root: Path, **changes: Any) -> dict[str, Any]:
    """The keys of `DriveAccess` that lead to the stand-in."""
    known = {
        "credentials": grant_of(drive, root),
        "api_endpoint": drive.url,
        "ca_file": drive.ca_file,
        "chunk_bytes": 262144,
        "timeout_seconds": 10,
        "max_retries": 3,
    }
    return DriveAccess(**(known | changes)).model_dump()


class DriveLibrary(ToyLibrary):
    """Source and store on Drive, unless `changes` say otherwise."""

    def __init__(self, drive: DriveServer, root: Path, *, access: Mapping[str, Any] = {}, **changes: Any) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.drive = drive
        self.folder = drive.add_path("Library")
        way = access_to(drive, root, **access)
        sections: dict[str, Any] = {
            "sources": {"box": DriveSource(type="drive", folders=(LIBRARY,), **way)},
            "stores": {"artifacts": DriveStore(type="drive", folder=ARTIFACTS, **way)},
            "automation": AT_ONCE,
        }
        super().__init__(root, **(sections | changes))
        self.cursor: str | None = None
        self._sensor = source_sensor("box", self.library, self.settings, STAGES)

    def register(self) -> list[str]:
        source, known = self.library.sources["box"], registered(self.instance)
        keys = [entry.key for entry in RegisteredKeys(source, known).entries(source.scan())]
        register(self.instance, keys)
        return keys

    @contextmanager
    def run_held(self, asset: str) -> Iterator[Future[dg.ExecuteInProcessResult]]:
        """A run of one stage over all files, begun when a file whose text says `<asset>: pause here` is in work; at the
        end of the context that goes on, and the run ends."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.run, asset)
            self.bench.wait_for("here")
            try:
                yield running
            finally:
                self.bench.let_go("here")

    def put(self, name: str, text: str, parent: str | None = None) -> str:
        """A new file; returns its id."""
        return self.drive.add_file(name, text.encode(), parent=parent or self.folder)

    def key(self, file_id: str) -> str:
        """The registered key of a file."""
        (key,) = (key for key in self.instance.get_dynamic_partitions("media_files") if key.endswith(f"~{file_id}"))
        return key

    def tick(self) -> dg.SensorResult | None:
        """What a tick of the sensor asks for; None when it skips. Acts on it as the daemon does, and runs it."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = self._sensor(context)
        if isinstance(result, dg.SkipReason):
            self.cursor = context.cursor
            return None
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        self.cursor = result.cursor
        for run in result.run_requests or ():
            assert run.partition_key is not None
            for stage in PIPELINE:
                self.run(stage.name, keys=[run.partition_key])
        return result

    def cells(self, file_id: str) -> list[State]:
        """The states of a file in every stage."""
        key = self.key(file_id)
        return list(self.processor().status([key]).grid[key].values())

    def artifacts_of(self, file_id: str) -> dict[str, int]:
        """How many files of artifacts are on Drive for a source file, by the name the asset calls them."""
        counts: dict[str, int] = {}
        for stage in PIPELINE:
            manifest = self.manifest(stage.name, self.key(file_id))
            if manifest is None:
                continue
            counts[stage.name] = 1
            for stored in manifest.files:
                counts[f"{stage.name} {stored.name}"] = len([stored.path]) if self.drive.item(stored.path) else 0
        return counts


def secrets_of(drive: DriveServer) -> list[str]:
    """Tokens, the client's secret, and the addresses of upload sessions."""
    return [
        *drive.accounts.grants,
        *drive.accounts.issued,
        drive.accounts.client_secret,
        *drive.uploads.issued,
    ]


def leaks(folder: Path, secrets: Sequence[str]) -> list[Path]:
    """Files, databases among them, that hold one of the secrets and can be read by others."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            content = path.read_bytes()
            if any(secret.encode() in content for secret in secrets):
                found.append(path)
    return found
