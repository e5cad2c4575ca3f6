"""Whether an answer says that its transcription is not there: its job waits, is at work, or failed.

Servers that transcribe in the background answer at once, with the state of the job and no text. That is no silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

_STATES = frozenset(
    {"status", "state", "phase", "jobstatus", "jobstate", "taskstatus", "taskstate", "statusstr", "statustext",
     "transcriptionstatus", "transcriptionjobstatus", "recognitionstatus"}
)  # fmt: skip
"""Where servers say it, in small letters and without the marks between words."""
_SOMETIMES = frozenset({"result", "output"})
"""The transcript at some servers."""
_CODES = frozenset({"code", "statuscode", "errorcode"})
_DONE = frozenset({"done", "completed", "complete", "finished", "ready", "isdone", "iscompleted", "isfinished"})
_SUCCESS = frozenset({"success", "succeeded", "ok"})
_INNER_NAMES = ("state", "status", "name", "value", "code")
_FINISHED = re.compile(
    r"completed?|done|success\w*|succe+ded|ok|okay|finished|ready|final|finalized|transcribed|processed|available"
    r"|ended|closed|stop|.*silence.*|silent|no (speech|voice|match|text|words).*|empty"
)
_FAILED = re.compile(
    r"fail|error|cancel|abort|expired|reject|denied|invalid|time ?out|timed out|terminated|killed|stopped|deleted"
    r"|refused|exception|crash"
)
_AT_WORK = re.compile(
    r"queue|pend|wait|progress|process|running|start|submit|accept|creat|schedul|transcribing|received|partial"
    r"|incomplete|not (yet )?(ready|done|finished|complete)|suspended|doing"
)
_AT_WORK_CODES = (102, 202)
_LONGEST_STATE = 3
"""Words; what is longer is a sentence about something else."""


@dataclass(frozen=True)
class JobState:
    """What an answer says of a job that is not done."""

    words: str
    """Name and value, as the server writes them."""
    failed: bool = False
    """Else it waits or is at work."""
    known: bool = True
    """Whether the words are among those known here."""
    status: int = 200
    """HTTP's, where the answer names one for its failure."""


def job_state(
    layers: Sequence[dict[str, Any]], beside: Sequence[dict[str, Any]], *, says_something: bool
) -> JobState | None:
    """What stands in the way of a transcript; None where nothing does.

    Args:
        layers: The objects of the answer, from the outermost to the one that has the text.
        beside: Other objects in these. They count where nothing is said.
        says_something: Whether there is a text. Then a state that nobody knows stands in no way.
    """
    found = [state for layer in layers for state in _states(layer)]
    if not says_something:
        found += [state for each in beside for state in _states(each) if state.known]
    unfinished = sorted(found, key=lambda state: (not state.known, not state.failed))
    return next((state for state in unfinished if state.known or not says_something), None)


def is_state(text: str) -> bool:
    """Whether a text is the name of a state and nothing else: `result` is the transcript at some servers."""
    words = _plain(text)
    return len(words.split()) <= 1 and bool(_FINISHED.fullmatch(words) or _meaning(words)) and text == text.strip(".!?")


def _states(layer: dict[str, Any]) -> Iterator[JobState]:
    for key, value in layer.items():
        name = re.sub(r"[_\W]", "", key).lower()
        if isinstance(value, dict) and name in _STATES:
            inner = next((value[each] for each in _INNER_NAMES if value.get(each) is not None), None)
            state = _state(name, inner)
        else:
            state = _state(name, value)
        if state:
            yield replace(state, words=f"{key}: {value}")


def _state(name: str, value: object) -> JobState | None:
    if isinstance(value, bool):
        told = name in _STATES | _DONE | _SUCCESS
        return JobState("", failed=name not in _DONE) if told and not value else None
    if name in _STATES | _CODES and str(value).isdigit():
        return _of_code(int(str(value)))
    if not isinstance(value, str) or not (name in _STATES or (name in _SOMETIMES and is_state(value))):
        return None
    words = _plain(value)
    if not words or _FINISHED.fullmatch(words):
        return None
    return _meaning(words) or JobState("", known=False)


def _of_code(code: int) -> JobState | None:
    """What a status of HTTP within an answer says; other numbers mean something else at each server."""
    if 400 <= code < 600:
        return JobState("", failed=True, status=code)
    return JobState("") if code in _AT_WORK_CODES else None


def _meaning(words: str) -> JobState | None:
    if len(words.split()) > _LONGEST_STATE:
        return None
    if _FAILED.search(words):
        return JobState("", failed=True)
    return JobState("") if _AT_WORK.search(words) else None


def _plain(state: str) -> str:
    """`NotStarted`, `IN_QUEUE` and `in-progress` as words."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", state).lower().split())
