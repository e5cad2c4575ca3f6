"""`media-assets doctor`: what it and `init` print of the checks."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from media_assets.cli import output
from media_assets.cli.options import Quiet, opened

if TYPE_CHECKING:
    from media_assets.base.secrets import Secrets
    from media_assets.config.settings import Settings


def doctor(context: typer.Context, quiet: Quiet = False) -> None:  # noqa: ARG001
    """Check that folders, engines and credentials are in place; a line for each."""
    raise typer.Exit(examine(*opened(context), console=output.console, problems=output.problems))


def examine(settings: Settings, secrets: Secrets, *, console: Console, problems: Console) -> int:
    """Run every check and print a line for each.

    Args:
        console: Gets what is in place; it may be quiet.
        problems: Gets what is not.

    Returns:
        The exit code: 0 when all is in place.
    """
    from media_assets.base.errors import MediaAssetsError, classify
    from media_assets.base.wording import counted
    from media_assets.dagster_seams import future_ticks
    from media_assets.dagster_seams.database_trouble import check_files
    from media_assets.operation.doctor.doctor import Check, checks, failed
    from media_assets.operation.instance import dagster_home, open_instance

    def dagster_instance(settings: Settings) -> Check:
        try:
            check_files(dagster_home(settings))
            with open_instance(settings) as instance:
                found = f"{dagster_home(settings)}, {counted(instance.get_runs_count(), 'run')}"
                instance.get_dynamic_partitions("")  # of another of its databases, as is the next
                instance.get_daemon_heartbeats()
                if waits := future_ticks.why_waiting(instance):
                    return Check("Dagster instance", ok=False, detail=waits, next_step=future_ticks.GO_ON)
        except (OSError, MediaAssetsError) as error:
            return failed("Dagster instance", classify(error))
        return Check("Dagster instance", ok=True, detail=found, next_step="")

    code = 0
    for check in chain(checks(settings, secrets), map(dagster_instance, [settings])):
        code = code if check.ok else max(code, check.exit_code)
        heard = console if check.ok else problems
        heard.print("[green]✓[/]" if check.ok else "[red]✗[/]", end=" ")
        advice = f" → {check.next_step}" if check.next_step and not check.ok else ""
        heard.print(f"{check.name}: {check.detail}{advice}", markup=False, soft_wrap=True)
    return code
