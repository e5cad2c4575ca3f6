"""What belongs together: failures whose reasons differ only in numbers, names and paths have one cause; and why a run
ended that no file is to blame for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterEventType

from media_assets.base.telling import printable
from media_assets.dagster_seams.runs import WILL_RETRY_TAG
from media_assets.dagster_seams.steps import SerializableErrorInfo, StepFailureData
from media_assets.pipeline.causes import cause

_LONGEST_REASON = 300


@dataclass(frozen=True)
class Stop:
    """Why a run ended early, and no file is to blame."""

    assets: tuple[str, ...]
    reason: str
    next_step: str = ""


def cause_of_failure(asset: str, kind: str, reason: str) -> str:
    """Equal for failures of one cause."""
    return short_digest(("failure", asset, kind, cause(reason)))


def cause_of_stop(stop: Stop) -> str:
    """Equal for stops of one cause, whichever stages it stopped."""
    return short_digest(("stop", cause(stop.reason)))


def stop_of(instance: dg.DagsterInstance, run_id: str, message: str) -> Stop | None:
    """Why a failed run ended; None when files are to blame, each of which has its own event, or when it is run again.

    Args:
        message: That of the event of its failure.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or run.tags.get(WILL_RETRY_TAG) == "true":
        return None
    entries = instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    if not events:
        selected = tuple(sorted(key.path[-1] for key in run.asset_selection or ()))
        return Stop(selected, _short(message) or "the run failed")
    for event in events:
        data = event.step_failure_data
        metadata = data.user_failure_data.metadata if data.user_failure_data else {}
        if "failures" not in metadata:
            reason, next_step = _why(data)
            return Stop((event.step_key or "",), reason, next_step)
    return None


def _why(data: StepFailureData) -> tuple[str, str]:
    failure = data.user_failure_data
    if failure is None:
        return _short(_innermost(data.error)), ""
    texts = {name: str(value.value) for name, value in failure.metadata.items() if name in ("reason", "next_step")}
    return _short(texts.get("reason") or failure.description or ""), _short(texts.get("next_step", ""))


def _innermost(error: SerializableErrorInfo | None) -> str:
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else "the step failed"


def _short(text: str) -> str:
    first = next(iter(printable(text).strip().splitlines()), "")
    return first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}…"


def short_digest(parts: Iterable[str]) -> str:
    """Sixteen characters that differ for different parts, for states that are kept small."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
