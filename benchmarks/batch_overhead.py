"""What the machinery costs: clips through `m4a_audio` by three ways, in one run. Peer: ffmpeg by hand.

    a  a bare loop over ffmpeg, one file at a time and two at a time; and the same with each result decoded once
    b  `media-assets process --stage m4a_audio`, with one worker and with the default two
       the same in a library that knows of 50,000 other files
    c  one Dagster run per file, by Dagster's own command line

Prints the ratios of wall time b/a and c/b, of b among many files to b alone, and the milliseconds that b spends on each
file and stage beside the work of the engines on it, with and without the start of the command. b verifies what it made,
by decoding it, which the bare loop does not: b/a is given over the loop alone, and over the loop with its results
decoded.

    python benchmarks/batch_overhead.py [--clips 100] [--runs-per-file 10] [--others 50000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg

from media_assets.media.ffmpeg import FFmpeg
from media_assets.pipeline.partitions import register

CLIP_SECONDS = 30
STAGES = ("drive_file", "m4a_audio")
ONE_WORKER = {f"MEDIA_ASSETS_ASSETS__{stage.upper()}__WORKERS": "1" for stage in STAGES}


def make_clips(ffmpeg: Path, folder: Path, number: int) -> list[Path]:
    """Clips of noise in FLAC, each of other content, so that each has to be encoded."""
    folder.mkdir()
    clips = [folder / f"clip{index:03}.flac" for index in range(number)]
    for index, clip in enumerate(clips):
        noise = f"anoisesrc=seed={index}:amplitude=0.2:duration={CLIP_SECONDS}:sample_rate=44100"
        command = [str(ffmpeg), "-loglevel", "error", "-f", "lavfi", "-i", noise, "-ac", "2", str(clip)]
        subprocess.run(command, check=True)
    return clips


def bare_loop(ffmpeg: Path, clips: list[Path], out: Path, at_once: int) -> tuple[float, float]:
    """Seconds of a loop that encodes the clips as `m4a_audio` does, and of one that decodes the results."""
    out.mkdir()
    options = ["-vn", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"]

    def encode(clip: Path) -> None:
        target = out / f"{clip.stem}.m4a"
        subprocess.run([str(ffmpeg), "-loglevel", "error", "-i", str(clip), *options, str(target)], check=True)

    def verify(clip: Path) -> None:
        result = out / f"{clip.stem}.m4a"
        command = [str(ffmpeg), "-loglevel", "error", "-xerror", "-i", str(result), "-f", "null", "-"]
        subprocess.run(command, check=True)

    return seconds_of(encode, clips, at_once), seconds_of(verify, clips, at_once)


def seconds_of(step: Callable[[Path], None], clips: list[Path], at_once: int) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(step, clips))
    return time.monotonic() - started


def write_config(root: Path, clips: Path) -> Path:
    root.mkdir()
    config = root / "library.yaml"
    config.write_text(json.dumps({"sources": {"clips": {"path": str(clips)}}}), "utf-8")
    return config


def process(config: Path, *options: str, environment: Mapping[str, str]) -> float:
    """Seconds of `media-assets process`, from start to end of the command."""
    command = [sys.executable, "-m", "media_assets.cli", "--config", str(config), "process", *options]
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    return time.monotonic() - started


def one_run_per_file(config: Path, clips: list[Path]) -> float:
    """Seconds for each file when Dagster starts a run of its own for each file, with both stages in it."""
    home = config.parent / ".media_assets" / "dagster"
    environment = {**os.environ, "MEDIA_ASSETS_CONFIG": str(config), "DAGSTER_HOME": str(home)}
    process(config, "--limit", "1", "--stage", "drive_file", environment={})  # makes the instance
    keys = [f"clips:{clip.name}" for clip in clips]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        register(instance, keys)
    started = time.monotonic()
    for key in keys:
        command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "media_assets.definitions"]
        selection = ["--select", ",".join(STAGES), "--partition", key]
        subprocess.run([*command, *selection], check=True, env=environment, capture_output=True)
    return (time.monotonic() - started) / len(clips)


def know_of_others(config: Path, number: int) -> None:
    """Makes the instance of a library, and registers files in it that are not there to be processed."""
    process(config, "--limit", "1", "--stage", "drive_file", environment={})
    with dg.DagsterInstance.from_config(str(config.parent / ".media_assets" / "dagster")) as instance:
        register(instance, [f"others:{index:06}.flac" for index in range(number)])


def seconds_worked(config: Path) -> float:
    """Seconds the engines worked, over all artifacts, as their manifests say."""
    manifests = (config.parent / "artifacts").glob("[!.]*/*/manifest.json")
    return sum(float(json.loads(path.read_text("utf-8"))["made_in_seconds"]) for path in manifests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--runs-per-file", type=int, default=10, help="how many files (c) is measured on")
    parser.add_argument("--others", type=int, default=50_000, help="how many other files a large library knows of")
    options = parser.parse_args()
    ffmpeg = FFmpeg().path
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        clips = make_clips(ffmpeg, root / "clips", options.clips)
        few = make_clips(ffmpeg, root / "few", options.runs_per_file)
        a, verify = bare_loop(ffmpeg, clips, root / "bare", at_once=1)
        a2, verify2 = bare_loop(ffmpeg, clips, root / "bare2", at_once=2)
        config = write_config(root / "one-worker", root / "clips")
        b1 = process(config, "--stage", "m4a_audio", environment=ONE_WORKER)
        again = process(config, "--stage", "m4a_audio", environment=ONE_WORKER)
        start = process(config, "--stage", "drive_file", "--limit", "1", environment=ONE_WORKER)
        worked = seconds_worked(config)
        b = process(write_config(root / "default", root / "clips"), "--stage", "m4a_audio", environment={})
        large = write_config(root / "large", root / "clips")
        know_of_others(large, options.others)
        among = process(large, "--stage", "m4a_audio", environment={})
        c = one_run_per_file(write_config(root / "single", root / "few"), few) * len(clips)
    cells = len(clips) * len(STAGES)
    print(f"{len(clips)} clips of {CLIP_SECONDS} s, {len(STAGES)} stages")
    print(f"a  bare loop, one at a time      {a:8.1f} s   and {verify:.1f} s to decode the results")
    print(f"   bare loop, two at a time      {a2:8.1f} s   and {verify2:.1f} s to decode the results")
    print(f"b  process, one worker           {b1:8.1f} s   b/a {b1 / a:5.2f}, verified {b1 / (a + verify):5.2f}")
    print(f"   process, default workers      {b:8.1f} s   b/a {b / a2:5.2f}, verified {b / (a2 + verify2):5.2f}")
    print(f"   process again, all current    {again:8.1f} s   b/a {again / a2:5.2f}")
    print(f"   among {options.others} other files    {among:8.1f} s   to b {among / b:5.2f}")
    print(f"c  one Dagster run per file      {c:8.1f} s   c/b {c / b:5.1f}   measured on {len(few)} files")
    print(f"one worker, per file and stage beside the engines' work: {1000 * (b1 - worked) / cells:.0f} ms,")
    print(f"   {1000 * (b1 - worked - start) / cells:.0f} ms without the start of the command ({start:.1f} s)")


if __name__ == "__main__":
    main()
