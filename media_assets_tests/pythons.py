"""`make test-pythons`: the tests' core on each Python that the project supports, in a fresh environment from the lock.

An interpreter is taken from the PATH, from pyenv or from uv; where there is none, uv is asked to get one. What was left
out is said, with the reason, and is no failure; tests that fail, and a lock that cannot be installed, are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.11", "3.12", "3.13")
# What would have found a dependency that another Python gets in another version: each engine at work, one library from
# end to end, the commands. A minute on two cores.
CORE = (
    "media_assets_tests/media/test_probe.py",
    "media_assets_tests/artifacts/transcript/test_modal_faults.py::test_a_hiccup_is_not_noticed",
    "media_assets_tests/artifacts/transcript/test_whisper.py::test_every_window_is_heard_and_its_words_keep_their_times",
    "media_assets_tests/cli/test_cli.py::test_status_as_json_has_every_cell_counts_and_failures",
    "media_assets_tests/cli/test_cli.py::test_a_wrong_setting_is_named_with_its_file",
    "media_assets_tests/cli/test_cli_init.py::test_init_writes_what_a_library_needs_and_says_how_to_go_on",
    "media_assets_tests/operation/test_doctor_sound.py",
    "media_assets_tests/pipeline/test_pipeline.py::test_files_of_equal_content_are_transcribed_once",
    "media_assets_tests/pipeline/test_pipeline.py::test_pictures_of_a_video_and_a_photo_and_none_of_sound",
)
# Asked of an interpreter: what a Python that was built without some library of the system lacks.
_ASKED = "import bz2, ctypes, lzma, sqlite3, ssl, sys, venv, zlib; print('%d.%d' % sys.version_info[:2])"
_DOWNLOAD_SECONDS = 120


def candidates(version: str) -> Iterator[Path]:
    """Where an interpreter of this version may be, the likeliest first."""
    for folder in os.get_exec_path():
        yield Path(folder, f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted((pyenv / "versions").glob(f"{version}.*/bin/python"), reverse=True)
    found = subprocess.run(
        [str(uv()), "python", "find", "--managed-python", "--no-python-downloads", "--no-project", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        yield Path(found.stdout.strip())


def why_not(python: Path, version: str) -> str | None:
    """Why an interpreter cannot be used; None if it can."""
    asked = subprocess.run([python, "-c", _ASKED], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return (asked.stderr.strip().splitlines() or [f"it ends with {asked.returncode}"])[-1]
    answer = asked.stdout.strip()
    return None if answer == version else f"it is Python {answer}"


def interpreter(version: str) -> tuple[Path | None, list[str]]:
    """One that works, and why others do not."""
    reasons: list[str] = []
    for python in candidates(version):
        if python.is_file():
            reason = why_not(python, version)
            if reason is None:
                return python, reasons
            reasons.append(f"{python}: {reason}")
    return None, reasons


def get(version: str) -> str | None:
    """Let uv get an interpreter; why it could not, or None."""
    command = [str(uv()), "python", "install", "--no-progress", "--no-bin", version]
    try:
        got = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        return f"uv did not get it within {_DOWNLOAD_SECONDS} s"
    if got.returncode == 0:
        return None
    lines = [line.strip() for line in got.stderr.splitlines() if line.strip()] or [f"uv ends with {got.returncode}"]
    return lines[0] if len(lines) == 1 else f"{lines[0]}, {lines[-1]}"  # what failed, and the cause of all causes


def tested(python: Path, version: str) -> bool:
    """Whether the core passes on an interpreter."""
    started = time.monotonic()
    # Beside the checkout, so that uv links from its cache instead of copying 2 GB.
    with tempfile.TemporaryDirectory(prefix=f".python-{version}-", dir=CHECKOUT) as folder:
        own = Path(folder, "bin/python")
        install = ("pip", "install", "--quiet", "--python", own, "--no-deps")
        # As users do it: as make sets an environment up, with no packages but the lock's.
        steps: list[list[str | Path]] = [
            [uv(), "venv", "--quiet", "--no-project", "--python", python, "--clear", folder],
            [uv(), *install, "--require-hashes", "-r", "requirements.lock"],
            [uv(), *install, "--no-build-isolation", "-e", "."],
            [own, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow and not docker", "-n", "2", *CORE],
        ]
        for step in steps:
            if subprocess.run(step, cwd=CHECKOUT, check=False, stdin=subprocess.DEVNULL).returncode != 0:
                print(f"✗ Python {version}: {' '.join(map(str, step[:4]))} … failed", flush=True)
                return False
    print(f"✓ Python {version} ({python}) in {time.monotonic() - started:.0f} s", flush=True)
    return True


def uv() -> Path:
    """The one that `make` has installed beside the Python that runs this."""
    return Path(sys.executable).parent / "uv"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", action="store_true", help="leave out the Python that runs this")
    others = parser.parse_args().others
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    left_out: list[str] = []
    passed: list[str] = []
    failed: list[str] = []
    for version in SUPPORTED:
        if others and version == own:
            left_out.append(f"Python {version}: `make test` uses it")
            continue
        python, reasons = interpreter(version)
        if python is None and (reason := get(version)):
            left_out.append(f"Python {version}: none found ({'; '.join([*reasons, reason])})")
            continue
        python = python or interpreter(version)[0]
        if python is None:
            left_out.append(f"Python {version}: uv got one that does not work here")
            continue
        print(f"Python {version} ({python}): installing requirements.lock, then the tests' core", flush=True)
        (passed if tested(python, version) else failed).append(version)
    for line in left_out:
        print(f"– left out {line}")
    print(f"passed on: {', '.join(passed) or 'none'}; failed on: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
