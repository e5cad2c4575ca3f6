"""Scratch directories that vanish: with the file, with the run, and after a crash with the next run.

<state_dir>/work/<run>/           held by a lock for as long as the run lives
<state_dir>/journal/<asset>/…     pieces of long work that outlive a crash
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from media_assets.base.files import PRIVATE_MODE, private_folder
from media_assets.base.interruption import held_if_free

_LOCK = "alive.lock"


class Workspaces:
    """Makes scratch directories below `<state_dir>/work`; one object for each run.

    Args:
        prepare: Called at the start of a run, before anything is made in `state_dir`.
    """

    def __init__(self, state_dir: Path, prepare: Callable[[], None] = lambda: None) -> None:
        self.prepare = prepare
        self._work = state_dir / "work"
        self._journal = state_dir / "journal"

    @contextmanager
    def run(self) -> Iterator[Path]:
        """The directory of one run. What crashed runs left is removed first."""
        self.prepare()
        private_folder(self._work)
        private_folder(self._journal)
        folder = self._work / uuid.uuid4().hex
        alive = FileLock(folder / _LOCK, mode=PRIVATE_MODE)
        with self._coming_and_going():
            self._remove_abandoned()
            folder.mkdir(mode=0o700)
            alive.acquire()
        try:
            yield folder
        finally:
            if folder.exists():  # else its disk went away, and there is nothing to tidy up
                with self._coming_and_going():
                    shutil.rmtree(folder)
            alive.release()

    @staticmethod
    @contextmanager
    def file(run_folder: Path) -> Iterator[Path]:
        """An empty directory for the work on one file."""
        with TemporaryDirectory(dir=run_folder) as folder:
            yield Path(folder)

    def journal(self, asset: str, fingerprint: str) -> Path:
        """The directory in which unfinished work on this fingerprint is kept; not made yet."""
        return self._journal / asset / fingerprint

    def _coming_and_going(self) -> FileLock:
        """The lock held while directories appear and vanish: half-way they would look abandoned."""
        return FileLock(self._work.with_suffix(".lock"), mode=PRIVATE_MODE)

    def _remove_abandoned(self) -> None:
        for folder in self._work.iterdir():
            if not folder.is_dir():
                continue
            with held_if_free(FileLock(folder / _LOCK)) as is_abandoned:
                if is_abandoned:
                    shutil.rmtree(folder, ignore_errors=True)
