"""The work on one file: its scratch directory, its time limit, and the ways to report progress and to be stopped."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media_assets.base.errors import BadMedia, Cancelled, Fatal, TimeLimitExceeded
from media_assets.work.child_limits import ChildLimits, ToolLimits
from media_assets.work.growth import Growth
from media_assets.work.spending import Spending


@dataclass
class Work:
    """Handed to an engine with each file.

    Args:
        directory: An empty directory of this file's own. It vanishes when the stage is done with the file, so what is
            to be kept is handed over as a file of the artifact.
        time_limit_seconds: How long the file may take from now on; None for no limit.
        max_media_seconds: How long a recording may play; None for any length.
        cancelled: Set from outside when the run is asked to stop.
        report: Receives the fraction done (0 to 1) of the file.
        journal: A directory that outlives a crash and is the same for the same inputs and settings: long work leaves
            finished pieces there and takes them up again. None when nothing may be kept. Emptied on success.
        child_limits: What a child process that reads the file may take.
        tool_limits: What a tool that reads it, such as ffmpeg, may take.
        spending: Asked before every call that costs money.
        link: For engines on other machines: gives, for so many seconds, a secret address at which they can fetch what
            they work on; None where it has none.
        growth: Lets the limit grow with progress; None where it was known from the start how long the file plays.
        clock: Seconds that only go forward.
    """

    directory: Path
    time_limit_seconds: float | None = None
    max_media_seconds: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    report: Callable[[float], None] = lambda _: None
    journal: Path | None = None
    min_free_bytes: int = 0
    child_limits: ChildLimits = field(default_factory=ChildLimits)
    tool_limits: ToolLimits = field(default_factory=ToolLimits)
    spending: Spending = field(default_factory=Spending)
    link: Callable[[int], str | None] = lambda _: None
    started: float = field(default_factory=time.monotonic)
    growth: Growth | None = None
    clock: Callable[[], float] = time.monotonic

    @property
    def remaining_seconds(self) -> float | None:
        """Seconds left of the limit, 0 when it has passed, None without one."""
        if self.time_limit_seconds is None:
            return None
        grown = self.growth.grown_seconds if self.growth else 0.0
        return max(0.0, self.started + max(self.time_limit_seconds, grown) - self.clock())

    @property
    def processor_seconds(self) -> int | None:
        """How much time of all processors together fits into what is left of the limit; None without one."""
        remaining = self.remaining_seconds
        if remaining is not None and self.growth is not None:  # it is told once, when the process starts
            remaining = max(remaining, self.started + self.growth.most_seconds - self.clock())
        return None if remaining is None else math.ceil(remaining) * (os.cpu_count() or 1) + 2

    @property
    def room_bytes(self) -> int:
        """How much may be written to `directory`, so that `min_free_bytes` stay free."""
        return max(0, shutil.disk_usage(self.directory).free - self.min_free_bytes)

    def require_space(self, size_bytes: int) -> None:
        """Engines call this before they write about so many bytes to `directory`.

        Raises:
            Fatal: the disk has less than that and `min_free_bytes`.
        """
        free = shutil.disk_usage(self.directory).free
        if free < size_bytes + self.min_free_bytes:
            raise Fatal(
                f"{self.directory} has {free} bytes free; {size_bytes} are needed and {self.min_free_bytes} stay free",
                next_step="Free space there, or move state_dir or lower limits.min_free_bytes in library.yaml",
            )

    def require_length(self, seconds: float) -> None:
        """Engines call this with how long a recording plays, be it by its own claim or as it came out.

        Raises:
            BadMedia: it is more than `max_media_seconds`.
        """
        if self.max_media_seconds is not None and seconds > self.max_media_seconds:
            raise BadMedia(
                f"plays for {seconds / 3600:,.0f} hours by its own time stamps, and {self.max_media_seconds / 3600:g} "
                "are allowed",
                next_step="If it does, raise limits.max_media_hours in library.yaml, then retry it; if it does not, "
                "export it again",
            )

    def progressed(self) -> None:
        """Engines call this when more of the file came out: its limit grows where it did not say how long it plays."""
        if self.growth is not None:
            self.growth.progress(self.clock() - self.started)

    def check_cancelled(self) -> None:
        """Stop here if the run is to stop, in waits that are not the file's fault, such as its download.

        Raises:
            Cancelled: the run was asked to stop.
        """
        if self.cancelled.is_set():
            raise Cancelled("the run was stopped")

    def check(self) -> None:
        """Engines call this between steps.

        Raises:
            Cancelled: the run was asked to stop.
            TimeLimitExceeded: the file's time is up.
        """
        self.check_cancelled()
        if self.remaining_seconds == 0.0:
            limit = max(self.time_limit_seconds or 0.0, self.growth.grown_seconds if self.growth else 0.0)
            raise TimeLimitExceeded(
                f"took longer than its limit of {limit:.0f} s",
                next_step="Look at the file; if it is sound, raise time_limit_seconds of the asset in library.yaml",
            )
