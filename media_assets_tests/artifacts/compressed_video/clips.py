"""Clips for the tests of compression, what compresses them, and checks of results that use none of our own code."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from media_assets.artifacts.compressed_video.compress import compress_video
from media_assets.artifacts.compressed_video.finish import Compressed
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

FAT = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", "-pix_fmt", "yuv420p")
"""An encode with bits to spare, as cameras make them."""
QUICK = VideoCompressionSettings(codec="x264", preset="ultrafast", crf=28, min_saved_share=0.0)
"""One encode without a search: for what does not depend on the quality."""


def scene(kind: str, size: str = "320x180", seconds: float = 2.0, rate: int = 25) -> tuple[str | Path, ...]:
    """Arguments of an input: the kinds differ in how hard they are to encode."""
    sources = {
        "motion": f"testsrc2=size={size}:rate={rate}:duration={seconds}",
        "noise": f"mandelbrot=size={size}:rate={rate},noise=alls=12:allf=t:all_seed=3,trim=duration={seconds}",
        # Sharp small shapes that scroll, as text does.
        "text": f"cellauto=rule=110:size={size}:rate={rate}:seed=7:scroll=1,trim=duration={seconds}",
    }
    return ("-f", "lavfi", "-i", sources[kind])


def clip(path: Path, *arguments: str | Path, kind: str = "motion", size: str = "320x180", seconds: float = 2.0) -> Path:
    """A fat clip without sound; `arguments` go in front of the output."""
    media.ffmpeg(*scene(kind, size, seconds), *FAT, *arguments, media.file_url(path))
    return path


def compress(
    source: Path,
    settings: VideoCompressionSettings = QUICK,
    *,
    age_years: float = 0.0,
    work: Work | None = None,
    info: MediaInfo | None = None,
) -> Compressed:
    if work is None:
        directory = source.parent / f"work-{source.stem}"
        directory.mkdir(exist_ok=True)
        work = Work(directory)
    found = info or probe(source, work).media
    assert found is not None
    return compress_video(FFmpeg(), source, found, source.stat().st_size, age_years, settings, work)


def result(compressed: Compressed) -> Path:
    """The file of a result that must be there."""
    assert compressed.path is not None, compressed.value.reason
    assert compressed.value.compressed
    assert compressed.path.stat().st_size == compressed.value.size_bytes
    return compressed.path


def frames(path: Path) -> list[Any]:
    """Every frame of the first picture, decoded by PyAV; a frame that cannot be decoded raises."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def times(path: Path, kind: str = "video", number: int = 0) -> list[float]:
    """When the packets of a stream are shown, in seconds."""
    with av.open(str(path)) as container:
        stream: Any = getattr(container.streams, kind)[number]
        base = stream.time_base or Fraction(1)
        return sorted(float(packet.pts * base) for packet in container.demux(stream) if packet.pts is not None)


def payload(path: Path, kind: str, number: int = 0) -> bytes:
    """All data of a stream."""
    with av.open(str(path)) as container:
        stream: Any = getattr(container.streams, kind)[number]
        return b"".join(bytes(packet) for packet in container.demux(stream))


def vmaf(distorted: Path, reference: Path, filters: str = "null", directory: Path | None = None) -> list[float]:
    """VMAF of each frame by a command of the test's own; `filters` are for the reference."""
    log = (directory or distorted.parent) / "check.json"
    media.ffmpeg(
        *("-i", media.file_url(distorted), "-i", media.file_url(reference), "-filter_complex"),
        f"[1:v:0]{filters},setpts=N/25/TB[b];[0:v:0]setpts=N/25/TB[a];[a][b]libvmaf=log_fmt=json:log_path={log}",
        *("-f", "null", "-"),
    )
    return [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]
