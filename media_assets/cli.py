"""`media-assets`: process a library, look at it, and check that everything is in place."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from media_assets.errors import MediaAssetsError

if TYPE_CHECKING:
    from media_assets.processing import Processor, Selection, StagePlan
    from media_assets.progress_bar import BarProgress
    from media_assets.settings import Secrets, Settings
    from media_assets.status import LibraryStatus

# Dagster takes seconds to import: commands import it, not this module, so that `--help` answers at once.

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
# Where the output goes to a file, names are not to be broken at 80 characters.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)

_SYMBOLS = {"done": "[green]✓[/]", "not_applicable": "[dim]–[/]", "failed": "[red]✗[/]", "missing": "[dim]·[/]"}
_MOST_ROWS = 100
_MOST_NAMES = 12
_MOST_FAILURES = 20

Source = Annotated[str | None, typer.Option(help="Only files of this source.")]
Folder = Annotated[str | None, typer.Option(help="Only files below this folder of their source.")]
File = Annotated[
    str | None, typer.Option("--file", metavar="GLOB", help="Only files whose name (or path, with a /) matches.")
]
Stage = Annotated[str | None, typer.Option(help="Go as far as this artifact.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many files.")]


@dataclass(frozen=True)
class Opened:
    """What every command works on."""

    settings: Settings
    secrets: Secrets


@app.callback()
def main_options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(envvar="MEDIA_ASSETS_CONFIG", metavar="FILE", help="The library.yaml; default: ./library.yaml."),
    ] = None,
) -> None:
    """A media library as software-defined assets."""
    context.obj = config


@app.command()
def process(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    stage: Stage = None,
    limit: Limit = None,
    force: Annotated[bool, typer.Option("--force", help="Make artifacts again that are current.")] = False,
) -> None:
    """Register the files of the library and make every artifact that is missing or out of date."""
    from media_assets.processing import Selection

    selection = Selection(source, folder, file, stage, limit, force=force)
    with _processor(context) as (processor, progress):
        keys = processor.select(selection)
        _work(processor, progress, keys, selection)


@app.command()
def retry(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    stage: Stage = None,
    limit: Limit = None,
) -> None:
    """Try again what failed, and go on with those files from there."""
    from media_assets.processing import Selection, selected_registered

    selection = Selection(source, folder, file, stage, limit, retry=True)
    with _processor(context) as (processor, progress):
        keys = selected_registered(processor.instance, selection)
        failed = {key for key, _ in processor.status(keys).failures}
        if not failed:
            console.print("Nothing has failed.")
            return
        _work(processor, progress, [key for key in keys if key in failed], selection)


@app.command()
def status(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and failures as JSON.")] = False,
    every_file: Annotated[
        bool, typer.Option("--all", help=f"List every file, also when there are more than {_MOST_ROWS}.")
    ] = False,
) -> None:
    """Show which artifacts of which files are there, and why others are not."""
    from media_assets.assets import PIPELINE
    from media_assets.instance import open_instance
    from media_assets.library import Library
    from media_assets.processing import Selection, selected_registered
    from media_assets.status import library_status

    opened = _open(context)
    with open_instance(opened.settings) as instance:
        keys = selected_registered(instance, Selection(source, folder, file))
        found = library_status(instance, Library(opened.settings), PIPELINE, keys)
    if as_json:
        sys.stdout.write(json.dumps(found.to_json(), ensure_ascii=False, indent=1) + "\n")
        return
    _print_status(found, every_file=every_file)


@app.command()
def doctor(context: typer.Context) -> None:
    """Check that folders, engines and credentials are in place; a line for each."""
    from media_assets.doctor import Check, checks
    from media_assets.instance import dagster_home, open_instance

    opened = _open(context)

    def all_checks() -> Iterator[Check]:
        yield from checks(opened.settings, opened.secrets)
        with open_instance(opened.settings) as instance:
            runs = instance.get_runs_count()
        yield Check("Dagster instance", ok=True, detail=f"{dagster_home(opened.settings)}, {runs} runs", next_step="")

    sound = True
    for check in all_checks():
        sound = sound and check.ok
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
        console.print(mark, end=" ")
        advice = f" → {check.next_step}" if check.next_step and not check.ok else ""
        console.print(f"{check.name}: {check.detail}{advice}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if sound else 1)


@app.command()
def dev(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 3000,
) -> None:
    """Start the Dagster UI with sensors and automation on."""
    from media_assets.instance import dagster_home

    settings = _open(context).settings
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    os.environ["MEDIA_ASSETS_CONFIG"] = str(settings.config_path)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "media_assets.definitions", "-h", host, "-p", str(port)]
    os.execv(sys.executable, command)  # noqa: S606  no shell is involved


# ----------------------------------------------------------------------------------------------- doing the work


@contextmanager
def _processor(context: typer.Context) -> Iterator[tuple[Processor, BarProgress]]:
    from media_assets.abandoned_runs import close_abandoned_runs
    from media_assets.assets import PIPELINE
    from media_assets.automation import apply_pool_limits
    from media_assets.definitions import build_definitions
    from media_assets.instance import open_instance
    from media_assets.library import Library
    from media_assets.processing import Processor
    from media_assets.progress import log_to_file
    from media_assets.progress_bar import BarProgress

    opened = _open(context)
    log = log_to_file(opened.settings.state_dir / "process.log")
    console.print(f"log: {log}", style="dim", markup=False, soft_wrap=True)
    with open_instance(opened.settings) as instance, BarProgress(console) as progress:
        definitions = build_definitions(opened.settings, opened.secrets, {"progress": progress})
        processor = Processor(definitions, Library(opened.settings), PIPELINE, instance)
        apply_pool_limits(instance, opened.settings.pools)
        abandoned = close_abandoned_runs(instance)
        if abandoned:
            console.print(f"{abandoned} runs of processes that died were closed; what they finished is kept.")
        yield processor, progress


def _work(processor: Processor, progress: BarProgress, keys: list[str], selection: Selection) -> None:
    from media_assets.processing import is_forced

    console.print(f"{len(keys)} files")
    stages = processor.stages(selection)
    for stage in stages:
        plan = processor.plan(stage, keys, selection)
        progress.stage(stage.name, len(plan.todo))
        for _ in processor.run(plan, force=is_forced(stage.name, selection)):
            pass
        _print_stage(plan, progress)
    found = processor.status(keys)
    names = {stage.name for stage in stages}
    failures = [failure for (_, asset), failure in found.failures.items() if asset in names]
    if failures:
        _print_failures(found)
        raise typer.Exit(1)


def _print_stage(plan: StagePlan, progress: BarProgress) -> None:
    from media_assets.partitions import display_name

    counts = dict(progress.outcomes)
    counts["reused"] = counts.get("reused", 0) + len(plan.current)
    counts["failed before, not tried again"] = len(plan.failed_before)
    parts = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    console.print(f"{plan.stage}: {parts or 'nothing to do'}", markup=False)
    if plan.current and not plan.todo:
        names = [display_name(key) for key in plan.current]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        console.print(f"  reused: {', '.join(names[:_MOST_NAMES])}{more}", style="dim", markup=False, soft_wrap=True)


def _print_status(found: LibraryStatus, *, every_file: bool) -> None:
    from media_assets.partitions import readable

    table = Table("file", *found.assets, box=None)
    if len(found.grid) <= _MOST_ROWS or every_file:
        for key, cells in found.grid.items():
            table.add_row(escape(readable(key)), *(_SYMBOLS[cells[asset].value] for asset in found.assets))
    for state, symbol in _SYMBOLS.items():
        counts = found.counts()
        table.add_row(
            f"{symbol} {state.replace('_', ' ')}", *(str(counts[asset][state]) for asset in found.assets), style="bold"
        )
    console.print(table)
    _print_failures(found)


def _print_failures(found: LibraryStatus) -> None:
    from media_assets.partitions import readable

    for failure in list(found.failures.values())[:_MOST_FAILURES]:
        console.print(f"✗ {failure.asset} of {readable(failure.key)}", style="red", markup=False, soft_wrap=True)
        console.print(f"    {failure.sentence}", markup=False, soft_wrap=True)
    if len(found.failures) > _MOST_FAILURES:
        console.print(f"… and {len(found.failures) - _MOST_FAILURES} more; `media-assets status --json` has them all.")
    if found.failures:
        console.print("`media-assets retry` tries them again.")


def _open(context: typer.Context) -> Opened:
    from media_assets.config import load_secrets, load_settings

    settings = load_settings(context.obj)
    return Opened(settings, load_secrets(settings.config_path))


def main() -> None:
    """The entry point of `media-assets`. Exit codes: 0 all well, 1 files or checks failed, 2 nothing could be done."""
    try:
        app()
    except MediaAssetsError as error:
        Console(stderr=True, highlight=False).print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
