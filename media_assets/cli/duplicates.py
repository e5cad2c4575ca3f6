"""`media-assets duplicates`: what is twice in the library, and the review folder that copies are moved to."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from media_assets.base.errors import Fatal
from media_assets.cli.options import Source, opened
from media_assets.cli.output import console, tell_unseen


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
    from media_assets.operation.selection import Selection, require_source, selected_registered, stages_up_to
    from media_assets.operation.selection_checks import require_new_file, unseen_on_this_machine
    from media_assets.pipeline.status import library_status

    if apply and undo:
        raise typer.BadParameter("--apply and --undo at once")
    if csv:
        require_new_file(csv)
    settings, secrets = opened(context)
    if not settings.assets[INDEX].enabled:
        raise Fatal(f"assets.{INDEX} is not enabled", next_step="Enable it in library.yaml and run `process`")
    library, selection = open_library(settings, secrets), Selection(source)
    require_source(library, selection)
    with open_instance(settings) as instance:
        found = Duplicates(library, selected_registered(instance, library, selection), _say)
        if undo:
            raise typer.Exit(0 if print_moves(console, found.undo(), if_none="nothing to bring back") else 1)
        left = found.settle() if apply else []
        planned = found.moves(near=near)
        indexing = stages_up_to(enabled_stages(settings.assets), INDEX)
        status = library_status(instance, library, indexing, found.unknown)
    failed = {key for key, _ in status.failures}
    unknown = len(found.unknown) - len(failed)
    print_duplicates(
        console, found.groups, found.look_alikes, unknown=unknown, failed=len(failed), is_written=csv is not None
    )
    if csv:
        write_csv(found.groups, csv, found.look_alikes)
        console.print(f"all of them: {csv}", markup=False, soft_wrap=True)
    if not apply:
        print_plan(console, chain.from_iterable(planned.values()), list(found.check(planned)), near=near)
    elif not print_moves(console, chain(left, found.apply(planned))):
        raise typer.Exit(1)
    tell_unseen(unseen_on_this_machine(library, selection))


def _say(line: str) -> None:
    console.print(line, style="dim", markup=False, soft_wrap=True)


def _quick_duplicates(context: typer.Context, source: str | None, *, as_json: bool) -> None:
    from media_assets.artifacts.duplicates.quick.search import QuickSearch, print_copies, write_copies
    from media_assets.base.interruption import ask
    from media_assets.config.opening import open_library
    from media_assets.operation.selection_checks import named_unseen, require_known_source

    library = open_library(*opened(context))
    require_known_source(library, source)
    search = QuickSearch(library, source)
    copies = search.copies(ask)
    if as_json:
        write_copies(sys.stdout, copies, search)
    else:
        print_copies(console, copies, search.left_out)
    tell_unseen(chain(search.problems, named_unseen(search.unseen)))
