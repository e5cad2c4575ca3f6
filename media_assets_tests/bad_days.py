"""Bad days of a small real library: disks that fill or go away in the middle of the work, and an audit of what is left.

The command line runs as a process of its own. What is to happen in the middle happens when ffmpeg is called for one of
the files: the library's ffmpeg is a script that does it, once, and then goes on.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import imageio_ffmpeg

from media_assets.base.checksums import sha256_of
from media_assets.places.manifest import Manifest
from media_assets_tests.broken_library import tone
from media_assets_tests.child_processes import processes

FILES = 4
STAGE = "m4a_audio"
STAGES = ("drive_file", STAGE)


@cache
def can_mount() -> bool:
    """Whether this user may mount a disk in memory here."""
    with TemporaryDirectory() as folder:
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            return False
        try:
            with small_disk(Path(folder), 1):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk in memory, mounted at a folder while the context lasts, or until somebody takes it away."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        while os.path.ismount(folder):
            subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> str:
    """The command that leaves no room on the disk of a folder; `free` makes it again."""
    return f"head -c 1G /dev/zero > {shlex.quote(str(folder / 'ballast'))} 2>/dev/null"


def free(folder: Path) -> None:
    (folder / "ballast").unlink(missing_ok=True)


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class BadDay:
    """A library of a few tones below `root`, of which the sound is made.

    Args:
        settings: Sections of library.yaml.
    """

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.media, self.store, self.state = root / "media", root / "store", root / "state"
        self.media.mkdir(exist_ok=True)
        self.fill_source()
        self._event = root / "event.sh"
        ffmpeg = root / "ffmpeg"
        ffmpeg.write_text(
            f'#!/bin/sh\ncase "$*" in *progress*) if [ -e {self._event} ]; then mv {self._event} {self._event}.done\n'
            f'. {self._event}.done; fi ;; esac\nexec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"\n'
        )
        ffmpeg.chmod(0o755)
        sections: dict[str, Any] = {
            "sources": {"media": {"path": "media"}},
            "stores": {"artifacts": {"path": "store"}},
            "state_dir": "state",
            "ffmpeg": {"path": str(ffmpeg), "confined": False},
            "limits": {"min_free_bytes": 0},
            "retries": {"max_retries": 0},
        }
        (root / "library.yaml").write_text(json.dumps(sections | settings))

    def fill_source(self) -> None:
        """Put the tones where they belong."""
        for number in range(FILES):
            if not (self.media / f"{number}.flac").exists():
                tone(self.media / f"{number}.flac", 300 + 50 * number, 1)

    def in_the_middle(self, command: str) -> None:
        """What a shell is to do when the sound of the next file is being made."""
        self._event.write_text(f"{command}\n")

    def run(
        self,
        *arguments: str,
        before: Sequence[str] = (),
        meanwhile: Callable[[int], None] = lambda _: None,
    ) -> Ended:
        """A command of `media-assets`, in a process of its own.

        Args:
            meanwhile: Called with the id of the process, which is a forked one, while that runs.
            before: What starts it, such as `faketime` with its arguments; by default it is forked off a process that
                has imported everything, which saves seconds.
        """
        said = self.root / "stdout", self.root / "stderr"
        command = ("--config", str(self.root / "library.yaml"), *arguments)
        if before:
            kept = {name: text for name, text in os.environ.items() if not name.startswith(("DAGSTER", "MEDIA_ASSETS"))}
            with said[0].open("wb") as output, said[1].open("wb") as errors:
                whole = [*before, sys.executable, "-m", "media_assets.cli", *command]
                code = subprocess.run(
                    whole, cwd=self.root, env=kept, stdout=output, stderr=errors, timeout=200, check=False
                ).returncode
        else:
            code = run_forked(self.root, command, said, meanwhile)
        return Ended(code, *(path.read_text("utf-8", "replace") for path in said))

    def process(self, *, before: Sequence[str] = ()) -> Ended:
        return self.run("process", "--stage", STAGE, before=before)

    def manifests(self) -> dict[tuple[str, str], Manifest]:
        """By (asset, key), each checked: its files have the sizes and checksums it tells, and there is no other."""
        found = {}
        for path in sorted(self.store.glob("[!.]*/*/manifest.json")):
            manifest = Manifest.model_validate_json(path.read_text("utf-8"))
            for stored in manifest.files:
                file = self.store / stored.path
                assert (file.stat().st_size, sha256_of(file)) == (stored.size_bytes, stored.sha256), file
            names = {item.name for item in path.parent.iterdir()}
            assert names == {"manifest.json", *(stored.name for stored in manifest.files)}, path
            found[manifest.asset, manifest.key] = manifest
        return found

    def is_whole_after_all(self) -> None:
        """A plain pass, after what was bad is good again, completes, and each artifact is there, once and whole."""
        self.manifests()
        done = self.process()
        assert done.returncode == 0, done.stdout + done.stderr
        assert set(self.manifests()) == {(stage, f"media:{n}.flac") for stage in STAGES for n in range(FILES)}
        cells = json.loads(self.run("status", "--json").stdout)
        assert cells["failures"] == []
        assert {cells["assets"][stage]["done"] for stage in STAGES} == {FILES}
        work = self.state / "work"
        assert list(work.iterdir()) == [], "what is left of the work"


def run_forked(
    folder: Path,
    arguments: Sequence[str],
    said: tuple[Path, Path],
    meanwhile: Callable[[int], None] = lambda _: None,
) -> int:
    """The exit code of a command, forked off a server that has imported what it needs.

    Args:
        said: The files its output and its errors go to.
        meanwhile: Called with the id of the process while that runs.
    """
    child = processes().Process(target=_command, args=(folder, tuple(arguments), said))
    child.start()
    assert child.pid is not None
    meanwhile(child.pid)
    child.join(timeout=200)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"{arguments} did not end: {said[1].read_text('utf-8', 'replace')}")
    return child.exitcode


def _command(folder: Path, arguments: tuple[str, ...], said: tuple[Path, Path]) -> None:
    """The target of a child process."""
    from media_assets.cli import app as cli

    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("DAGSTER", "MEDIA_ASSETS"))]:
        del os.environ[name]
    sys.argv = ["media-assets", *arguments]
    for number, path in enumerate(said, 1):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    cli.main()


def blames_nobody(ended: Ended) -> str:
    """What a command said that could not work: one line on the error output, of no file."""
    assert ended.returncode == 2, (ended.returncode, ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stdout + ended.stderr, ended.stderr
    *before, last = ended.stderr.strip().splitlines()
    assert last.startswith("error: ") and not any(line.startswith("error: ") for line in before), ended.stderr
    return last.removeprefix("error: ")
