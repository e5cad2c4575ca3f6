"""`media-assets status`: the grid of files and artifacts, and why cells are red or empty."""

from __future__ import annotations

import sys
from itertools import chain
from typing import Annotated

import typer

from media_assets.cli.options import File, Folder, Source, opened
from media_assets.cli.output import console, tell_unseen


def status(
    context: typer.Context,
    source: Source = None,
    folder: Folder = None,
    file: File = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed, and why.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only what is not there yet, and what it waits for.")
    ] = False,
    warnings: Annotated[
        bool, typer.Option("--warnings", help="Only what may not be as good as it should, and what to do about it.")
    ] = False,
    every_file: Annotated[bool, typer.Option("--all", help="List every file of a large library too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every cell as JSON: state, reason, next step, links, run, cost.")
    ] = False,
) -> None:
    """Show which artifacts of which files are there, and why others are not."""
    from media_assets.artifacts.all import enabled_stages
    from media_assets.cli.status_json import write_status
    from media_assets.cli.terminal import (
        print_missing,
        print_status,
        print_unregistered,
        print_warned,
        print_warnings,
    )
    from media_assets.config.opening import open_library
    from media_assets.operation.instance import open_instance
    from media_assets.operation.selection import Selection, require_source, selected_registered
    from media_assets.operation.selection_checks import require_match, unseen_on_this_machine
    from media_assets.pipeline.quality_warnings import quality_warnings
    from media_assets.pipeline.status import State, library_status
    from media_assets.pipeline.status_cells import Cells

    settings, secrets = opened(context)
    library, selection = open_library(settings, secrets), Selection(source, folder, file)
    require_source(library, selection)
    stages = enabled_stages(settings.assets)
    wanted = {state for state, is_wanted in ((State.FAILED, failed), (State.MISSING, missing)) if is_wanted}
    with open_instance(settings) as instance:
        keys = selected_registered(instance, library, selection)
        require_match(keys, selection, where="that was processed before")
        warned = quality_warnings(instance, [stage.name for stage in stages], keys)
        if as_json:
            cells = Cells(instance, library, stages, keys)
            write_status(sys.stdout, cells, keys, wanted, settings.ui_base_url, warned)
        elif warnings:
            print_warnings(console, warned, every_one=every_file)
            if not warned:
                console.print("nothing is warned of")
        else:
            found = library_status(instance, library, stages, keys)
            print_status(console, found, states=wanted, every_file=every_file)
            if missing or file:
                waiting = [key for key in keys if State.MISSING in found.grid[key].values()]
                cells = Cells(instance, library, stages, waiting)
                print_missing(console, chain.from_iterable(map(cells.of, waiting)))
            print_warned(console, warned)
            print_unregistered(console, is_empty=not keys, is_about_missing=missing)
    if not file:  # who asks about files by name does not ask what else there is
        tell_unseen(unseen_on_this_machine(library, selection))
