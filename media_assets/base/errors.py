"""What a failure means for the file it happened on, and for the batch around it.

Engines, sources and stores raise these; `pipeline` decides by their class alone. A message says what was wrong and what
to do next; the name of the file is added by whoever knows it, once.

    MediaAssetsError
    ├── NotApplicable               green: there is nothing to do for this file
    ├── Waiting                     missing: an earlier stage has no artifact of it yet
    ├── OverBudget                  missing: it would cost more than a file may
    ├── BadMedia                    red: the file is at fault
    │   ├── IncompleteMedia         its end or its index is missing
    │   ├── UnreadablePicture       it is no picture that can be opened
    │   ├── Refused                 Drive refuses something that concerns this file alone
    │   │   └── TokenExpired        … a page of a list, or what changed since
    │   ├── TimeLimitExceeded       it took longer than its limit
    │   ├── BadArtifact             what is stored of an earlier stage cannot be read: that file is at fault
    │   ├── BadResult               an engine made nonsense of it
    │   └── Unforeseen              nobody thought of it
    ├── SourceChanged               the file changed or vanished meanwhile
    │   ├── NotFound                … in Drive
    │   └── ObjectGone              … in a bucket
    ├── Transient                   the batch is run again: a repetition may help
    │   ├── Unavailable             Drive is busy, or does not answer
    │   │   └── NotDrive            … something else answered
    │   ├── IdTaken                 an id of Drive is in use already
    │   ├── ConditionFailed         somebody else wrote the object first
    │   └── NoRoom                  the cache is full of what is in use
    ├── Fatal                       the batch stops and no file is blamed: a person has to repair something
    │   ├── FaultOfCode             a stage, an engine or a place breaks what it promised: its code is to be mended
    │   ├── SettingsError           library.yaml
    │   ├── NotAllowed              the account may not do that in Drive
    │   ├── WrongFolder             what library.yaml names as a folder of Drive cannot be used
    │   │   ├── NoSuchFolder        … it is not there
    │   │   └── StoreGone           … it was there, and is gone
    │   ├── NotListed               Drive refuses to say what lies in a folder
    │   ├── UnreadableNames         a bucket has names that the client cannot handle
    │   ├── NotOfThisPlace          a move names what does not lie in the place that files are moved in
    │   ├── WeightsNotInstalled     the package is missing whose weights tell voices apart
    │   ├── NoMemory                there is none left
    │   ├── AllAlike                the first files failed all in the same unforeseen way
    │   └── DayIsSpent              the budget of the day is used up
    ├── Cancelled                   the run is to stop
    ├── TooMuch                     within an engine: LibreTranslate takes no request of that size
    ├── TooLong                     within an engine: the request or its answer did not fit, half of it may
    └── CallLost                    within an engine: Modal has no result of a call and will not have one
"""

from __future__ import annotations

import errno
import os
import traceback
from datetime import date
from pathlib import Path
from typing import ClassVar

from media_assets.base.foreign_errors import Meaning, meaning_of, meaning_of_system
from media_assets.base.telling import members, printable, shortened, text_of, told


