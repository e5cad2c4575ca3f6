"""library_report: how the library fares: space saved, speed, success, cost; and checks of the goals."""

import base64
import io
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import dagster as dg

from media_assets.artifacts.all import enabled_stages
from media_assets.artifacts.library_report.figures import LibraryFigures, library_figures
from media_assets.base.wording import counted
from media_assets.dagster_seams.runs import BulkActionsFilter, BulkActionStatus
from media_assets.pipeline.latest_records import latest_made
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.shown import markdown_table, with_units
from media_assets.pipeline.status import State

NAME = "library_report"
_BEFORE_THE_DIGEST_MINUTES = 30
# The first report waits until what was there at the start is made, but for no longer than this.
_LOOK_SECONDS, _AT_MOST_SECONDS = 30, 600.0
_BUSY = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)
_MADE = "made"
_CAUSES_IN_A_SENTENCE = 3
FIRST_ATTEMPT_GOAL, SAVED_GOAL, CACHE_GOAL = 0.95, 0.30, 0.70

_COLOURS = {State.DONE: "#2e7d32", State.NOT_APPLICABLE: "#9e9e9e", State.FAILED: "#c62828", State.MISSING: "#e0e0e0"}


@dg.asset(
    name=NAME,
    group_name="library",
    kinds={"matplotlib"},
    required_resource_keys={"library"},
    check_specs=[
        dg.AssetCheckSpec("first_attempt_success", asset=NAME, description="95 % succeed at the first attempt."),
        dg.AssetCheckSpec("space_saved", asset=NAME, description="Smaller versions save 30 % of the space."),
        dg.AssetCheckSpec("cache_hits", asset=NAME, description="70 % of the reads find the file in the cache."),
        dg.AssetCheckSpec("nothing_failed", asset=NAME, description="No file is left failed."),
        dg.AssetCheckSpec("quality", asset=NAME, description="Every file passes the checks of its quality."),
    ],
)
def library_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Figures of the whole library: files in each state, space saved, files and minutes per hour, success at the first
    attempt, hits of the cache, cost, failures by cause; with a check for each goal."""
    library: Library = context.resources.library
    stages = enabled_stages(library.settings.assets)
    figures = library_figures(context.instance, library, stages, registered(context.instance))
    return dg.MaterializeResult(metadata=_metadata(figures), check_results=_checks(figures))


def _metadata(figures: LibraryFigures) -> dict[str, Any]:
    speeds = [
        dg.TableRecord(
            {
                "asset": asset,
                "made": stage.made,
                "left_as_they_are": stage.left,
                "files_per_hour": round(stage.files_per_hour or 0, 1),
                "media_minutes_per_hour": round(stage.media_minutes_per_hour or 0, 1),
                "cost_usd": round(stage.cost_usd, 4),
            }
        )
        for asset, stage in figures.stages.items()
    ]
    causes = [
        dg.TableRecord({"cause": cause, "files": count}) for cause, count in figures.failures_by_cause.most_common()
    ]
    metadata = {
        "files": figures.files,
        "states": markdown_table(
            ("files", *(state.value.replace("_", " ") for state in State)),
            [(asset, *(states[state] for state in State)) for asset, states in figures.states.items()],
        ),
        "states_plot": dg.MetadataValue.md(f"![files in each state]({_states_plot(figures)})"),
        "speed_of_one_worker": dg.MetadataValue.table(speeds),
        "saved_bytes": figures.saved_bytes,
        "cost_usd": figures.cost_usd,
        **_present("first_attempt_success", figures.first_attempt_success),
        **_present("saved_share", figures.saved_share),
        **_present("cache_hit_share", figures.cache_hit_share),
        **({"failures_by_cause": dg.MetadataValue.table(causes)} if causes else {}),
        **({"quality": _quality_table(figures)} if figures.quality else {}),
    }
    return with_units(metadata)


def _quality_table(figures: LibraryFigures) -> dg.MetadataValue[Any]:
    """How many files pass each check."""
    rows = [(asset, check, *counts) for (asset, check), counts in figures.quality.items()]
    return markdown_table(("asset", "check", "pass", "do not pass"), rows)


def _present(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: round(value, 4)}


def _checks(figures: LibraryFigures) -> list[dg.AssetCheckResult]:
    failed = sum(states[State.FAILED] for states in figures.states.values())
    warned = {f"{asset} {check}": bad for (asset, check), (_, bad) in figures.quality.items() if bad}
    return [
        _goal("first_attempt_success", figures.first_attempt_success, FIRST_ATTEMPT_GOAL),
        _goal("space_saved", figures.saved_share, SAVED_GOAL),
        _goal("cache_hits", figures.cache_hit_share, CACHE_GOAL),
        dg.AssetCheckResult(
            check_name="nothing_failed",
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            description=_red_cells(failed, figures.failures_by_cause) if failed else "no cell is red",
        ),
        dg.AssetCheckResult(
            check_name="quality",
            passed=not warned,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(f"{check}: {counted(bad)}" for check, bad in warned.items())
            or "nothing is warned of",
            metadata={"next_step": "`media-assets status --warnings` says which, and what to do"} if warned else {},
        ),
    ]


def _red_cells(number: int, causes: Counter[str]) -> str:
    """How many, and why most of them."""
    told = [f"{reason} ({counted(files)})" for reason, files in causes.most_common(_CAUSES_IN_A_SENTENCE)]
    if len(causes) > len(told):
        told.append(f"and {counted(len(causes) - len(told), 'more cause')}")
    return f"{counted(number, 'red cell')}: {'; '.join(told)}"


def _goal(name: str, share: float | None, goal: float) -> dg.AssetCheckResult:
    if share is None:
        return dg.AssetCheckResult(check_name=name, passed=True, description="there is nothing to measure yet")
    return dg.AssetCheckResult(
        check_name=name,
        passed=share >= goal,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{share:.1%}, the goal is {goal:.0%}",
        metadata={"share": round(share, 4), "goal": goal},
    )


def _states_plot(figures: LibraryFigures) -> str:
    """A bar for each asset, as a data URI."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.5 + 0.4 * len(figures.states)), layout="constrained")
    axes = figure.subplots()
    assets = list(reversed(figures.states))
    left = [0] * len(assets)
    for state, colour in _COLOURS.items():
        counts = [figures.states[asset][state] for asset in assets]
        axes.barh(assets, counts, left=left, color=colour, label=state.value.replace("_", " "))
        left = [start + count for start, count in zip(left, counts, strict=True)]
    axes.set_xlabel("files")
    axes.legend(ncols=len(_COLOURS), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=80)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode("ascii")


