"""Transcripts: ours against whisper-ctranslate2 with the same weights, on the same files, with the same options, in one
run.

Files are made of the speech of samples/library, so what is said is known: several recordings of a few minutes, and a
long one. Ours is `media-assets process --stage transcript`, with the sound of the files made before; the peer is its
command line, with voice activity detection and times of words, one after the other and batched. The ways take turns;
wall and processor time, peak memory, and the rate of wrong words (jiwer; small letters, no marks) are printed.

    python benchmarks/transcription.py [--minutes 60] [--files 6] [--rounds 2] [--peer PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LIBRARY = ROOT / "samples" / "library"
SPOKEN: dict[str, str] = json.loads((ROOT / "samples" / "spoken.json").read_text("utf-8"))
SHORT_SECONDS = 166
"""How long the short recordings are."""


@dataclass(frozen=True)
class Recording:
    """A made recording, and what is said in it."""

    path: Path
    said: str


@dataclass(frozen=True)
class Measured:
    """What one way took for a set of recordings."""

    wall_seconds: float
    processor_seconds: float
    peak_bytes: int
    wrong_words: float
    """Share of all words."""


# ------------------------------------------------------------------------------------------- recordings


def recordings_of(seconds: float, number: int, folder: Path) -> Recording:
    """Talks and meetings of the samples in a row, from another one on for each number, until it is long enough."""
    names = sorted(SPOKEN)
    parts: list[str] = []
    length = 0.0
    while length < seconds:
        name = names[(number + len(parts)) % len(names)]
        parts.append(name)
        length += _seconds_of(LIBRARY / name)
    listing = folder / f"{number}-{seconds:.0f}.txt"
    sounds = [_as_wav(LIBRARY / name, folder) for name in parts]
    listing.write_text("".join(f"file '{sound}'\n" for sound in sounds), "utf-8")
    path = folder / f"recording-{number}-{seconds:.0f}.m4a"
    _ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-c:a", "aac", "-b:a", "96k", str(path))
    return Recording(path, " ".join(SPOKEN[name] for name in parts))


def _as_wav(path: Path, folder: Path) -> Path:
    made = folder / "parts" / f"{path.stem.encode().hex()[:40]}.wav"
    if not made.exists():
        made.parent.mkdir(exist_ok=True)
        _ffmpeg("-i", str(path), "-ac", "1", "-ar", "16000", str(made))
    return made


def _seconds_of(path: Path) -> float:
    import av

    with av.open(str(path)) as container:
        return float(container.duration or 0) / 1_000_000


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)


# ------------------------------------------------------------------------------------------- the ways


class Ours:
    """`media-assets process --stage transcript` on a library of its own; the sound is made beforehand."""

    def __init__(
        self, folder: Path, recordings: Sequence[Recording], *, workers: int = 1, speakers: bool = False
    ) -> None:
        self._folder, self._recordings = folder, recordings
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "media").mkdir(parents=True)
        for recording in recordings:
            os.link(recording.path, folder / "media" / recording.path.name)
        settings = {
            "sources": {"media": {"path": "media"}},
            "transcription": {"language": "en"},
            "speakers": {"enabled": speakers},
            "assets": {"transcript": {"workers": workers}},
        }
        (folder / "library.yaml").write_text(json.dumps(settings), "utf-8")
        self._process("m4a_audio")

    def __call__(self) -> Measured:
        shutil.rmtree(self._folder / "artifacts" / "transcript", ignore_errors=True)
        wall, processor, peak = _timed(self._command("transcript"), self._folder)
        return Measured(wall, processor, peak, _wrong_words(self._recordings, self._text))

    def _text(self, recording: Recording) -> str:
        (path,) = (self._folder / "artifacts" / "transcript").glob(f"{recording.path.stem}*/transcript.json")
        return " ".join(segment["text"] for segment in json.loads(path.read_text("utf-8"))["segments"])

    def _process(self, stage: str) -> None:
        subprocess.run(self._command(stage), cwd=self._folder, check=True, stdout=subprocess.DEVNULL)

    def _command(self, stage: str) -> list[str]:
        return [sys.executable, "-m", "media_assets.cli", "process", "--quiet", "--stage", stage]


class Peer:
    """whisper-ctranslate2 with the same weights."""

    def __init__(self, program: str, folder: Path, recordings: Sequence[Recording], *extra: str) -> None:
        self._program, self._folder, self._recordings, self._extra = program, folder, recordings, extra

    def __call__(self) -> Measured:
        from media_assets.artifacts.transcript.engines.faster_whisper.bundled import bundled_folder

        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        model = bundled_folder(("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"))
        options = ["--language", "en", "--vad_filter", "True", "--word_timestamps", "True", "--beam_size", "5"]
        options += ["--compute_type", "int8", "--condition_on_previous_text", "False", "--verbose", "False"]
        command = [self._program, *(str(one.path) for one in self._recordings), "--model_directory", str(model)]
        command += [*options, "--output_dir", str(self._folder), *self._extra]
        wall, processor, peak = _timed(command, self._folder)
        return Measured(wall, processor, peak, _wrong_words(self._recordings, self._text))

    def _text(self, recording: Recording) -> str:
        return (self._folder / f"{recording.path.stem}.txt").read_text("utf-8")


def _timed(command: Sequence[str], folder: Path) -> tuple[float, float, int]:
    """Wall seconds, processor seconds and peak memory in bytes of a command and of what it starts."""
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command[:4])} …: {told.decode(errors='replace')[-2000:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return time.monotonic() - started, used.ru_utime + used.ru_stime, peak


def _wrong_words(recordings: Sequence[Recording], text: Callable[[Recording], str]) -> float:
    import jiwer

    said = [_plain(recording.said) for recording in recordings]
    return float(jiwer.wer(said, [_plain(text(recording)) for recording in recordings]))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", text.casefold()).split())


# ------------------------------------------------------------------------------------------- the race


def race(title: str, ways: dict[str, Callable[[], Measured]], rounds: int) -> None:
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    first = statistics.median(one.wall_seconds for one in found[next(iter(ways))])
    print(f"\n{title}\n{'':<34}{'wall':>9}{'ours is':>9}{'processor':>11}{'memory':>10}{'wrong words':>13}")
    for name, measured in found.items():
        wall = statistics.median(one.wall_seconds for one in measured)
        processor = statistics.median(one.processor_seconds for one in measured)
        peak = max(one.peak_bytes for one in measured)
        print(
            f"{name:<34}{wall:>8.1f}s{first / wall:>9.2f}{processor:>10.1f}s{peak / 1e6:>8.0f}MB"
            f"{measured[-1].wrong_words:>13.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="how long the long recording is")
    parser.add_argument("--files", type=int, default=6, help="how many short ones there are")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peer", default=shutil.which("whisper-ctranslate2"))
    arguments = parser.parse_args()
    if arguments.peer is None:
        sys.exit("whisper-ctranslate2 is not installed: pip install whisper-ctranslate2, or name it with --peer")
    with tempfile.TemporaryDirectory(prefix="transcription-") as made:
        folder = Path(made)
        short = [recordings_of(SHORT_SECONDS, number, folder) for number in range(arguments.files)]
        race(f"{len(short)} recordings of {SHORT_SECONDS} s", _ways(arguments.peer, folder, short), arguments.rounds)
        long = [recordings_of(arguments.minutes * 60, 0, folder)]
        race(f"one recording of {arguments.minutes:.0f} min", _ways(arguments.peer, folder, long), arguments.rounds)


def _ways(peer: str, folder: Path, recordings: Sequence[Recording]) -> dict[str, Callable[[], Measured]]:
    ways: dict[str, Callable[[], Measured]] = {"ours": Ours(folder / "ours", recordings)}
    if len(recordings) > 1:
        ways["ours, two files at once"] = Ours(folder / "ours-two", recordings, workers=2)
    ways["ours, with who speaks"] = Ours(folder / "ours-speakers", recordings, speakers=True)
    ways["whisper-ctranslate2"] = Peer(peer, folder / "peer", recordings)
    ways["whisper-ctranslate2, batched"] = Peer(peer, folder / "peer-batched", recordings, "--batched", "True")
    return ways


if __name__ == "__main__":
    main()
