"""`kill -9` in the middle of a batch, again and again: nothing half-written or done twice, all there at the end."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from media_assets_tests.broken_library import tone
from media_assets_tests.command_line import Command, prepare_state
from media_assets_tests.waiting import wait_until

STAGES = 5
CLIPS = 14
# How many artifacts are there when the process is killed, and how long after the last of them.
MOMENTS = [
    (2, 0.0),
    (9, 0.01),
    (15, 0.0),
    (17, 0.04),
    (20, 0.02),
    (24, 0.08),
    (27, 0.15),
    (31, 0.3),
    (40, 0.0),
    (46, 0.02),
]
FEW_CLIPS = 4
FEW_MOMENTS = [(7, 0.05)]


class KilledLibrary:
    """A library that is processed by `media-assets process`, with an ffmpeg that keeps a list of its calls."""

    def __init__(self, root: Path, clips: int) -> None:
        self.root = root
        self.calls = root / "calls.txt"
        self.calls.touch()
        ffmpeg = root / "ffmpeg"
        # Made to last a moment, so that there is a middle to kill it in.
        ffmpeg.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{self.calls}"\ncase "$*" in *progress*) sleep 0.05 ;; esac\n'
            f'exec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"\n'
        )
        ffmpeg.chmod(0o755)
        (root / "media").mkdir()
        for number in range(clips):
            tone(root / "media" / f"clip{number:02}.flac", 300 + 7 * number)
        settings = {"sources": {"media": {"path": "media"}}, "ffmpeg": {"path": str(ffmpeg)}}
        (root / "library.yaml").write_text(json.dumps(settings))
        prepare_state(root)

    def process(self) -> Command:
        return Command("--config", self.root / "library.yaml", "process", cwd=self.root)

    def manifests(self) -> dict[tuple[str, str], bytes]:
        """By (stage, folder): what the manifest says, when and by which run it was made included."""
        found = (self.root / "artifacts").glob("[!.]*/*/manifest.json")
        return {(path.parent.parent.name, path.parent.name): path.read_bytes() for path in found}

    def wait_for(self, artifacts: int, process: Command) -> None:
        """Until there are so many, or it has ended."""
        wait_until(lambda: process.poll() is not None or len(self.manifests()) >= artifacts, 300, pause_seconds=0.005)

    def final_audio(self) -> list[Path]:
        return sorted((self.root / "artifacts").glob("[!.]*/*/audio.m4a"))

    def encodings(self) -> Counter[str]:
        """How often each clip was encoded, by its name."""
        lines = self.calls.read_text().splitlines()
        return Counter(
            line.split("media/")[1].split(".flac")[0] for line in lines if "media/" in line and "audio.m4a" in line
        )


def seconds_of(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(float(frame.samples) / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("clips", "moments"),
    [
        pytest.param(FEW_CLIPS, FEW_MOMENTS, marks=pytest.mark.thorough),
        pytest.param(CLIPS, MOMENTS, marks=pytest.mark.slow),
    ],
    ids=["few", "many"],
)
def test_a_killed_process_leaves_nothing_half_done_and_nothing_is_done_twice(
    tmp_path: Path, clips: int, moments: list[tuple[int, float]]
) -> None:
    library = KilledLibrary(tmp_path, clips)
    seen: dict[tuple[str, str], bytes] = {}
    for artifacts, delay in moments:
        process = library.process()
        library.wait_for(artifacts, process)
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert all(abs(seconds_of(path) - 1.0) < 0.1 for path in library.final_audio()), (
            "a half file under a final name"
        )
        now = library.manifests()
        assert all(json.loads(manifest)["format"] == 1 for manifest in now.values())
        assert {name: now[name] for name in seen} == seen, "something finished was made again"
        seen = now

    process = library.process()
    assert process.wait(timeout=120) == 0, process.stdout + process.stderr
    everything = library.manifests()
    assert len(everything) == STAGES * clips
    assert {name: everything[name] for name in seen} == seen
    assert "of processes that died" in process.stdout

    encodings = library.encodings()
    workers = 2
    assert len(encodings) == clips
    assert sum(encodings.values()) <= clips + workers * len(moments), "only what was in work may be done again"
    assert not list((tmp_path / ".media_assets" / "work").iterdir()), "scratch directories of killed runs are removed"
    assert not list((tmp_path / "artifacts").rglob("*.partial"))
