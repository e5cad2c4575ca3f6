"""Duplicates: how well near ones are told, how fast exact ones are found, and what grouping a large library takes.

labelled   precision and recall by kind over pairs of files, on a set that is made here: every change that a duplicate
           may have been through, and files that only seem to be duplicates. The set comes from seeds that no limit was
           tuned on; --seed 0 makes the one that they were tuned on. Peers, where they are installed (pip install
           imagehash imagededup): the pHash of each, of pictures and of the frame in the middle of a video, at 10 bits
exact      seconds for what `media-assets duplicates --quick` does over a folder once it has started, first and again.
           Peers: jdupes and rdfind, in the same run (Debian: apt-get install jdupes rdfind), with the files in the page
           cache and, on Linux, without them there; with files of several sizes, as a second look costs us the same and
           the peers read them. 216 kB is the average of the race in fclones' README (1.46 million paths, 316 GB, not in
           the cache)
grouping   seconds and peak memory for grouping synthetic rows, a tenth of them copies

CPU is user and system time of all processes: on a busy machine it says more than the time that passed.

python benchmarks/duplicates.py [labelled] [exact] [grouping] [--seed 10] [--bases 4] [--files 20000] [--rows 100000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from media_assets.artifacts.duplicates.find.codes import packed  # noqa: E402
from media_assets.artifacts.duplicates.find.near import duplicate_groups  # noqa: E402
from media_assets.artifacts.duplicates.quick.search import QuickSearch  # noqa: E402
from media_assets.artifacts.duplicates.values import AudioPrint, DedupRow, FrameHashes  # noqa: E402
from media_assets.config.opening import open_library  # noqa: E402
from media_assets.config.settings import Settings  # noqa: E402
from media_assets.media.info import MediaKind  # noqa: E402
from media_assets.places.folder.settings import FolderSource, FolderStore  # noqa: E402
from media_assets_tests.artifacts.duplicates import indexing, kinds, labelled, peers, scores  # noqa: E402

PARTS = ("labelled", "exact", "grouping")

# ------------------------------------------------------------------------------------------- precision and recall


def measure_labelled(first: int, bases: int, kept: Path | None) -> None:
    seeds = range(first, first + bases)
    with tempfile.TemporaryDirectory() as temporary:
        folder = kept or Path(temporary)
        is_made = (folder / "labels.json").exists()
        samples = kinds.read_all(folder) if is_made else kinds.make_all(folder, seeds)
        started = _cpu_seconds()
        rows = [indexing.row_of(path, folder) for path in samples]
        indexed = _cpu_seconds() - started
        started = _cpu_seconds()
        with indexing.second_look(samples, folder) as look:
            groups = duplicate_groups(rows, look=look)
        grouped = _cpu_seconds() - started
        called = scores.pairs_within(
            [folder / group.keep_path, *(folder / member.path for member in group.members)] for group in groups
        )
        by_method = {"media_assets": scores.scores(samples, called), **_peer_scores(samples, Path(temporary))}
    held_out = "held out" if seeds.start >= labelled.TUNED_ON.stop else "NOT held out: limits were tuned on them"
    print(f"labelled: {len(samples)} files, seeds {seeds.start} to {seeds.stop - 1}, {held_out}")
    for line in scores.table(by_method):
        print(f"   {line}")
    print(
        f"   CPU: {1000 * indexed / len(samples):.0f} ms a file for probe and fingerprints, {grouped:.1f} s for "
        "grouping and looking"
    )
    _print_mistakes(samples, called)


def _peer_scores(samples: Mapping[Path, kinds.Sample], scratch: Path) -> dict[str, dict[str, scores.Score]]:
    """Of pictures, and of videos by the frame in their middle; kinds of sound are left out."""
    pictures = [path for path, sample in samples.items() if sample.medium == "pictures"]
    videos = [path for path, sample in samples.items() if sample.medium == "videos"]
    shown = {path: samples[path] for path in (*pictures, *videos)}
    found: dict[str, dict[str, scores.Score]] = {}
    for name, code in peers.peers().items():
        if code is None:
            print(f"   {name} is not installed: pip install {name}")
        else:
            found[f"{name} pHash"] = scores.scores(shown, peers.called_by(code, pictures, videos, scratch))
    return found


def _print_mistakes(samples: Mapping[Path, kinds.Sample], called: set[scores.Pair]) -> None:
    """The pairs that were told wrongly by us, by name."""
    for first, second in combinations(samples, 2):
        kind = kinds.kind_of(samples[first], samples[second])
        if kind is not None and kind[1] != (frozenset((first, second)) in called):
            words = "missed" if kind[1] else "taken for duplicates"
            print(f"   {words}: {first.name} and {second.name}")


# ------------------------------------------------------------------------------------------- exact duplicates


def make_files(folder: Path, number: int, average_bytes: int) -> int:
    """Files of which a third are copies, a third share their size with others, and a third are alone with theirs."""
    random = np.random.default_rng(0)
    total = 0
    long_ago = time.time() - 3600
    for index in range(number):
        path = folder / f"{index % 200:03}" / f"{index:06}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        if index % 3 == 1:
            shutil.copyfile(folder / f"{(index - 1) % 200:03}" / f"{index - 1:06}.bin", path)
        else:
            size = int(random.integers(1, 16)) * average_bytes // 8 if index % 3 == 0 else average_bytes + index
            path.write_bytes(random.bytes(size))
        os.utime(path, (long_ago, long_ago))
        total += path.stat().st_size
    return total


def measure_exact(number: int, average_bytes: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "files"
        size = make_files(folder, number, average_bytes)
        os.sync()
        print(f"exact: {number} files, {size / 1e9:.2f} GB, median of {rounds}")
        _race(folder, Path(temporary) / "state", rounds, cold=False)
        if hasattr(os, "posix_fadvise"):
            _race(folder, Path(temporary) / "state", rounds, cold=True)


def _race(folder: Path, state: Path, rounds: int, *, cold: bool) -> None:
    files = list(folder.glob("*/*"))
    commands = {
        "jdupes": ["jdupes", "-r", "-q", str(folder)],
        "rdfind": ["rdfind", "-dryrun", "true", "-makeresultsfile", "false", str(folder)],
    }
    ways: dict[str, Callable[[], int]] = {
        name: partial(_peer, command) for name, command in commands.items() if shutil.which(name)
    }
    ways["ours, first"] = partial(_ours, folder, state, again=False)
    ways["ours, again"] = partial(_ours, folder, state, again=True)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    worked: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, int] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            _prepare(files, cold)
            started, before = time.monotonic(), _cpu_seconds()
            found[name] = way()
            seconds[name].append(time.monotonic() - started)
            worked[name].append(_cpu_seconds() - before)
    print("   contents on the disk alone" if cold else "   contents in the page cache")
    took = {name: statistics.median(values) for name, values in seconds.items()}
    cpu = {name: statistics.median(values) for name, values in worked.items()}
    peers = [name for name in commands if name in took]
    fastest, least = (min((one[name] for name in peers), default=None) for one in (took, cpu))
    for name, value in took.items():
        ratio = f"   {value / fastest:5.2f} of the faster peer" if fastest else ""
        print(f"      {name:12} {value:7.3f} s{ratio}   {cpu[name]:6.3f} s of CPU")
    if fastest and least:
        print(
            f"      again: {fastest / took['ours, again']:.1f} times as fast as the faster peer "
            f"({least / max(0.01, cpu['ours, again']):.1f} times in CPU)   goal 20"
        )
    for name in commands:
        if name not in ways:
            print(f"   {name} is not installed: apt-get install {name}")
    groups = {name: count for name, count in found.items() if name != "rdfind"}
    assert len(set(groups.values())) == 1, groups


def _cpu_seconds() -> float:
    """User and system time of this process and of those it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _prepare(files: Iterable[Path], cold: bool) -> None:
    """Have the content of the files in the page cache, or have it not."""
    for path in files:
        with path.open("rb", buffering=0) as file:
            if cold:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            else:
                file.read()


