"""One run of one stage that was executed in this process: over which files, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property

import dagster as dg

from media_assets.base.errors import Cancelled, DayIsSpent, Fatal
from media_assets.base.foreign_errors import is_of_database
from media_assets.dagster_seams.steps import ErrorSource, SerializableErrorInfo, UserFailureData
from media_assets.pipeline.marks import DAY

_STOPS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
"""Names of the classes of what is raised where the process is told to stop."""


def ranges(order: Sequence[str], keys: frozenset[str], most: Callable[[], int]) -> Iterator[list[str]]:
    """Neighbours that cover `keys` and nothing else, so many at most as `most` says when their turn comes.

    Args:
        order: Of all keys, those that are to be left out among them.
    """
    found: list[str] = []
    number = 0
    for key in order:
        if found and (key not in keys or len(found) >= number):
            yield found
            found = []
        if key in keys:
            number = number if found else most()
            found.append(key)
    if found:
        yield found


class OneRun:
    """How a run ended.

    Args:
        result: What Dagster says of it.
    """

    def __init__(self, result: dg.ExecuteInProcessResult) -> None:
        self._result = result

    @property
    def id(self) -> str:
        return self._result.run_id

    @cached_property
    def made(self) -> frozenset[str]:
        """The files of which it recorded an artifact."""
        events = self._result.get_asset_materialization_events()
        return frozenset(event.partition for event in events if event.partition)

    def raise_if_fatal(self) -> None:
        """Raise what stopped it. A batch with bad files fails too, but says so file by file.

        Raises:
            Fatal: something stopped all files.
            DayIsSpent: the budget of a day did.
            Cancelled: this process was told to stop.
        """
        if self._result.success:
            return
        events = self._result.get_step_failure_events()
        for event in events:
            data = event.step_failure_data
            if data.error_source is ErrorSource.INTERRUPT or _is_stop(data.error):
                raise _stopped()
            failure = data.user_failure_data
            if failure is None or "failures" not in failure.metadata:
                raise _what_stopped_it(failure) if failure else Fatal(_cause(data.error))
        if not events:  # it did not come to a step: an engine could not be made
            error = self._result.all_events[-1].job_failure_data.error
            raise _stopped() if _is_stop(error) else Fatal(_cause(error))


def _what_stopped_it(failure: UserFailureData) -> Fatal:
    day = failure.metadata.get(DAY)
    description = failure.description or "the run failed"
    return DayIsSpent(description, date.fromisoformat(str(day.value))) if day else Fatal(description)


def _stopped() -> Cancelled:
    return Cancelled("stopped; what was finished is kept", next_step="Start again to go on from there")


def _is_stop(error: SerializableErrorInfo | None) -> bool:
    """Whether a stop is behind it: one that comes while an engine is made is no failure of that."""
    while error:
        if error.cls_name in _STOPS:
            return True
        error = error.cause
    return False


def _cause(error: SerializableErrorInfo | None) -> str:
    """What went wrong in the first place; Dagster wraps it."""
    while error and error.cause:
        error = error.cause
    if error is None:
        return "the run failed"
    message = error.message.strip()
    if is_of_database(message):  # which would quote what it was asked
        return f"Dagster's database failed ({message.partition(':')[0]}). Run again: what is stored is found again"
    return message
