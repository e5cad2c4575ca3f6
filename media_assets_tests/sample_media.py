"""Real media for tests, made with ffmpeg on the spot, and what is needed to listen to results."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import numpy as np

SAMPLE_RATE = 48000


@cache
def ffmpeg_exe() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def ffmpeg(*arguments: str | int | Path) -> bytes:
    """Run ffmpeg; returns its standard output."""
    command = [ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def _make(path: Path, *arguments: str | int | Path) -> Path:
    """A file that ffmpeg makes out of nothing but `arguments`: the same is made once and then copied."""
    if any(Path(str(argument)).exists() for argument in arguments):
        ffmpeg(*arguments, file_url(path))
    else:
        path.write_bytes(_made(path.suffix, *map(str, arguments)))
    return path


@cache
def _made(ending: str, *arguments: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, f"made{ending}")
        ffmpeg(*arguments, file_url(path))
        return path.read_bytes()


def file_url(path: Path) -> str:
    return f"file:{path.absolute()}"


def tone(path: Path, seconds: float = 2.0, *arguments: str | Path, hertz: int = 440) -> Path:
    """A steady tone, mono; `arguments` go in front of the output."""
    source = f"sine=frequency={hertz}:sample_rate={SAMPLE_RATE}:duration={seconds}"
    return _make(path, "-f", "lavfi", "-i", source, *arguments)


def noise(path: Path, seconds: float = 3.0, *arguments: str | Path) -> Path:
    """White noise, mono: damage to any part of it matters, because nothing in it repeats."""
    source = f"anoisesrc=duration={seconds}:amplitude=0.2:sample_rate={SAMPLE_RATE}:seed=1"
    return _make(path, "-f", "lavfi", "-i", source, "-ac", "1", *arguments)


def beep(path: Path, at_seconds: float = 1.0, seconds: float = 3.0, *arguments: str | Path) -> Path:
    """Silence with one short beep."""
    sound = f"if(between(t,{at_seconds},{at_seconds + 0.2}),0.9*sin(2*PI*1000*t),0)"
    return _make(path, "-f", "lavfi", "-i", f"aevalsrc='{sound}':d={seconds}:s={SAMPLE_RATE}", *arguments)


def video(path: Path, seconds: float = 2.0, *arguments: str | Path, size: str = "160x120", rate: int = 25) -> Path:
    """A moving picture with a steady tone; `arguments` go in front of the output."""
    return _make(
        path,
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=sample_rate={SAMPLE_RATE}:duration={seconds}"),
        *("-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *arguments,
    )


def silent_video(path: Path, seconds: float = 1.0, *arguments: str | Path, size: str = "160x120") -> Path:
    """A moving picture without sound."""
    return _make(path, "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}", *arguments)


def picture(path: Path, size: str = "64x48") -> Path:
    return _make(path, "-f", "lavfi", "-i", f"testsrc2=size={size}", "-frames:v", "1")


def samples(path: Path) -> np.ndarray:
    """The first audio stream as a player plays it: mono, from -1 to 1."""
    clock = f"aresample={SAMPLE_RATE}:async=1:first_pts=0"
    pcm = ffmpeg("-i", file_url(path), "-map", "0:a:0", "-af", clock, "-ac", "1", "-f", "s16le", "pipe:1")
    return np.frombuffer(pcm, dtype="<i2") / 32768


def beep_seconds(sound: np.ndarray, rate: int = SAMPLE_RATE) -> float:
    """When the first loud sample is heard."""
    loud = np.flatnonzero(np.abs(sound) > 0.15)
    assert loud.size, "there is no beep"
    return float(loud[0]) / rate


def pitch_hertz(sound: np.ndarray, rate: int = SAMPLE_RATE) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    return float(np.argmax(spectrum)) * rate / sound.size


def noisy_photo(path: Path) -> None:
    """Detail that a camera would write with more bytes than it takes."""
    from PIL import Image

    noise = Image.effect_noise((640, 480), 60).convert("RGB")
    Image.blend(noise, Image.radial_gradient("L").resize((640, 480)).convert("RGB"), 0.7).save(path, quality=97)
