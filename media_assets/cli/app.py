"""`media-assets`: process a library, look at it, and check that everything is in place."""

from __future__ import annotations

import importlib.metadata
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from media_assets.base.errors import Cancelled, Fatal, MediaAssetsError, classify
from media_assets.base.supported import require_supported_system
from media_assets.base.wording import counted
from media_assets.cli import alerts, backup, exit_codes, modal, stopping
from media_assets.cli.init import init
from media_assets.cli.metrics import metrics
from media_assets.cli.output import bear_deafness, new_console

if TYPE_CHECKING:
    from media_assets.base.secrets import Secrets
    from media_assets.cli.progress_bar import BarProgress
    from media_assets.config.settings import Settings
    from media_assets.operation.processing import Processor, Selection

# Dagster takes seconds to import: commands import it, not this module, so that `--help` answers at once.

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(alerts.alerts, name="alerts")
app.add_typer(alerts.webhooks, name="webhooks")
app.add_typer(modal.app, name="modal")
app.add_typer(backup.app)
app.command()(metrics)
app.command()(init)
console = new_console()
# What is wrong, which --quiet does not silence.
problems = new_console()


Source = Annotated[str | None, typer.Option(help="Only files of this source.")]
Folder = Annotated[str | None, typer.Option(help="Only files below this folder of their source.")]
File = Annotated[
    str | None, typer.Option("--file", metavar="GLOB", help="Only files whose name (or path, with a /) matches.")
]
Stage = Annotated[str | None, typer.Option(help="Go as far as this artifact.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many files.")]


def _be_quiet(quiet: bool) -> bool:
    console.quiet = console.quiet or quiet
    return quiet


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"media-assets {importlib.metadata.version('media-assets')}")
        raise typer.Exit


Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_be_quiet, help="Say only what is wrong.")]
Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
]


@app.callback()
def main_options(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(envvar="MEDIA_ASSETS_CONFIG", metavar="FILE", help="The library.yaml; default: ./library.yaml."),
    ] = None,
    quiet: Quiet = False,  # noqa: ARG001  its callback has seen to it
    version: Version = False,  # noqa: ARG001
) -> None:
    """A media library as software-defined assets."""
    if config is not None and not config.strip():
        raise Fatal("--config names no file", next_step="Name the library.yaml, or leave the option out")
    context.obj = None if config is None else Path(config)


@app.command()
def process(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    stage: Stage = None,
    limit: Limit = None,
    force: Annotated[bool, typer.Option("--force", help="Make artifacts again that are current.")] = False,
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Register the files of the library and make every artifact that is missing or out of date."""
    from media_assets.operation.processing import Selection

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
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Try again what failed, and go on with those files from there."""
    from media_assets.operation.processing import Selection

    selection = Selection(source, folder, file, stage, limit, retry=True)
    with _processor(context) as (processor, progress):
        failed = processor.select_failed(selection)
        if not failed:
            console.print("Nothing has failed.")
            return
        _work(processor, progress, failed, selection)


@app.command()
def status(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed, and why.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only what is not there yet, and what it waits for.")
    ] = False,
    every_file: Annotated[bool, typer.Option("--all", help="List every file of a large library too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every cell as JSON: state, reason, next step, links, run, cost.")
    ] = False,
) -> None:
    """Show which artifacts of which files are there, and why others are not."""
    from media_assets.artifacts.all import enabled_stages
    from media_assets.cli.status_json import write_status
    from media_assets.cli.terminal import print_missing, print_status, print_unregistered
    from media_assets.config.opening import open_library
    from media_assets.operation.instance import open_instance
    from media_assets.operation.processing import Selection, require_source, selected_registered
    from media_assets.operation.selection_checks import require_match, unseen_on_this_machine
    from media_assets.pipeline.status import State, library_status
    from media_assets.pipeline.status_cells import Cells

    settings, secrets = _open(context)
    library, selection = open_library(settings, secrets), Selection(source, folder, file)
    require_source(library, selection)
    stages = enabled_stages(settings.assets)
    wanted = {state for state, is_wanted in ((State.FAILED, failed), (State.MISSING, missing)) if is_wanted}
    with open_instance(settings) as instance:
        keys = selected_registered(instance, library, selection)
        require_match(keys, selection, where="that was processed before")
        if as_json:
            write_status(sys.stdout, Cells(instance, library, stages, keys), keys, wanted, settings.ui_base_url)
        else:
            found = library_status(instance, library, stages, keys)
            print_status(console, found, states=wanted, every_file=every_file)
            if missing or file:
                waiting = [key for key in keys if State.MISSING in found.grid[key].values()]
                cells = Cells(instance, library, stages, waiting)
                print_missing(console, chain.from_iterable(map(cells.of, waiting)))
            print_unregistered(console, is_empty=not keys, is_about_missing=missing)
    if not file:  # who asks about files by name does not ask what else there is
        _tell_unseen(unseen_on_this_machine(library, selection))


