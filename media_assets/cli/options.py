"""What several commands are asked for in the same words: which files, how loudly, with which library.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from media_assets.cli.output import console

if TYPE_CHECKING:
    from media_assets.base.secrets import Secrets
    from media_assets.config.settings import Settings


Source = Annotated[str | None, typer.Option(help="Only files of this source.")]
Folder = Annotated[str | None, typer.Option(help="Only files below this folder of their source.")]
File = Annotated[
    str | None, typer.Option("--file", metavar="GLOB", help="Only files whose name (or path, with a /) matches.")
]
Stage = Annotated[str | None, typer.Option(help="Go as far as this artifact.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many files.")]


def be_quiet(quiet: bool) -> bool:
    console.quiet = console.quiet or quiet
    return quiet


Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=be_quiet, help="Say only what is wrong.")]


def opened(context: typer.Context) -> tuple[Settings, Secrets]:
    from media_assets.config.load import load

    return load(context.obj)
