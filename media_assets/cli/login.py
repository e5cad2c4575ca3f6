"""`media-assets login`: the grant for Google Drive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from media_assets.cli.options import opened
from media_assets.cli.output import console


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

    settings, _ = opened(context)
    scopes = (READ_ONLY,) if read_only else (FULL_DRIVE,)
    ask(client_secrets, token_file(settings.state_dir), scopes=scopes, open_browser=browser, port=port)
    console.print(f"logged in; the grant is in {token_file(settings.state_dir)}", markup=False, soft_wrap=True)
