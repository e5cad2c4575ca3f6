"""library_report: how the library fares: space saved, speed, success, cost; and checks of the goals."""

import base64
import io
from typing import Any

import dagster as dg

from media_assets.assets.pipeline import enabled_stages
from media_assets.library import Library
from media_assets.library_figures import LibraryFigures, library_figures
from media_assets.partitions import registered
from media_assets.status import State
from media_assets.wording import counted

NAME = "library_report"
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
    ],
)
def library_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Figures of the whole library: files in each state, space saved, files and minutes per hour, success at the first
    attempt, hits of the cache, cost, failures by cause; with a check for each goal."""
    library: Library = context.resources.library
    stages = enabled_stages(library.settings)
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
    return {
        "files": figures.files,
        "states": dg.MetadataValue.md(f"![files in each state]({_states_plot(figures)})"),
        "speed_of_one_worker": dg.MetadataValue.table(speeds),
        "saved_bytes": figures.saved_bytes,
        "cost_usd": figures.cost_usd,
        **_present("first_attempt_success", figures.first_attempt_success),
        **_present("saved_share", figures.saved_share),
        **_present("cache_hit_share", figures.cache_hit_share),
        **({"failures_by_cause": dg.MetadataValue.table(causes)} if causes else {}),
    }


def _present(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: round(value, 4)}


def _checks(figures: LibraryFigures) -> list[dg.AssetCheckResult]:
    failed = sum(states[State.FAILED] for states in figures.states.values())
    return [
        _goal("first_attempt_success", figures.first_attempt_success, FIRST_ATTEMPT_GOAL),
        _goal("space_saved", figures.saved_share, SAVED_GOAL),
        _goal("cache_hits", figures.cache_hit_share, CACHE_GOAL),
        dg.AssetCheckResult(
            check_name="nothing_failed",
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{counted(failed, 'red cell')}" if failed else "no cell is red",
        ),
    ]


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


daily = dg.ScheduleDefinition(
    name="report",
    target=[library_report],
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Writes the report of the library, every morning at five.",
)
