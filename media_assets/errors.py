"""What a failure means for the file it happened on, and for the batch around it.

Engines and sources raise these; `file_asset` decides by their class alone. A message says what was wrong and
what to do next; the name of the file is added by whoever knows it, once.
"""

from __future__ import annotations

import errno
from datetime import date


class MediaAssetsError(Exception):
    """Base of the project's errors.

    Args:
        reason: What was wrong, as a clause that reads well behind a file name ("has no audio stream").
        next_step: What a person can do about it. Empty when nothing can or need be done.
    """

    def __init__(self, reason: str, *, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = _printable(reason)
        self.next_step = _printable(next_step)

    def __str__(self) -> str:
        return f"{self.reason}. {self.next_step}" if self.next_step else self.reason


def _printable(text: str) -> str:
    """Names with stray bytes hold surrogates, which neither a terminal nor a database takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class NotApplicable(MediaAssetsError):
    """The stage has nothing to do for this file (a photo has no audio). Not a failure: the cell turns green."""


class BadMedia(MediaAssetsError):
    """The file is at fault and a repetition would end the same. Its cell turns red, the batch goes on."""


class TimeLimitExceeded(BadMedia):
    """The file took longer than its limit; it was stopped and the batch goes on."""


class OverBudget(MediaAssetsError):
    """The file would cost more than one file may. Nothing is wrong with it: it counts as not made, not as failed.

    The batch goes on, and the file is looked at again whenever files are processed: to ask costs nothing.
    """


class SourceChanged(MediaAssetsError):
    """The source file changed or vanished while it was processed; the result was dropped."""


class Transient(MediaAssetsError):
    """A repetition may help (network, a busy service). The asset's retry policy runs the batch again."""


class Fatal(MediaAssetsError):
    """Nothing will work until a person repairs something (credentials, quota, disk full, configuration).

    The batch stops at once and no file is marked bad.
    """


class DayIsSpent(Fatal):
    """The budget of a day does not hold what comes next. What was not begun is asked for again on the next day.

    Args:
        day: The day (UTC).
    """

    def __init__(self, reason: str, day: date, *, next_step: str = "") -> None:
        super().__init__(reason, next_step=next_step)
        self.day = day


class Cancelled(MediaAssetsError):
    """The run was asked to stop."""


# What the operating system says when the fault is the machine's, not the file's.
_FATAL_ERRNOS = {
    errno.ENOSPC: "Free space on that disk, then run again",
    errno.EDQUOT: "Free space within the quota, or have it raised, then run again",
    errno.EROFS: "Mount it for writing, or choose another place in library.yaml",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), or lower `workers` in library.yaml",
    errno.ENFILE: "Too many files are open on this machine; close some, then run again",
}
_TRANSIENT_ERRNOS = {errno.EIO, errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.ENETUNREACH}


def classify(error: BaseException) -> MediaAssetsError:
    """The project's error for any exception.

    An error nobody foresaw counts as the file's own fault: one odd file must not stop its batch. Its class stays in
    the reason, and the traceback goes to the run's log.
    """
    if isinstance(error, MediaAssetsError):
        return error
    if isinstance(error, MemoryError):
        return Fatal("memory is used up", next_step="Lower `workers` of this asset in library.yaml")
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in _FATAL_ERRNOS:
            return Fatal(f"{error.strerror}{where}", next_step=_FATAL_ERRNOS[error.errno])
        if isinstance(error, ConnectionError | TimeoutError) or error.errno in _TRANSIENT_ERRNOS:
            return Transient(f"{type(error).__name__}: {error}")
        if isinstance(error, FileNotFoundError):
            return SourceChanged(f"vanished while it was read{where}")
        if isinstance(error, PermissionError):
            return BadMedia(f"may not be read{where}", next_step="Grant the process access to it, then retry")
    return BadMedia(
        f"{type(error).__name__}: {error}", next_step="This was not foreseen; the traceback is in the log of the run"
    )
