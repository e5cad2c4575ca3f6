"""`media-assets dev`: the Dagster UI on this machine, for one person."""

from __future__ import annotations

from typing import Annotated

import typer

from media_assets.cli.options import opened
from media_assets.cli.output import console


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

    settings, _ = opened(context)
    require_free(host, port)
    with open_instance(settings) as instance:
        note_end_of_log(instance)
        if ahead := bring_back(instance):
            console.print(f"the clock was ahead once: {ahead} sensors and schedules waited for that date; they go on.")
    raise typer.Exit(serve(settings, dagster_home(settings), host, port))