def _peer(command: list[str]) -> int:
    output = subprocess.run(command, check=True, capture_output=True).stdout
    return len(output.strip().split(b"\n\n"))


def _ours(folder: Path, state: Path, *, again: bool) -> int:
    if not again:
        shutil.rmtree(state, ignore_errors=True)
    settings = Settings(
        state_dir=state,
        sources={"files": FolderSource(path=folder, include=("**",))},
        stores={"artifacts": FolderStore(path=state / "artifacts")},
    )
    return len(QuickSearch(open_library(settings)).copies(lambda: None))


# ------------------------------------------------------------------------------------------- a large library


def synthetic_rows(number: int) -> list[DedupRow]:
    """Seven in ten are images, a quarter videos of 1 min with sound, the rest sound of 4 min. A tenth are copies."""
    random = np.random.default_rng(0)
    rows: list[DedupRow] = []
    for index in range(number):
        copied = rows[int(random.integers(len(rows)))] if rows and random.random() < 0.1 else None
        share = random.random()
        kind = MediaKind.IMAGE if share < 0.7 else MediaKind.VIDEO if share < 0.95 else MediaKind.AUDIO
        if copied is None:
            frames, audio = _fingerprints(kind, random)
        else:
            kind, frames, audio = copied.kind, _disturbed(copied.frames, random), copied.audio
        rows.append(
            DedupRow(
                key=f"files:{index:06}",
                path=f"{index:06}",
                size_bytes=1000 + index,
                sha256=f"{index:064x}",
                modified_at=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=index),
                kind=kind,
                frames=frames,
                audio=audio,
            )
        )
    return rows


