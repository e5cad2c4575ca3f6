"""The engine of the toy stages: does what the text of a file orders, line by line, e.g. `shout: transient 2`."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy.exc

from media_assets.base.errors import BadMedia, Fatal, NotApplicable, Transient
from media_assets.pipeline.artifact import Artifact
from media_assets.work.work import Work
from media_assets_tests.awkward_errors import AWKWARD
from media_assets_tests.waiting import wait_until
from media_assets_tests.wrong_results import WRONG


class Bench:
    """The engine of all toy stages: does what the text says, and keeps a list of its calls that outlives processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = folder / "calls"

    def act(self, stage: str, text: str, work: Work, source: Path | None = None) -> None:
        title, *orders = text.splitlines()
        with self._calls.open("ab", buffering=0) as calls:
            calls.write(f"{stage} {title}\n".encode())
        for order in orders:
            whose, _, what = order.partition(": ")
            if whose == stage:
                verb, _, argument = what.partition(" ")
                getattr(self, f"_{verb}")(f"{stage} {title}", argument, work, source)

    def instead(self, stage: str, text: str, made: Artifact[Any], directory: Path) -> Any:
        """What was made; with the order `returns <name>` what should not be returned."""
        orders = [order.removeprefix(f"{stage}: returns ") for order in text.splitlines()[1:] if ": returns " in order]
        return WRONG[orders[0]][0](made, directory) if orders else made

    def _returns(self, *_: object) -> None:
        """See `instead`."""

    def _looks_for(self, call: str, name: str, work: Work, source: Path | None) -> None:
        (work.directory / name).read_bytes()

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text("utf-8").splitlines() if self._calls.exists() else []

    def calls_of(self, stage: str) -> Counter[str]:
        """How often a stage was called, by title."""
        return Counter(call.removeprefix(f"{stage} ") for call in self.calls if call.startswith(f"{stage} "))

    def forget(self) -> None:
        self._calls.unlink(missing_ok=True)

    def wait_for(self, name: str) -> None:
        """Until a stage with the order `pause <name>` has begun."""
        wait_until((self._folder / f"{name}.begun").exists)

    def let_go(self, name: str) -> None:
        (self._folder / f"{name}.go").touch()

    def _poison(self, *_: object) -> None:
        raise BadMedia("is poison", next_step="Throw it away")

    def _odd(self, *_: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    def _awkward(self, call: str, name: str, *_: object) -> None:
        raise AWKWARD[name][0]()

    def _photo(self, *_: object) -> None:
        raise NotApplicable("is a photo")

    def _transient(self, call: str, times: str, *_: object) -> None:
        if self.calls.count(call) <= int(times):
            raise Transient("the network broke", next_step="Wait")

    def _fatal(self, *_: object) -> None:
        raise Fatal("the key is wrong", next_step="Set another")

    def _pay(self, call: str, usd: str, work: Work, source: Path | None) -> None:
        with work.spending.paying(float(usd)) as payment:
            payment.cost_usd = float(usd)

    def _full(self, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/disk")

    def _hang(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        while True:
            work.check()
            time.sleep(0.01)

    def _pause(self, call: str, name: str, work: Work, source: Path | None) -> None:
        (self._folder / f"{name}.begun").touch()

        def may_go_on() -> bool:
            work.check()
            return (self._folder / f"{name}.go").exists()

        wait_until(may_go_on)

    def _deaf(self, call: str, name: str, work: Work, source: Path | None) -> None:
        """As `pause`, and asks nobody whether it is to stop."""
        (self._folder / f"{name}.begun").touch()
        wait_until((self._folder / f"{name}.go").exists)

    def _change(self, call: str, text: str, work: Work, source: Path | None) -> None:
        assert source is not None
        source.write_text(f"{text}\n", "utf-8")

    def _vanish(self, call: str, text: str, work: Work, source: Path | None) -> None:
        assert source is not None
        source.unlink()

    def _move_away(self, call: str, name: str, work: Work, source: Path | None) -> None:
        """A folder beside the library's, and then read on as if nothing had happened."""
        folder = self._folder.parent / name
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}-away"))
        if source is not None:
            source.read_bytes()

    def _misread(self, *_: object) -> None:
        """As an engine says it of a file that it could not open."""
        raise BadMedia("cannot be opened")

    def _locked(self, *_: object) -> None:
        raise sqlalchemy.exc.OperationalError("UPDATE kvs", {"secret": 1}, sqlite3.OperationalError("locked"))

    def _memory(self, *_: object) -> None:
        raise MemoryError

    def _slow(self, *_: object) -> None:
        time.sleep(0.1)

    def _broken_path(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    def _broken_state(self, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/state/work")

    def _value(self, *_: object) -> None:
        """What is made cannot be described; see `describe`."""

    def _journal(self, call: str, argument: str, work: Work, source: Path | None) -> None:
        assert work.journal is not None
        work.journal.mkdir(parents=True, exist_ok=True)
        (work.journal / "piece").write_text("half of it")

    def _die(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
