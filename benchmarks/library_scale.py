"""How a library grows: what it costs to watch 20,000 and 100,000 files, five artifacts of each. Peer: bare Dagster.

Real processes: a daemon that is told when to tick, its code server, and the command line, each measured by itself: CPU
seconds (user and system) of all that take part, and peaks of memory. The peer is the same number of plain assets over
the same partitions, with Dagster's own `eager()` condition and a sensor that does nothing. Prints, for each size:

    source tick        nothing new; ten changed files; and the first look of a sensor without a cursor
    automation tick    nothing to do; and everything new: we request it at the second look, the peer at the first
    status             `media-assets status --json`, beside a bare loop that reads the same manifests
    back-up            `export`, and `import` into an empty instance
    memory             peaks of daemon and code server

and how each grows: 5 times the files should cost at most 5 times as much.

    python benchmarks/library_scale.py [--files 20000 100000]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import dagster as dg
from scale import synthetic
from scale.daemon import peak_bytes

from media_assets.config.load import load_settings
from media_assets.operation.instance import open_instance
from media_assets.pipeline.partitions import register, registered

HERE = Path(__file__).parent
Figures = dict[str, Any]
SENSOR_TIMEOUT_SECONDS = 60
_LOOK_SECONDS = 0.05


class Daemon:
    """A `scale.daemon`, as a context manager."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scale.daemon", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
            cwd=HERE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def tick(self, what: str, expected: str = "") -> Figures:
        """One tick; its figures.

        Args:
            expected: What is to become of it, where that matters.
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the daemon died")
        figures: Figures = json.loads(line)
        if figures["status"] not in ((expected,) if expected else ("SUCCESS", "SKIPPED")):
            raise RuntimeError(f"{what}: the tick ended with {figures['status']}")
        figures["cpu"] = figures["daemon_cpu"] + figures["server_cpu"]
        return figures


def command(config: Path, home: Path, *arguments: str) -> Figures:
    """A command line as a user would run it: what it costs, and its peak of memory."""
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "media_assets.cli", "--config", str(config), *arguments],
        stdout=subprocess.DEVNULL,
        env=environment,
        cwd=HERE,
    )
    peak = 0
    while True:
        with contextlib.suppress(FileNotFoundError, RuntimeError):  # it is about to end
            peak = peak_bytes(process.pid)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(_LOOK_SECONDS)
    if status:
        raise RuntimeError(f"{arguments} failed")
    return {"wall": time.monotonic() - started, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}


def timed(action: Callable[[], object]) -> Figures:
    """What something costs in this process."""
    before, started = time.process_time(), time.monotonic()
    action()
    return {"wall": time.monotonic() - started, "cpu": time.process_time() - before}


def environment(config: Path, home: Path) -> dict[str, str]:
    return {"MEDIA_ASSETS_CONFIG": str(config), "DAGSTER_HOME": str(home)}


def new_home(config: Path, home: Path) -> Path:
    """A Dagster home as the command line makes it."""
    os.environ["DAGSTER_HOME"] = str(home)
    with open_instance(load_settings(config)) as instance:
        registered(instance)
    return home


def a_watched_library(config: Path, home: Path, files: list[Path]) -> dict[str, Figures]:
    """Everything is done; nothing or little happens."""
    rows: dict[str, Figures] = {}
    with Daemon("media_assets.definitions", environment(config, home)) as daemon:
        rows["source tick, first look"] = daemon.tick("source")
        rows["source tick, idle"] = daemon.tick("source", "SKIPPED")
        synthetic.touch(files[:10])
        rows["source tick, ten changed"] = daemon.tick("source", "SUCCESS")
        rows["automation tick, first"] = daemon.tick("automation", "SKIPPED")
        rows["automation tick, idle"] = last = daemon.tick("automation", "SKIPPED")
    rows["memory of daemon, idle"] = {"peak": last["daemon_peak"]}
    rows["memory of code server, idle"] = {"peak": last["server_peak"]}
    return rows


def everything_new(module: str, config: Path, home: Path, keys: list[str], prefix: str = "") -> dict[str, Figures]:
    """All files are registered at once, and nothing is made."""
    rows: dict[str, Figures] = {}
    with Daemon(module, environment(config, home)) as daemon:
        daemon.tick("automation")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            rows[f"{prefix}registration"] = timed(lambda: register(instance, keys))
        rows[f"{prefix}automation tick, all new: first"] = first = daemon.tick("automation")
        rows[f"{prefix}automation tick, all new: second"] = last = daemon.tick("automation")
    if first["requested"] + last["requested"] < len(keys):
        raise RuntimeError("not all was requested")
    rows[f"{prefix}memory of daemon, everything new"] = {"peak": last["daemon_peak"]}
    return rows


def bare_idle(config: Path, home: Path) -> dict[str, Figures]:
    with Daemon("scale.bare", environment(config, home)) as daemon:
        rows = {"bare: source tick": daemon.tick("source")}
        daemon.tick("automation")
        rows["bare: automation tick, idle"] = last = daemon.tick("automation")
    rows["bare: memory of daemon, idle"] = {"peak": last["daemon_peak"]}
    rows["bare: memory of code server, idle"] = {"peak": last["server_peak"]}
    return rows


def read_manifests(root: Path) -> None:
    for path in (root / "artifacts").glob("[!.]*/*/manifest.json"):
        json.loads(path.read_text("utf-8"))


def walk(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            (Path(parent) / name).stat()


def measure(root: Path, number: int) -> dict[str, Figures]:
    """All rows for a library of so many files. Takes minutes, so each step is told as it begins."""

    def note(step: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {number:,} files: {step}", file=sys.stderr, flush=True)

    note("files and manifests")
    files = synthetic.make_files(root / "media", number)
    config = synthetic.write_config(root)
    library = synthetic.open_library(config)
    synthetic.write_manifests(library)
    note("records of Dagster")
    home = new_home(config, root / "home")
    rows: dict[str, Figures] = {}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        rows["import --from-stores"] = timed(lambda: synthetic.record(instance, library))
        keys = list(registered(instance))
    os.sync()  # what was written so far is not to be written while something else is measured
    note("status, export, import")
    rows["status"] = command(config, home, "status", "--json")
    rows["bare: a loop that reads the manifests"] = timed(lambda: read_manifests(root))
    rows["export"] = command(config, home, "export", str(root / "library.zip"))
    rows["size of the archive"] = {"peak": (root / "library.zip").stat().st_size}
    fresh = new_home(config, root / "fresh")
    rows["import"] = command(config, fresh, "import", str(root / "library.zip"))
    shutil.copytree(home, root / "bare-home")
    os.sync()
    note("ticks of a library in which all is done")
    rows |= bare_idle(config, root / "bare-home")
    rows["bare: os.walk and stat"] = timed(lambda: walk(root / "media"))
    rows |= a_watched_library(config, home, files)
    note("ticks of a library in which all is new")
    ours, bare = new_home(config, root / "new"), new_home(config, root / "bare-new")
    rows |= everything_new("media_assets.definitions", config, ours, keys)
    rows |= everything_new("scale.bare", config, bare, keys, "bare: ")
    return rows


def print_rows(found: Mapping[int, Mapping[str, Figures]]) -> None:
    sizes = list(found)
    heading = "".join(f"{size:>12,} files         " for size in sizes)
    print(f"{'':42}{heading}{'growth':>8}")
    for row in found[sizes[0]]:
        cells, values = [], []
        for size in sizes:
            figures = found[size][row]
            if "cpu" in figures:
                peak = f"{figures['peak'] / 1e6:6.0f} MB" if "peak" in figures else ""
                cells.append(f"{figures['cpu']:8.2f} s CPU {figures['wall']:7.2f} s {peak:>9}")
                values.append(figures["cpu"])
            else:
                cells.append(f"{figures['peak'] / 1e6:8.0f} MB{'':21}")
                values.append(figures["peak"])
        growth = f"{values[-1] / values[0]:7.1f}x" if len(sizes) > 1 and values[0] else ""
        print(f"{row:42}{''.join(cells)}{growth}")
    last = found[sizes[-1]]
    print(f"\nratios to the peer at {sizes[-1]:,} files (CPU)")
    pairs = {
        "source tick, idle": "bare: os.walk and stat",
        "status": "bare: a loop that reads the manifests",
        "automation tick, idle": "bare: automation tick, idle",
        "automation tick, all new: second": "bare: automation tick, all new: first",
    }
    for ours, peer in pairs.items():
        print(f"  {ours:38} {last[ours]['cpu'] / last[peer]['cpu']:6.1f}   to {peer.removeprefix('bare: ')}")
    slowest = max(last[row]["wall"] for row in last if row.startswith("source tick"))
    print(f"  slowest source tick: {slowest:.1f} s of the {SENSOR_TIMEOUT_SECONDS} s that Dagster allows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[20_000, 100_000])
    options = parser.parse_args()
    found = {}
    for number in options.files:
        with tempfile.TemporaryDirectory() as temporary:
            found[number] = measure(Path(temporary), number)
    print_rows(found)


if __name__ == "__main__":
    main()