class MediaAssetsError(Exception):
    """Base of the project's errors.

    Args:
        reason: What was wrong, as a clause that reads well behind a file name ("has no audio stream").
        next_step: What a person can do about it. Empty when nothing can or need be done.
    """

    longest: ClassVar[int] = 10_000
    """Characters of a message that are kept."""

    def __init__(self, reason: str, *, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = self._fit(reason)
        self.next_step = self._fit(next_step)

    def __str__(self) -> str:
        return f"{self.reason}. {self.next_step}" if self.next_step else self.reason

    def _fit(self, text: object) -> str:
        """Some raise with another exception in the place of a text."""
        return printable(shortened(text, self.longest)) if isinstance(text, str) else text_of(text)


class NotApplicable(MediaAssetsError):
    """The stage has nothing to do for this file (a photo has no audio). Not a failure: the cell turns green."""


class BadMedia(MediaAssetsError):
    """The file is at fault and a repetition would end the same. Its cell turns red, the batch goes on."""

    place: str = ""
    """What went wrong and where, for comparison, where it may be no fault of single files: see
    `pipeline.first_failures`. Empty where it is one, and where the place is not known."""


class BadArtifact(BadMedia):
    """What is stored of this file, by an earlier stage or by this one, cannot be read. It has to be made again.

    Args:
        place: The same for files whose artifacts cannot be read for the same reason.
    """

    def __init__(self, reason: str, *, next_step: str, place: str = "") -> None:
        super().__init__(reason, next_step=next_step)
        self.place = place


class BadResult(BadMedia):
    """What an engine made of this file is nonsense; of others it may make sense.

    Args:
        place: The same for files of which it made the same nonsense.
    """

    def __init__(self, reason: str, *, next_step: str, place: str) -> None:
        super().__init__(reason, next_step=next_step)
        self.place = place


class Unforeseen(BadMedia):
    """Something nobody thought of. The file's own fault, until it hits the next files all alike.

    Args:
        error: What was raised.
        by: Who raised it, where that is known ("the engine echo").
        next_step: What can be done about that.
    """

    def __init__(self, error: BaseException, *, by: str = "", next_step: str = "") -> None:
        surprise = "This was not foreseen; the traceback is in the log of the run"
        super().__init__(
            f"{by} raised {told(error)}" if by else told(error),
            next_step=f"{surprise}. {next_step}" if next_step else surprise,
        )
        frames = traceback.extract_tb(error.__traceback__, limit=-1)
        self.place = f"{type(error).__qualname__} at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


class TimeLimitExceeded(BadMedia):
    """The file took longer than its limit; it was stopped and the batch goes on."""


class OverBudget(MediaAssetsError):
    """The file would cost more than one file may. Nothing is wrong with it: it counts as not made, not as failed.

    The batch goes on, and the file is looked at again whenever files are processed: to ask costs nothing.
    """


class Waiting(MediaAssetsError):
    """An earlier stage has no artifact of this file yet. Nothing failed: the cell stays missing."""


class SourceChanged(MediaAssetsError):
    """The source file changed or vanished while it was processed; the result was dropped."""


class Transient(MediaAssetsError):
    """A repetition may help (network, a busy service). The asset's retry policy runs the batch again."""


class Fatal(MediaAssetsError):
    """Nothing will work until a person repairs something (credentials, quota, disk full, configuration).

    The batch stops at once and no file is marked bad.
    """


class FaultOfCode(Fatal):
    """A stage, an engine or a place does not keep what it promises: its code is at fault, whatever the file."""


class NoMemory(Fatal):
    """No memory is left. Who knows how many files are worked on at once says what to do about it."""


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


def kind_of(error: MediaAssetsError) -> str:
    """The name to record a failure by: of the class in here, whatever finer ones a service has."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == __name__)


# Kinds that are tried again without being asked for.
_PASSING = frozenset({Transient.__name__, SourceChanged.__name__, OverBudget.__name__})
# Finer classes that were recorded by their own names before there was `kind_of`.
_ONCE_RECORDED = frozenset({"ConditionFailed", "IdTaken", "NoRoom", "NotFound", "ObjectGone", "Unavailable"})


def is_passing(kind: str) -> bool:
    """Whether a recorded failure of this kind may have passed by itself."""
    return kind in _PASSING or kind in _ONCE_RECORDED


def classify(error: BaseException, *, source: Path | None = None) -> MediaAssetsError:
    """The project's error for any exception.

    What comes from below (the system, the network, a database) is nobody's fault among the files; see
    `foreign_errors`. What nobody foresaw counts as the file's own fault: one odd file must not stop its batch. Its
    class stays in the reason, and the traceback goes to the run's log.

    Args:
        source: The source file, where it was being read: of that alone the file is blamed for a refusal.
    """
    try:
        return _classified(error, source)
    except Exception:  # noqa: BLE001  an exception of others may raise as soon as anything is asked of it
        return Unforeseen(error)


def path_of(error: OSError) -> Path | None:
    """The file that a refusal of the system names; None where it names none, or a descriptor."""
    name = error.filename
    return Path(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) and name else None


def _classified(error: BaseException, source: Path | None) -> MediaAssetsError:
    known = _first_of_ours(error)
    if known:
        return known if _can_be_told(known) else Unforeseen(known)
    found = list(members(error))
    if any(isinstance(each, MemoryError) or getattr(each, "errno", None) == errno.ENOMEM for each in found):
        return NoMemory("memory is used up", next_step="Free memory, or lower `workers` of this asset in library.yaml")
    if isinstance(error, OSError) and source and path_of(error) == source:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return SourceChanged(f"vanished while it was read ({source})")
        if isinstance(error, PermissionError):
            return BadMedia(f"may not be read ({source})", next_step="Grant the process access to it, then retry")
        if error.errno == errno.ENXIO:
            return BadMedia(f"{error.strerror} ({source})", next_step="Take it out of the source")
    # Dagster wraps what others raised.
    found.sort(key=lambda each: type(each).__module__.startswith("dagster"))
    meanings = [meaning for each in found if (meaning := _meaning(each))]
    if meanings:
        gravest = next((meaning for meaning in meanings if meaning.lasting), meanings[0])
        meaning = gravest if isinstance(error, BaseExceptionGroup) else meanings[0]
        return (Fatal if meaning.lasting else Transient)(meaning.reason, next_step=meaning.next_step)
    return Unforeseen(error)


def _first_of_ours(error: BaseException) -> MediaAssetsError | None:
    """Also where a library wrapped what our own callback raised, to stop it. Of a group, what stops the batch."""
    found = [
        each
        for each in members(error)
        if isinstance(each, MediaAssetsError) and (each is error or not isinstance(each, NotApplicable))
    ]
    if isinstance(error, BaseExceptionGroup):
        found.sort(key=lambda each: not isinstance(each, Cancelled | Fatal))
    return next(iter(found), None)


def _can_be_told(error: MediaAssetsError) -> bool:
    """A class of others may have left out what an error is made of, or tell it in its own way."""
    try:
        return isinstance(error.reason, str) and isinstance(error.next_step, str) and isinstance(str(error), str)
    except Exception:  # noqa: BLE001  it may raise whatever it likes
        return False


def _meaning(error: BaseException) -> Meaning | None:
    return meaning_of(error) or (meaning_of_system(error) if isinstance(error, OSError) else None)
