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
from media_assets.pipeline.deaths import Death, Deaths

_LOCK = "alive.lock"


class Workspaces:
    """Makes scratch directories below `<state_dir>/work`; one object for each run.

    Args:
        prepare: Called at the start of a run, before anything is made in `state_dir`.
    """

    def __init__(self, state_dir: Path, prepare: Callable[[], None] = lambda: None) -> None:
        self.prepare = prepare
        self.deaths = Deaths(state_dir / "died")
        """What was at work when processes died."""
        self._held: list[FileLock] = []
        """The locks of directories that are left."""
        self._work = state_dir / "work"
        self._journal = state_dir / "journal"

    @contextmanager
    def run(self, is_left: Callable[[], bool] = lambda: False) -> Iterator[Path]:
        """The directory of one run. What crashed runs left is removed first.

        Args:
            is_left: Whether, in the end, something still works in there: then it is left to the next run after this
                process.
        """
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
            if is_left():
                self._held.append(alive)
            elif folder.exists():  # else its disk went away, and there is nothing to tidy up
                with self._coming_and_going():
                    shutil.rmtree(folder)
            if not is_left():
                alive.release()

    def take_up_deaths(self) -> tuple[Death, ...]:
        """Count what was at work in runs whose process died; all files that may be to blame."""
        if self._work.is_dir():
            with self._coming_and_going():
                self._remove_abandoned()
        return self.deaths.all()

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
                    self.deaths.count(folder)
                    shutil.rmtree(folder, ignore_errors=True)
