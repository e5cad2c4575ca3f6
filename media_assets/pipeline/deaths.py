"""What was at work when a process died, so that a file which ends processes does not hold up the others for ever.

A run notes each file beside its scratch directory for as long as it works on it. What a dead run left is counted by
the next one, file by file:

<state_dir>/work/<run>/*.at_work     files at work
<state_dir>/died/<asset>-<id>.json   files that were at work when processes died, until their work ends otherwise

Nothing waits for the disk: what a process wrote outlives it, and with the power of the machine it may go. For whoever
stops a run, or the whole machine, says nothing against a file.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import psutil
from pydantic import ValidationError

from media_assets.base.errors import BadMedia
from media_assets.base.files import PRIVATE_MODE, private_folder, read_if_file, write_whole
from media_assets.base.keys import display_name
from media_assets.base.model import Model

logger = logging.getLogger("media_assets")

_Kind = TypeVar("_Kind", bound=Model)
_ENOUGH = 2
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class AtWork(Model):
    """A file that a run is working on."""

    asset: str
    key: str
    fingerprint: str
    engine: str
    """What library.yaml calls it; empty where the stage has none."""
    run_id: str
    boot: str
    """Tells one start of the machine from the others."""

    def __str__(self) -> str:
        engine = f", engine {self.engine}" if self.engine else ""
        return f"{display_name(self.key)} ({self.asset}{engine})"


class Death(Model):
    """A file that was at work when a process died, or several in a row."""

    file: AtWork
    """The last work on it."""
    times: int
    is_told: bool = False
    """Whether a person who started the next process was told."""

    @property
    def is_enough(self) -> bool:
        """Whether it is to blame."""
        return self.times >= _ENOUGH

    def __str__(self) -> str:
        then = "it is marked, and the others go on" if self.is_enough else "when it is tried again, then last and alone"
        times = "a process" if self.times == 1 else f"{self.times} processes in a row"
        return f"{times} died while {self.file} was at work: {then}"


class Deaths:
    """Those of one library."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def noted(self, run_folder: Path, file: AtWork) -> Iterator[None]:
        """Within the context, the run works on the file; if the process dies, it was that.

        Raises:
            BadMedia: processes died of it too often; once that is said, it may be tried again.
        """
        before = self._of(file)
        if before and before.file.fingerprint == file.fingerprint and before.is_enough:
            self._path(file).unlink(missing_ok=True)
            raise _to_blame(before)
        mark = run_folder / f"{uuid.uuid4().hex}.at_work"
        mark.write_text(file.model_dump_json(), "utf-8")
        try:
            yield
        finally:
            was_spared = not mark.exists()
            mark.unlink(missing_ok=True)
            if before and not was_spared:
                self._path(file).unlink(missing_ok=True)

    @staticmethod
    def spare(run_folder: Path) -> None:
        """Note that the run is to stop: should it be killed now, no file is to blame."""
        for mark in run_folder.glob("*.at_work"):
            mark.unlink(missing_ok=True)

    def count(self, run_folder: Path) -> None:
        """Count what a dead run left at work."""
        for mark in sorted(run_folder.glob("*.at_work")):
            file = _read(AtWork, mark)
            if file is None or file.boot != this_boot():
                continue
            before = self._of(file)
            in_a_row = before.times if before and before.file.fingerprint == file.fingerprint else 0
            death = Death(file=file, times=in_a_row + 1)
            self._write(death)
            mark.unlink()
            logger.warning("%s", death)

    def all(self) -> tuple[Death, ...]:
        """The files that may be to blame, or are."""
        return tuple(death for path in sorted(self._folder.glob("*.json")) if (death := _read(Death, path)))

    def untold(self) -> tuple[Death, ...]:
        """Those that nobody was told yet who started a process; from now on they are."""
        found = tuple(death for death in self.all() if not death.is_told)
        for death in found:
            self._write(death.model_copy(update={"is_told": True}))
        return found

    def _write(self, death: Death) -> None:
        private_folder(self._folder)
        write_whole(self._path(death.file), death.model_dump_json().encode(), mode=PRIVATE_MODE)

    def _of(self, file: AtWork) -> Death | None:
        return _read(Death, self._path(file))

    def _path(self, file: AtWork) -> Path:
        return self._folder / f"{file.asset}-{hashlib.sha256(file.key.encode()).hexdigest()[:16]}.json"


@cache
def this_boot() -> str:
    """The same for as long as the machine runs; another one after it was started again."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:  # not Linux; the time is counted back from now, and moves when the clock is set
        return str(round(psutil.boot_time() / 60))


def _read(kind: type[_Kind], path: Path) -> _Kind | None:
    content = read_if_file(path)
    try:
        return kind.model_validate_json(content) if content else None
    except ValidationError:  # half of it was written when the process died
        return None


def _to_blame(death: Death) -> BadMedia:
    engine = f" with the engine {death.file.engine}" if death.file.engine else ""
    choose = "choose another engine for it in library.yaml, or " if engine else ""
    return BadMedia(
        f"was at work{engine} when the process died, {death.times} times in a row",
        next_step="Native code that crashes, an engine that ends its process, or want of memory (`dmesg` tells) can be "
        f"behind that: {choose}give the machine more memory; "
        "`media-assets retry` tries it again",
    )