def daily_report(zone: str, digest_at: str | None) -> dg.ScheduleDefinition:
    """The schedule of the report: every morning, half an hour before the digest, which tells of it.

    Args:
        digest_at: Time of day of the digest, HH:MM; None where nobody gets one.
    """
    minutes = (_minutes_of(digest_at) - _BEFORE_THE_DIGEST_MINUTES) % (24 * 60) if digest_at else 5 * 60
    return dg.ScheduleDefinition(
        name="report",
        target=[library_report],
        cron_schedule=f"{minutes % 60} {minutes // 60} * * *",
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Writes the report of the library, every day at {minutes // 60:02}:{minutes % 60:02} ({zone}).",
    )


def _minutes_of(time_of_day: str) -> int:
    hours, _, minutes = time_of_day.partition(":")
    return int(hours) * 60 + int(minutes)


def first_report(stages: Sequence[dg.AssetKey]) -> dg.SensorDefinition:
    """Requests the first report of a library, so that nobody has to wait for the night to see one."""

    @dg.sensor(
        name="first_report",
        asset_selection=[dg.AssetKey(NAME)],
        minimum_interval_seconds=_LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the first report, once something was made; those after it come every morning.",
    )
    def request(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if context.cursor == _MADE:
            return dg.SkipReason("there is a report; the next comes in the morning")
        instance, now = context.instance, time.time()
        if latest_made(instance, NAME):
            context.update_cursor(_MADE)
            return dg.SkipReason("there is a report; the next comes in the morning")
        since = float(context.cursor) if context.cursor else now
        something = any(latest_made(instance, stage.path[-1]) for stage in stages)
        busy = instance.get_runs_count(dg.RunsFilter(statuses=list(_BUSY))) + instance.get_backfills_count(
            BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])
        )
        if (busy or not something) and now - since < _AT_MOST_SECONDS:
            context.update_cursor(str(since))
            return dg.SkipReason("waits for the first artifacts")
        return dg.SensorResult(run_requests=[dg.RunRequest(asset_selection=[dg.AssetKey(NAME)])], cursor=_MADE)

    return request
