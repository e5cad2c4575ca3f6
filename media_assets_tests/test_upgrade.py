"""A library that an earlier version made is taken up: nothing is made again, and nothing is forgotten.

`library_of_0_1.tar.xz` was made by the code before modules were given their rooms (`d4b8fa5`): a video and a photo
through all stages, transcribed by a server that stood in for OpenAI's and is gone; a file that is cut off; Dagster's
databases; and an export.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent / "library_of_0_1.tar.xz"
STAGES = 8


@pytest.fixture
def library(tmp_path: Path) -> Path:
    with tarfile.open(LIBRARY) as archive:
        # An attribute, for Debian's Python 3.11.2 does not know the argument of that name yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)
        for member in archive.getmembers():  # what is unpacked has its time to the microsecond only
            seconds, _, fraction = member.pax_headers.get("mtime", "").partition(".")
            if seconds:
                at_ns = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
                os.utime(tmp_path / member.name, ns=(at_ns, at_ns))
    return tmp_path / "library"


def media_assets(library: Path, *command: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "media_assets.cli", "--config", str(library / "library.yaml"), *command]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False)


def states(library: Path) -> dict[tuple[str, str], str]:
    told = json.loads(media_assets(library, "status", "--json").stdout)
    return {(cell["file"], cell["asset"]): cell["state"] for cell in told["cells"]}


def artifacts(library: Path) -> dict[str, bytes]:
    """Every file of every artifact."""
    root = library / "artifacts"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".index" not in path.parts
    }


@pytest.mark.thorough
def test_nothing_of_an_older_library_is_made_again(library: Path) -> None:
    before = artifacts(library)
    done = media_assets(library, "process")
    assert done.returncode == 1, done.stdout + done.stderr  # the file that is cut off is red still
    assert "made" not in done.stdout
    assert artifacts(library) == before


@pytest.mark.thorough
def test_status_tells_of_an_older_library_what_it_told(library: Path) -> None:
    told = states(library)
    assert told[("talks:broken.mp4", "drive_file")] == "failed"
    assert Counter(told.values())["done"] + Counter(told.values())["not_applicable"] == 2 * STAGES
    assert len(told) == 3 * STAGES


@pytest.mark.thorough
def test_an_older_export_is_taken_up_by_a_new_state(library: Path) -> None:
    before, artifacts_before = states(library), artifacts(library)
    shutil.rmtree(library / ".media_assets")
    done = media_assets(library, "import", str(library / "state.zip"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(library) == before
    assert "made" not in media_assets(library, "process").stdout
    assert artifacts(library) == artifacts_before
