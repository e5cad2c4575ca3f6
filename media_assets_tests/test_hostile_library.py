"""`media-assets process` over a library in which most files are made to harm it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from media_assets.pipeline.status import State
from media_assets_tests import hostile
from media_assets_tests.broken_library import speech
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.watching import unreached, untouched

HONEST = "talk.mp3"
UPLOADS: tuple[tuple[hostile.Attack, str], ...] = (
    (hostile.hls, "list.m3u8"),
    (hostile.hls, "list.mp3"),
    (hostile.hls_of_the_network, "network.mp4"),
    (hostile.dash, "manifest.mpd"),
    (hostile.dash, "manifest.mp4"),
    (hostile.dash_behind_rubbish, "rubbish.mp3"),
    (hostile.concat, "parts.mp3"),
    (hostile.sdp, "session.mp4"),
    (hostile.mov_with_references, "references.mov"),
    (hostile.linked_matroska, "linked.mkv"),
    (hostile.picture, "-i.mp3"),
)
RED = {"list.mp3", "network.mp4", "manifest.mp4", "rubbish.mp3", "parts.mp3", "session.mp4", "references.mov"}
NO_MEDIA = {"list.m3u8", "manifest.mpd"}


@pytest.mark.slow
def test_a_library_of_attacks_gives_nothing_private_away(tmp_path: Path):
    private = tmp_path / "private"
    private.mkdir()
    hostile.private_files(private)
    speech(private / "board.ts", 0.0, 6.0)
    tuning = {"dedup_index": {"enabled": True}}
    library = RealLibrary(tmp_path, assets=tuning, automation={"settle_seconds": 0, "incomplete_seconds": 0})
    with unreached() as port:
        target = hostile.Target(private, port)
        for attack, name in UPLOADS:
            (library.media / name).write_bytes(attack(library.media, target))
        speech(library.media / HONEST, 0.0, 6.0)  # the words of the private recording, so that they are known
        with untouched(private):
            ended = subprocess.run(
                [Path(sys.executable).parent / "media-assets", "--config", tmp_path / "library.yaml", "process"],
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    grid = {key.removeprefix("media:"): states for key, states in library.everything().grid.items()}
    assert set(grid) == {HONEST, *(name for _, name in UPLOADS)}
    assert {name for name, states in grid.items() if State.FAILED in states.values()} == RED
    assert all(grid[name]["m4a_audio"] is State.NOT_APPLICABLE for name in NO_MEDIA)
    assert grid[HONEST]["summary"] is State.DONE
    heard = json.loads(next((tmp_path / "artifacts/transcript").glob("talk-*/transcript.json")).read_text())
    words = [word for segment in heard["segments"] for word in segment["text"].split()]
    assert len(words) >= 6
    shutil.rmtree(next((tmp_path / "artifacts/transcript").glob("talk-*")))
    for path in (tmp_path / "artifacts/transcript").rglob("*.txt"):
        assert " ".join(words[:3]) not in path.read_text(), path
