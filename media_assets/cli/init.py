"""`media-assets init`: what a library begins with, wherever media-assets was installed from."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from media_assets.base.packaged import packaged

_FOR_COMPOSE = "# ---- Docker Compose"
_ENV_HEAD = """\
# Secrets of this library, and values that override library.yaml. Remove the # of what you need.
# Readable by you alone; keep it out of version control.
"""


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder of the library; it is made if it is not there.")] = Path(),
    media: Annotated[
        str, typer.Option(metavar="FOLDER", help="Where the recordings and photos are; default: `media` in FOLDER.")
    ] = "",
) -> None:
    """Write a commented library.yaml and .env, check that everything is in place, and say how to go on.

    What is there already is left as it is. Exits with 1 when a check failed.
    """
    from media_assets.cli.doctor import examine
    from media_assets.config.load import load

    console = Console(highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    recordings = Path(media).expanduser().absolute() if media else folder.absolute() / "media"
    if not media:
        recordings.mkdir(exist_ok=True)
    config = folder.absolute() / "library.yaml"
    _write_new(console, config, _library_yaml(recordings if media else None), mode=0o644)
    _write_new(console, folder.absolute() / ".env", _env(), mode=0o600)
    code = examine(*load(config), console=console, problems=console)
    console.print(_how_to_go_on(context.obj, config, recordings, media), markup=False, soft_wrap=True)
    raise typer.Exit(code)


def _library_yaml(recordings: Path | None) -> str:
    """The example, with documents where they are on this machine."""
    text = packaged("library.yaml").read_text("utf-8")
    text = text.replace("docs/", f"{packaged('docs')}/").replace(
        "see .env.example", "they go into .env beside this file"
    )
    if recordings is not None:
        # JSON is YAML, whatever a folder is called.
        text = text.replace("path: ./media\n", f"path: {json.dumps(str(recordings), ensure_ascii=False)}\n", 1)
    return text


def _env() -> str:
    example = packaged(".env.example").read_text("utf-8")
    secrets = example[example.index("# ---- Secrets") : example.index(_FOR_COMPOSE)]
    return f"{_ENV_HEAD}\n{secrets.replace('docs/', str(packaged('docs')) + '/').rstrip()}\n"


def _write_new(console: Console, path: Path, text: str, *, mode: int) -> None:
    """Write a file that is not there yet, with its mode from the first byte on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        console.print(f"{path} is there already and left as it is", markup=False, soft_wrap=True)
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    console.print(f"wrote {path}", markup=False, soft_wrap=True)


def _how_to_go_on(chosen: Path | None, config: Path, recordings: Path, media: str) -> str:
    """The next command, as it works in the folder that the user is in."""
    found_by_itself = chosen is None and config.parent == Path.cwd()
    command = "media-assets" if found_by_itself else f"media-assets --config {shlex.quote(str(config))}"
    has_files = os.access(recordings, os.R_OK) and any(not each.name.startswith(".") for each in recordings.iterdir())
    put = "" if media or has_files else f"put recordings or photos into {recordings}, then\n"
    return f"\nnext: {put}{command} process"