def _fingerprints(kind: MediaKind, random: np.random.Generator) -> tuple[FrameHashes | None, AudioPrint | None]:
    count, seconds = {MediaKind.IMAGE: (1, 0), MediaKind.VIDEO: (240, 60), MediaKind.AUDIO: (0, 240)}[kind]
    frames = audio = None
    if count:
        # Frames of a scene differ in few bits; there are 12 scenes.
        scenes = random.integers(1, 2**63, -(-count // 20), dtype=np.uint64).repeat(20)[:count]
        codes = scenes ^ (np.uint64(1) << random.integers(0, 63, count, dtype=np.uint64))
        frames = FrameHashes(
            algorithm="phash",
            interval_seconds=0.25 if kind is MediaKind.VIDEO else 0.0,
            codes=packed(codes),
            motion=packed(random.integers(0, 255, count, np.uint8)) if kind is MediaKind.VIDEO else "",
            thumbnail=packed(random.integers(0, 255, 1024, np.uint8)) if kind is MediaKind.IMAGE else "",
        )
    if seconds:
        values = random.integers(0, 2**32, round(seconds / 0.1238), np.uint32)
        audio = AudioPrint(algorithm="chromaprint-1", item_seconds=0.1238, values=packed(values))
    return frames, audio


def _disturbed(frames: FrameHashes | None, random: np.random.Generator) -> FrameHashes | None:
    """With three bits of every code changed."""
    if frames is None:
        return None
    codes = indexing.codes(frames)
    for _ in range(3):
        codes = codes ^ (np.uint64(1) << random.integers(1, 64, len(codes), dtype=np.uint64))
    return frames.model_copy(update={"codes": packed(codes)})


def _group(rows: list[DedupRow]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.monotonic(), time.process_time()
    # Parts of pictures are only searched for where there is a look; this one takes no time.
    groups = duplicate_groups(rows, look=lambda *pair_and_likeness: pair_and_likeness[-1])
    seconds, worked = time.monotonic() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files = sum(len(group.members) for group in groups)
    print(f"grouping: {len(rows)} rows in {seconds:.1f} s, {worked:.1f} s of CPU")
    print(f"   {len(groups)} groups, {files} redundant files")
    print(f"   peak memory {peak / 1024:.0f} MiB, of which the rows are {before / 1024:.0f} MiB")


def measure_grouping(number: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_group_rows, args=(number,))
    process.start()
    process.join()


def _group_rows(number: int) -> None:
    _group(synthetic_rows(number))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--seed", type=int, default=labelled.TUNED_ON.stop, help="of the first content")
    parser.add_argument("--bases", type=int, default=4, help="contents of each kind in the labelled set")
    parser.add_argument("--set", type=Path, help="folder of a labelled set: written there, or read where it is written")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--average-bytes", type=int, nargs="+", default=[100_000, 216_000, 500_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    if options.seed not in labelled.SEEDS or options.seed + options.bases > labelled.SEEDS.stop:
        parser.error(f"seeds go from 0 to {labelled.SEEDS.stop - 1}; --bases so many of them from --seed on")
    if "labelled" in options.parts:
        measure_labelled(options.seed, options.bases, options.set)
    if "exact" in options.parts:
        for average_bytes in options.average_bytes:
            measure_exact(options.files, average_bytes, options.rounds)
    if "grouping" in options.parts:
        measure_grouping(options.rows)


if __name__ == "__main__":
    main()
