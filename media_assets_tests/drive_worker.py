"""A process that works on a library on Drive until nothing is left to do; tests kill it.

`ROOT/way.json` tells the way to the stand-in. The cursor of the sensor is kept in `ROOT/cursor`, as the daemon does.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import dagster as dg

from media_assets.automation.source_sensor import source_sensor
from media_assets.operation.selection import Selection
from media_assets.pipeline.status import State
from media_assets.places.drive.settings import DriveSource, DriveStore
from media_assets.places.watching import AutomationSettings
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

STAGES = [dg.AssetKey(stage.name) for stage in PIPELINE]
# Not above it, so that new files are only registered by the sensor.
AUTOMATION = AutomationSettings(settle_seconds=0, incomplete_seconds=0, live_files=0)


def library_on(root: Path, way: dict[str, Any], workers: int = 3, **changes: Any) -> ToyLibrary:
    """Source and store on Drive, three files in work at a time."""
    return ToyLibrary(
        root,
        sources={"box": DriveSource(type="drive", folders=("My Drive/Library",), **way)},
        stores={"artifacts": DriveStore(type="drive", folder="My Drive/Artifacts", **way)},
        assets={stage.name: stage.tuning.model_copy(update={"workers": workers}) for stage in PIPELINE},
        automation=AUTOMATION,
        **changes,
    )


def tick(library: ToyLibrary, root: Path) -> None:
    """One tick of the sensor; what it asks for is left to the passes."""
    cursor = root / "cursor"
    context = dg.build_sensor_context(instance=library.instance, cursor=cursor.read_text() if cursor.exists() else None)
    result = source_sensor("box", library.library, library.settings, STAGES)(context)
    after = context.cursor if isinstance(result, dg.SkipReason) else result.cursor  # type: ignore[union-attr]
    cursor.write_text(after or "")


def work(root: Path) -> None:
    way = json.loads((root / "way.json").read_text())
    with library_on(root, way) as library:
        tick(library, root)
        for _ in range(20):
            library.process(Selection(retry=True))
            grid = library.status().grid
            if all(state is State.DONE for cells in grid.values() for state in cells.values()):
                tick(library, root)
                return
        raise SystemExit("twenty passes were not enough")


def work_in_child(root: Path) -> None:
    """The target of a child process; what it says is added to `root`/worker.log."""
    with (root / "worker.log").open("ab") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)
    work(root)
