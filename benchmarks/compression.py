"""Compression at a target quality: our search against fixed CRFs and against an exhaustive search, in one run.

The exhaustive search encodes the whole of each clip at every CRF of the range and measures VMAF on all frames; its
optimum is the smallest file that reaches the target (mean and worst second). Ours is `compress_video` from beginning to
end, with its samples, trials, final encode and gates. All use the same encoder, preset and ffmpeg. The quality of every
file, ours too, is measured by the benchmark's own command.

    python benchmarks/compression.py [--codec x264] [--preset veryfast] [--clips motion,noise,…] [--crf 12-40]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from media_assets.artifacts.compressed_video.compress import compress_video  # noqa: E402
from media_assets.artifacts.compressed_video.settings import DEFAULT_PRESETS, VideoCompressionSettings  # noqa: E402
from media_assets.media.ffmpeg import FFmpeg  # noqa: E402
from media_assets.media.probe import probe  # noqa: E402
from media_assets.work.work import Work  # noqa: E402

RATE = 25
LIBRARIES = {"x264": "libx264", "x265": "libx265", "svt-av1": "libsvtav1"}


@dataclass(frozen=True)
class Clip:
    name: str
    size: str
    seconds: float
    graph: str
    """A filter graph without inputs; {s} and {d} stand for size and seconds."""


CLIPS = (
    Clip("motion", "480x270", 8, "testsrc2=s={s}:r=25:d={d}"),
    Clip("noise", "480x270", 8, "mandelbrot=s={s}:r=25,noise=alls=10:allf=t:all_seed=5,trim=duration={d}"),
    Clip("text", "480x270", 8, "cellauto=rule=110:s={s}:r=25:seed=7:scroll=1,trim=duration={d}"),
    Clip("zoom", "480x270", 8, "mandelbrot=s={s}:r=25:end_scale=0.0005,trim=duration={d}"),
    Clip(
        "scenes",
        "480x270",
        9,
        "mandelbrot=s={s}:r=25,noise=alls=8:allf=t:all_seed=2,trim=duration=3,setsar=1,format=yuv420p[a];"
        "testsrc2=s={s}:r=25:d=3,setsar=1,format=yuv420p[b];"
        "gradients=s={s}:r=25:d=3:speed=0.05:seed=4:nb_colors=5,setsar=1,format=yuv420p[c];[a][b][c]concat=n=3",
    ),
    # Long enough to be sampled: quiet for most of the time, with noise and motion in between.
    Clip(
        "long",
        "320x180",
        48,
        "mandelbrot=s={s}:r=25:end_scale=0.01,trim=duration=20,setsar=1,format=yuv420p[a];"
        "mandelbrot=s={s}:r=25,noise=alls=12:allf=t:all_seed=2,trim=duration=8,setsar=1,format=yuv420p[b];"
        "testsrc2=s={s}:r=25:d=12,setsar=1,format=yuv420p[c];"
        "mandelbrot=s={s}:r=25:start_x=-0.75:start_y=0.1,noise=alls=4:allf=t:all_seed=3,trim=duration=8,setsar=1,"
        "format=yuv420p[d];[a][b][c][d]concat=n=4",
    ),
)


@dataclass(frozen=True)
class Encoded:
    crf: float
    size_bytes: int
    mean: float
    worst_second: float
    seconds: float


def run(ffmpeg: FFmpeg, *arguments: str | Path) -> None:
    command = [ffmpeg.path, "-hide_banner", "-nostdin", "-y", "-loglevel", "error", *arguments]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def make(ffmpeg: FFmpeg, clip: Clip, folder: Path) -> Path:
    path = folder / f"{clip.name}.mp4"
    graph = clip.graph.format(s=clip.size, d=clip.seconds)
    encoder = ("-c:v", "libx264", "-preset", "fast", "-crf", "6", "-pix_fmt", "yuv420p", "-g", "50")
    run(ffmpeg, "-filter_complex", graph, "-t", str(clip.seconds), *encoder, path)
    return path


def vmaf(ffmpeg: FFmpeg, distorted: Path, reference: Path) -> tuple[float, float]:
    """(mean, worst second) over all frames."""
    log = distorted.with_suffix(".json")
    clock = f"settb=1/1000,setpts=N*{1000 // RATE}"
    graph = f"[0:v]{clock}[a];[1:v]{clock}[b];[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=2"
    run(ffmpeg, "-i", distorted, "-i", reference, "-filter_complex", graph, "-f", "null", "-")
    scores = [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]
    seconds = [scores[at : at + RATE] for at in range(0, len(scores) - RATE // 2, RATE)]
    return sum(scores) / len(scores), min(sum(second) / len(second) for second in seconds)


def encode(ffmpeg: FFmpeg, source: Path, crf: int, settings: VideoCompressionSettings, folder: Path) -> Encoded:
    path = folder / "encoded.mp4"
    options = ["-c:v", LIBRARIES[settings.codec], "-preset", settings.chosen_preset, "-crf", str(crf)]
    started = time.perf_counter()
    run(ffmpeg, "-i", source, *options, "-movflags", "+faststart", path)
    seconds = time.perf_counter() - started
    return Encoded(crf, path.stat().st_size, *vmaf(ffmpeg, path, source), seconds)


def ours(ffmpeg: FFmpeg, source: Path, settings: VideoCompressionSettings, folder: Path) -> tuple[Encoded, int]:
    """What `compress_video` makes, and the number of its trials."""
    directory = folder / "work"
    directory.mkdir()
    work = Work(directory)
    media = probe(source, work).media
    assert media is not None
    started = time.perf_counter()
    compressed = compress_video(ffmpeg, source, media, source.stat().st_size, 0.0, settings, work)
    seconds = time.perf_counter() - started
    value = compressed.value
    if compressed.path is None or value.crf is None:
        raise SystemExit(f"{source.name}: {value.reason}")
    made = Encoded(value.crf, compressed.path.stat().st_size, *vmaf(ffmpeg, compressed.path, source), seconds)
    shutil.rmtree(directory)
    return made, len(value.trials)


def compare(ffmpeg: FFmpeg, clip: Clip, settings: VideoCompressionSettings, crfs: range, folder: Path) -> list[float]:
    """Print the figures of one clip. Returns size and time against the exhaustive search."""
    source = make(ffmpeg, clip, folder)
    made, trials = ours(ffmpeg, source, settings, folder)
    started = time.perf_counter()
    every = [encode(ffmpeg, source, crf, settings, folder) for crf in crfs]
    exhaustive_seconds = time.perf_counter() - started
    enough = [one for one in every if one.mean >= settings.target_vmaf and one.worst_second >= settings.min_second_vmaf]
    if not enough:
        raise SystemExit(f"{clip.name}: no CRF of the range reaches the target")
    best = min(enough, key=lambda one: one.size_bytes)
    print(f"\n{clip.name}: {clip.size}, {clip.seconds:g} s, {source.stat().st_size / 1000:.0f} kB")
    rows = [("ours", made), ("exhaustive", best)]
    rows += [(f"fixed CRF {one.crf:g}", one) for one in every if one.crf in (23, 28)]
    for name, one in rows:
        seconds = exhaustive_seconds if one is best and name == "exhaustive" else one.seconds
        print(
            f"  {name:<13} CRF {one.crf:5g}  {one.size_bytes / 1000:8.1f} kB ({one.size_bytes / best.size_bytes:5.3f})"
            f"  VMAF {one.mean:6.2f}, worst second {one.worst_second:6.2f}  {seconds:7.1f} s"
            + (f"  ({trials} trials)" if name == "ours" else "")
        )
    return [made.size_bytes / best.size_bytes, made.seconds / exhaustive_seconds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codec", choices=sorted(LIBRARIES), default="x264")
    parser.add_argument("--preset", help="default: veryfast, or what media-assets takes for SVT-AV1")
    parser.add_argument("--clips", default=",".join(clip.name for clip in CLIPS))
    parser.add_argument("--crf", default="10-40", help="the range of the exhaustive search, both ends included")
    chosen = parser.parse_args()
    preset = chosen.preset or (DEFAULT_PRESETS["svt-av1"] if chosen.codec == "svt-av1" else "veryfast")
    settings = VideoCompressionSettings.model_validate(
        {"codec": chosen.codec, "preset": preset, "min_saved_share": 0.0, "efficient_bits_per_pixel": {}}
    )
    first, last = (int(number) for number in chosen.crf.split("-"))
    ffmpeg = FFmpeg()
    print(f"{chosen.codec} {preset}, target VMAF {settings.target_vmaf:g}, worst second {settings.min_second_vmaf:g}")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for clip in CLIPS:
            if clip.name in chosen.clips.split(","):
                ratios.append(compare(ffmpeg, clip, settings, range(first, last + 1), Path(folder)))
    sizes, times = zip(*ratios, strict=True)
    print(
        f"\nagainst the exhaustive search: size {sum(sizes) / len(sizes):.3f} on average, {max(sizes):.3f} at most;"
        f" time {sum(times) / len(times):.3f} on average, {max(times):.3f} at most"
    )


if __name__ == "__main__":
    main()
