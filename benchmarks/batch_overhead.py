"""What the machinery costs: clips through `m4a_audio` by three ways, in one run.

    a  a bare loop over ffmpeg
    b  `media-assets process --stage m4a_audio`
    c  one Dagster run per file, by Dagster's own command line

Prints the ratios of wall time b/a and c/b, and the milliseconds that b spends on each file and stage beside the work of the
engines. Peer: ffmpeg by hand.

    python benchmarks/batch_overhead.py [--clips 100] [--runs-per-file 10]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from media_assets.engines.ffmpeg import FFmpeg

CLIP_SECONDS = 30
STAGES = ("drive_file", "m4a_audio")


def make_clips(ffmpeg: Path, folder: Path, number: int) -> list[Path]:
    """Clips of noise and tone in FLAC, each of other content, so that each has to be encoded."""
    folder.mkdir()
    clips = []
    for index in range(number):
        clip = folder / f"clip{index:03}.flac"
        source = f"anoisesrc=seed={index}:amplitude=0.2:duration={CLIP_SECONDS}:sample_rate=44100"
        subprocess.run([ffmpeg, "-loglevel", "error", "-f", "lavfi", "-i", source, "-ac", "2", clip], check=True)
        clips.append(clip)
    return clips


def bare_loop(ffmpeg: Path, clips: list[Path], out: Path) -> float:
    """Seconds of a loop that encodes one clip after the other, with the settings of `m4a_audio`."""
    out.mkdir()
    started = time.monotonic()
    for clip in clips:
        target = out / f"{clip.stem}.m4a"
        options = ["-vn", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"]
        subprocess.run([ffmpeg, "-loglevel", "error", "-i", clip, *options, target], check=True)
    return time.monotonic() - started


def write_config(root: Path, clips: Path) -> Path:
    config = root / "library.yaml"
    config.write_text(json.dumps({"sources": {"clips": {"path": str(clips)}}}), "utf-8")
    return config


def process(config: Path) -> float:
    """Seconds of `media-assets process`, from start to end of the command."""
    command = [sys.executable, "-m", "media_assets.cli", "--config", config, "process", "--stage", "m4a_audio"]
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def one_run_per_file(config: Path, clips: list[Path]) -> float:
    """Seconds for each file when Dagster starts a run of its own for each file (both stages in it)."""
    home = config.parent / ".media_assets" / "dagster"
    environment = {**os.environ, "MEDIA_ASSETS_CONFIG": str(config), "DAGSTER_HOME": str(home)}
    register = [sys.executable, "-m", "media_assets.cli", "--config", config, "process", "--limit", "1"]
    subprocess.run([*register, "--stage", "drive_file"], check=True, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    for clip in clips:
        command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "media_assets.definitions"]
        selection = ["--select", ",".join(STAGES), "--partition", f"clips:{clip.name}"]
        subprocess.run([*command, *selection], check=True, env=environment, capture_output=True)
    return (time.monotonic() - started) / len(clips)


def manifests(config: Path) -> Iterator[dict[str, object]]:
    for path in (config.parent / "artifacts").glob("*/*/manifest.json"):
        yield json.loads(path.read_text("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--runs-per-file", type=int, default=10, help="how many files (c) is measured on")
    options = parser.parse_args()
    ffmpeg = FFmpeg().path
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        clips = make_clips(ffmpeg, root / "clips", options.clips)
        a = bare_loop(ffmpeg, clips, root / "bare")
        (root / "batch").mkdir()
        config = write_config(root / "batch", root / "clips")
        b = process(config)
        worked = sum(float(str(manifest["made_in_seconds"])) for manifest in manifests(config))
        again = process(config)
        (root / "single").mkdir()
        few = make_clips(ffmpeg, root / "few", options.runs_per_file)
        c = one_run_per_file(write_config(root / "single", root / "few"), few) * len(clips)
    cells = len(clips) * len(STAGES)
    print(f"a  bare ffmpeg loop              {a:8.1f} s for {len(clips)} clips of {CLIP_SECONDS} s")
    print(f"b  media-assets process          {b:8.1f} s   b/a {b / a:.2f}")
    print(f"   of which work on files        {worked:8.1f} s, summed over the workers")
    print(f"   the same again (all current)  {again:8.1f} s")
    print(f"c  one Dagster run per file      {c:8.1f} s   c/b {c / b:.1f}   (measured on {len(few)} files)")
    print(f"overhead of b beside the work    {1000 * max(0.0, b - worked) / cells:8.1f} ms per file and stage (one worker)")


if __name__ == "__main__":
    main()
