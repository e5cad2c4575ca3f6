"""`media-assets process` and `retry`: the work itself, with a progress bar, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from media_assets.base.wording import counted
from media_assets.cli import exit_codes
from media_assets.cli.options import File, Folder, Limit, Quiet, Source, Stage, opened
from media_assets.cli.output import console, print_error, problems

if TYPE_CHECKING:
    from media_assets.cli.progress_bar import BarProgress
    from media_assets.operation.processing import Processor
    from media_assets.operation.selection import Selection


def process(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    stage: Stage = None,
    limit: Limit = None,
    force: Annotated[bool, typer.Option("--force", help="Make artifacts again that are current.")] = False,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Write transcripts again from what was heard, with voices that have names now."),
    ] = False,
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Register the files of the library and make every artifact that is missing or out of date."""
    from media_assets.operation.selection import Selection

    selection = Selection(source, folder, file, stage, limit, force=force, refresh=refresh)
    with _processor(context) as (processor, progress):
        keys = processor.select(selection)
        _work(processor, progress, keys, selection)


def retry(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    stage: Stage = None,
    limit: Limit = None,
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Try again what failed, and go on with those files from there."""
    from media_assets.operation.selection import Selection

    selection = Selection(source, folder, file, stage, limit, retry=True)
    with _processor(context) as (processor, progress):
        failed = processor.select_failed(selection)
        if not failed:
            console.print("Nothing has failed.")
            return
        _work(processor, progress, failed, selection)


@contextmanager
def _processor(context: typer.Context) -> Iterator[tuple[Processor, BarProgress]]:
    from media_assets.artifacts.all import enabled_stages
    from media_assets.base.logs import LogStyle
    from media_assets.cli.progress_bar import BarProgress
    from media_assets.config.opening import open_library
    from media_assets.definitions import build_definitions
    from media_assets.operation.instance import open_instance
    from media_assets.operation.processing import Processor
    from media_assets.pipeline.abandoned_runs import close_abandoned_runs
    from media_assets.pipeline.pools import apply_pool_limits
    from media_assets.pipeline.progress import log_to_file

    settings, secrets = opened(context)
    log = log_to_file(settings.state_dir / "process.log", LogStyle(settings.logging, secrets))
    console.print(f"log: {log}", style="dim", markup=False, soft_wrap=True)
    with open_instance(settings) as instance, BarProgress(console) as progress:
        definitions = build_definitions(settings, secrets, {"progress": progress})
        library = open_library(settings, secrets)
        processor = Processor(definitions, library, enabled_stages(settings.assets), instance)
        apply_pool_limits(instance, settings.pools)
        deaths = library.workspaces.take_up_deaths()
        abandoned = close_abandoned_runs(instance, deaths)
        if abandoned:
            console.print(f"closed: {counted(abandoned, 'run')} of processes that died; what they finished is kept.")
        for death in library.workspaces.deaths.untold():
            console.print(str(death), style="yellow", markup=False, highlight=False, soft_wrap=True)
        yield processor, progress


def _work(processor: Processor, progress: BarProgress, keys: list[str], selection: Selection) -> None:
    from media_assets.cli.terminal import print_failures, print_gone, print_stage, print_warned
    from media_assets.operation.chunks import Chunks
    from media_assets.operation.selection_checks import artifacts_lost
    from media_assets.pipeline.quality_warnings import quality_warnings

    console.print(counted(len(keys)))
    chunks = Chunks(processor, keys, selection)
    names = [stage.name for stage in chunks.stages]
    progress.expect(names, keys)
    is_through = False
    try:
        for plan in chunks.process():
            progress.planned(plan)
        is_through = True
    finally:
        progress.stop()
        for name in names:
            print_stage(console, chunks.plans[name], progress.outcomes[name], is_through=is_through)
    status = processor.status(keys)
    print_gone(problems, sorted({key for key, asset in status.gone if asset in names}))
    failures = [failure for failure in status.failures.values() if failure.asset in names]
    print_failures(problems, failures)
    print_warned(problems, quality_warnings(processor.instance, names, keys))
    not_done = [*processor.problems, *chunks.spent.values()]
    if not chunks.spent:
        not_done += artifacts_lost(status.lost(names))
    for problem in not_done:
        print_error(problem)
    if failures or not_done:
        raise typer.Exit(exit_codes.COULD_NOT_WORK if not_done else exit_codes.FAILED)