@app.command()
def doctor(context: typer.Context, quiet: Quiet = False) -> None:  # noqa: ARG001
    """Check that folders, engines and credentials are in place; a line for each."""
    from media_assets.cli.doctor import examine

    raise typer.Exit(examine(*_open(context), console=console, problems=problems))


@app.command()
def duplicates(
    context: typer.Context,
    source: Source = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole table to a file.")] = None,
    near: Annotated[bool, typer.Option("--near", help="Move near duplicates too, not only equal files.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Move redundant copies to the review folder.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back all that was moved.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Exact copies in folders alone, before anything is processed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what --quick finds as JSON.")] = False,
) -> None:
    """Show which files are twice in the library; with --apply, move the redundant copies to a review folder.

    Exits with 1 when something that was to be moved or brought back was not.
    """
    if quick and (csv or near or apply or undo):
        raise typer.BadParameter("--quick goes with --source and --json only: it finds copies, and moves none")
    if as_json and not quick:
        raise typer.BadParameter("--json goes with --quick; --csv writes the whole table of duplicates")
    if quick:
        _quick_duplicates(context, source, as_json=as_json)
        return
    from media_assets.artifacts.all import enabled_stages
    from media_assets.artifacts.duplicates.library import INDEX, Duplicates
    from media_assets.artifacts.duplicates.table import write_csv
    from media_assets.cli.terminal import print_duplicates, print_moves, print_plan
    from media_assets.config.opening import open_library
    from media_assets.operation.instance import open_instance
    from media_assets.operation.processing import Selection, require_source, selected_registered, stages_up_to
    from media_assets.operation.selection_checks import require_new_file, unseen_on_this_machine
    from media_assets.pipeline.status import library_status

    if apply and undo:
        raise typer.BadParameter("--apply and --undo at once")
    if csv:
        require_new_file(csv)
    settings, secrets = _open(context)
    if not settings.assets[INDEX].enabled:
        raise Fatal(f"assets.{INDEX} is not enabled", next_step="Enable it in library.yaml and run `process`")
    library, selection = open_library(settings, secrets), Selection(source)
    require_source(library, selection)
    with open_instance(settings) as instance:
        found = Duplicates(library, selected_registered(instance, library, selection))
        if undo:
            raise typer.Exit(0 if print_moves(console, found.undo(), if_none="nothing to bring back") else 1)
        left = found.settle() if apply else []
        planned = found.moves(near=near)
        indexing = stages_up_to(enabled_stages(settings.assets), INDEX)
        status = library_status(instance, library, indexing, found.unknown)
    failed = {key for key, _ in status.failures}
    print_duplicates(console, found.groups, unknown=len(found.unknown) - len(failed), failed=len(failed))
    if csv:
        write_csv(found.groups, csv)
        console.print(f"all of them: {csv}", markup=False, soft_wrap=True)
    if not apply:
        print_plan(console, chain.from_iterable(planned.values()), list(found.check(planned)), near=near)
    elif not print_moves(console, chain(left, found.apply(planned))):
        raise typer.Exit(1)
    _tell_unseen(unseen_on_this_machine(library, selection))


def _quick_duplicates(context: typer.Context, source: str | None, *, as_json: bool) -> None:
    from media_assets.artifacts.duplicates.quick.search import QuickSearch, print_copies, write_copies
    from media_assets.base.interruption import ask
    from media_assets.config.opening import open_library
    from media_assets.operation.selection_checks import named_unseen, require_known_source

    library = open_library(*_open(context))
    require_known_source(library, source)
    search = QuickSearch(library, source)
    copies = search.copies(ask)
    if as_json:
        write_copies(sys.stdout, copies, search)
    else:
        print_copies(console, copies, search.left_out)
    _tell_unseen(chain(search.problems, named_unseen(search.unseen)))


@app.command()
def login(
    context: typer.Context,
    client_secrets: Annotated[
        Path, typer.Option(metavar="FILE", help="The JSON of an OAuth client of the type Desktop app.")
    ] = Path("client_secret.json"),
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Ask for reading only: enough for sources on Drive.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the browser; the address is printed either way.")] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the local address the browser comes back to; 0: any.")
    ] = 0,
) -> None:
    """Log in to Google Drive, and keep the grant for the sources and stores of this library."""
    from media_assets.places.drive.api.credentials import FULL_DRIVE, READ_ONLY
    from media_assets.places.drive.api.login import login as ask
    from media_assets.places.drive.settings import token_file

    settings, _ = _open(context)
    scopes = (READ_ONLY,) if read_only else (FULL_DRIVE,)
    ask(client_secrets, token_file(settings.state_dir), scopes=scopes, open_browser=browser, port=port)
    console.print(f"logged in; the grant is in {token_file(settings.state_dir)}", markup=False, soft_wrap=True)


