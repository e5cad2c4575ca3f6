"""`media-assets export` and `media-assets import`: the state of a library as one file, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from media_assets.base.files import PRIVATE_MODE
from media_assets.base.wording import counted
from media_assets.cli.output import new_console

if TYPE_CHECKING:
    from media_assets.operation.backup.importing import Imported

app = typer.Typer()
console = new_console()


@app.command("export")
def export_state(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The archive to write; there must be nothing of that name.")],
) -> None:
    """Write the state of the library to one file: for back-up, or to go on elsewhere."""
    from media_assets.artifacts.all import PIPELINE
    from media_assets.config.load import load
    from media_assets.config.opening import open_library
    from media_assets.operation.backup.exporting import export_library
    from media_assets.operation.instance import open_instance
    from media_assets.operation.selection_checks import require_new_file

    settings, secrets = load(context.obj)
    require_new_file(file, may_exist=False)
    with open_instance(settings) as instance:
        done = export_library(instance, open_library(settings, secrets), settings, PIPELINE, file, _note)
    artifacts, failures = sum(done.artifacts.values()), sum(done.failures.values())
    size = file.stat().st_size
    held = (counted(done.files), counted(artifacts, "artifact"), counted(failures, "failure"))
    _say(f"{', '.join(held)}: {file}, {size} bytes, verified")
    for asset, count in done.lost.items():
        _say(f"{count} of {asset} are not in it: their artifacts are not in the store any more")
    if done.impossible:
        _say(f"{done.impossible} registered keys are not in it: no file can have them, so delete those partitions")
    if done.unfinished_runs:
        _say(f"not finished: {counted(done.unfinished_runs, 'run')}; what is made from now on is not in it")


@app.command("import")
def import_state(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An archive that `export` wrote.")] = None,
    from_stores: Annotated[
        bool, typer.Option("--from-stores", help="Without an archive: take up what lies in the sources and stores.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
) -> None:
    """Take up an archive. What is here already stays; it may be repeated, and finishes what was broken off."""
    from filelock import FileLock, Timeout

    from media_assets.artifacts.all import PIPELINE
    from media_assets.base.errors import Fatal
    from media_assets.config.load import load
    from media_assets.config.opening import open_library
    from media_assets.operation.backup.archive import open_archive
    from media_assets.operation.backup.from_stores import record_what_is_there
    from media_assets.operation.backup.importing import Importer
    from media_assets.operation.instance import open_instance

    if (file is None) is not from_stores:
        raise Fatal("either FILE or --from-stores is needed", next_step="See `media-assets import --help`")
    settings, secrets = load(context.obj)
    if file is not None:
        with open_archive(file):
            pass  # said before work begins: that it is none
    library = open_library(settings, secrets)
    from media_assets.config.private_state import make_state_private

    make_state_private(settings)
    try:
        with (
            FileLock(settings.state_dir / "import.lock", mode=PRIVATE_MODE, timeout=0),
            open_instance(settings) as instance,
        ):
            if file is None:
                done = record_what_is_there(instance, library, PIPELINE, dry_run=dry_run, note=_note)
            else:
                with open_archive(file) as archive:
                    _say(f"written {archive.index.created_at:%Y-%m-%d %H:%M} UTC by {archive.index.written_by}")
                    done = Importer(instance, library, PIPELINE, archive, dry_run=dry_run).run(_note)
    except Timeout:
        raise Fatal("another import is under way", next_step="Wait until it has ended") from None
    _print(done, dry_run=dry_run)


_COLUMNS = {
    "there": "in the store",
    "restored": "manifest restored",
    "absent": "not in the store",
    "newer": "newer there, kept",
    "older": "older there, kept",
    "recorded": "told Dagster",
    "failures": "failures told",
    "kept": "failures left out",
}


def _print(done: Imported, *, dry_run: bool) -> None:
    counts = {asset: asdict(each) for asset, each in done.assets.items() if any(asdict(each).values())}
    used = [name for name in _COLUMNS if any(each[name] for each in counts.values())]
    table = Table(title="what would be done" if dry_run else None)
    table.add_column("asset")
    for name in used:
        table.add_column(_COLUMNS[name], justify="right")
    for asset, each in counts.items():
        table.add_row(escape(asset), *(str(each[name] or "") for name in used))
    if counts:
        console.print(table)
    _say(f"{counted(done.files)}, {done.new_files} of them new here")
    for remark in done.remarks:
        _say(remark)
    absent = sum(counts.absent for counts in done.assets.values())
    if absent:
        _say(f"{counted(absent, 'artifact')} will be made again; or bring their files here first, and import once more")
    if dry_run:
        _say("Nothing was changed.")


def _note(what: str) -> None:
    console.print(what, style="dim", markup=False)


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