@app.command()
def dev(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 3000,
) -> None:
    """Start the Dagster UI with sensors and automation on."""
    from media_assets.cli.dev_server import require_free, serve
    from media_assets.dagster_seams.fixes import note_end_of_log
    from media_assets.dagster_seams.future_ticks import bring_back
    from media_assets.operation.instance import dagster_home, open_instance

    settings, _ = _open(context)
    require_free(host, port)
    with open_instance(settings) as instance:
        note_end_of_log(instance)
        if ahead := bring_back(instance):
            console.print(f"the clock was ahead once: {ahead} sensors and schedules waited for that date; they go on.")
    raise typer.Exit(serve(settings, dagster_home(settings), host, port))


# ----------------------------------------------------------------------------------------------- doing the work


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

    settings, secrets = _open(context)
    log = log_to_file(settings.state_dir / "process.log", LogStyle(settings.logging, secrets))
    console.print(f"log: {log}", style="dim", markup=False, soft_wrap=True)
    with open_instance(settings) as instance, BarProgress(console) as progress:
        definitions = build_definitions(settings, secrets, {"progress": progress})
        processor = Processor(definitions, open_library(settings, secrets), enabled_stages(settings.assets), instance)
        apply_pool_limits(instance, settings.pools)
        abandoned = close_abandoned_runs(instance)
        if abandoned:
            console.print(f"closed: {counted(abandoned, 'run')} of processes that died; what they finished is kept.")
        yield processor, progress


def _work(processor: Processor, progress: BarProgress, keys: list[str], selection: Selection) -> None:
    from media_assets.cli.terminal import print_failures, print_gone, print_stage
    from media_assets.operation.processing import is_forced
    from media_assets.operation.selection_checks import artifacts_lost

    console.print(counted(len(keys)))
    stages = processor.stages(selection)
    for stage in stages:
        plan = processor.plan(stage, keys, selection)
        progress.stage(stage.name, len(plan.todo))
        for _ in processor.run(plan, force=is_forced(stage.name, selection)):
            pass
        print_stage(console, plan, progress.outcomes)
    names = [stage.name for stage in stages]
    status = processor.status(keys)
    print_gone(problems, sorted({key for key, asset in status.gone if asset in names}))
    failures = [failure for failure in status.failures.values() if failure.asset in names]
    print_failures(problems, failures)
    not_done = [*processor.problems, *artifacts_lost(status.lost(names))]
    for problem in not_done:
        print_error(problem)
    if failures or not_done:
        raise typer.Exit(exit_codes.COULD_NOT_WORK if not_done else exit_codes.FAILED)


def _tell_unseen(unseen: Iterable[MediaAssetsError]) -> None:
    """Say what nobody could look at; that is no success."""
    problems = list(unseen)
    for problem in problems:
        print_error(problem)
    if problems:
        raise typer.Exit(exit_codes.COULD_NOT_WORK)


def _open(context: typer.Context) -> tuple[Settings, Secrets]:
    from media_assets.config.load import load

    return load(context.obj)


def print_error(error: MediaAssetsError) -> None:
    """Write an error to the error output, whatever it holds, unformatted."""
    Console(stderr=True, highlight=False).print(f"error: {error}", style="red", markup=False, soft_wrap=True)


def main() -> None:
    """The entry point of `media-assets`; `exit_codes` tells what it ends with."""
    bear_deafness()
    console.quiet = False
    try:
        require_supported_system()
    except MediaAssetsError as error:
        print_error(error)
        sys.exit(exit_codes.COULD_NOT_WORK)
    with stopping.heeded_signals():
        sys.exit(_exit_code())


def _exit_code() -> int | str | None:
    """Run the command that was typed, tell its errors, and return what it ends with."""
    try:
        exit_codes.tell_in_help(app)
        app()
    except Cancelled as error:
        print_error(error)
        return stopping.exit_code()
    except SystemExit as ended:
        if ended.code != exit_codes.of_signal(signal.SIGINT):  # so typer says that there was a KeyboardInterrupt
            return ended.code
        return _stopped()
    except KeyboardInterrupt:  # before typer takes care of it, or after
        return _stopped()
    except MediaAssetsError as error:
        print_error(error)
        return exit_codes.COULD_NOT_WORK
    except (OSError, ImportError) as error:
        print_error(_plainly(error))
        return exit_codes.COULD_NOT_WORK
    except Exception as error:
        from media_assets.base.promises import declared_wrongly

        known = declared_wrongly(error)
        if known is None:
            raise
        print_error(known)
        return exit_codes.COULD_NOT_WORK
    return 0


def _stopped() -> int:
    print_error(Cancelled("stopped", next_step="Start again to go on from there"))
    return stopping.exit_code()


def _plainly(error: OSError | ImportError) -> MediaAssetsError:
    """An error in our words: the command line knows of no file that might have changed or vanished as it was read."""
    known = classify(error)
    if isinstance(known, Fatal) or isinstance(error, ImportError) or error.strerror is None:
        return known
    return Fatal(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)


if __name__ == "__main__":
    main()
