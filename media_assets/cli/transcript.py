"""`media-assets transcript`: what was said in a recording, in any of its forms and versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from media_assets.base.errors import Fatal
from media_assets.cli.options import opened
from media_assets.cli.output import console

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.value import Transcript
    from media_assets.pipeline.artifact import Stored


class Form(StrEnum):
    """The files of a transcript that can be printed."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


Recording = Annotated[str, typer.Argument(metavar="FILE", help="Its name, its path (with a /), or a glob.")]


def transcript(
    context: typer.Context,
    file: Recording,
    form: Annotated[Form | None, typer.Option("--form", help="Which form to print; txt by default.")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="List what was heard and what people wrote.")] = False,
    version: Annotated[
        str | None, typer.Option("--version", metavar="N", help="Print that version: a number, or `heard`.")
    ] = None,
) -> None:
    """Print what is said in a recording. To correct it, edit transcript.srt, .vtt or .json where they are stored."""
    with stored_transcript(context, file) as stored:
        said = stored.value
        if versions:
            _list_versions(stored, said)
        elif version is not None:
            _print_file(stored, _file_of(said, version, form))
        else:
            _print_file(stored, f"transcript.{form or Form.TXT}")


@contextmanager
def stored_transcript(context: typer.Context, file: str) -> Iterator[Stored[Transcript]]:
    """The transcript of one recording, as it is stored.

    Args:
        file: Its name, path or a glob.

    Raises:
        Fatal: no recording, or several, are called so, or it has no transcript.
    """
    from contextlib import ExitStack
    from pathlib import Path

    from media_assets.artifacts.transcript.value import Transcript
    from media_assets.config.opening import open_library
    from media_assets.operation.instance import open_instance
    from media_assets.operation.selection import Selection, selected_registered
    from media_assets.operation.selection_checks import require_match
    from media_assets.pipeline.artifact import Stored

    settings, secrets = opened(context)
    library, selection = open_library(settings, secrets), Selection(files=file)
    selection.require_glob()
    with open_instance(settings) as instance:
        keys = selected_registered(instance, library, selection)
    require_match(keys, selection, where="that was processed before")
    if len(keys) > 1:
        shown = ", ".join(keys[:5]) + (" …" if len(keys) > 5 else "")
        raise Fatal(f"{file!r} fits {len(keys)} files: {shown}", next_step="Give the path of one, with a /")
    store = library.store("transcript")
    manifest = store.manifest("transcript", keys[0])
    if manifest is None or manifest.not_applicable:
        why = f" ({manifest.not_applicable})" if manifest and manifest.not_applicable else ""
        raise Fatal(f"{keys[0]} has no transcript{why}", next_step="See `media-assets status`, or process it")
    with ExitStack() as leases:

        def fetch(name: str | None) -> Path:
            if name is None:
                raise ValueError("the source file is not read through its transcript")
            return leases.enter_context(store.lease(manifest.file(name)))

        yield Stored(manifest, Transcript, fetch, where=lambda: store.link(manifest))


def _list_versions(stored: Stored[Transcript], said: Transcript) -> None:
    from media_assets.artifacts.transcript.versions import number_of

    mark = {True: "*", False: " "}
    heard = f"heard by {said.engine} {said.model}"
    console.print(f"{mark[said.correction is None]} heard  {heard}", markup=False)
    for one in said.versions:
        by = f" by {one.by}" if one.by else ""
        kept = ", kept only: text has no times" if one.form == "transcript.txt" else ""
        line = (
            f"{mark[one == said.correction]} {number_of(one):<6} {one.at:%Y-%m-%d %H:%M} UTC{by}, in {one.form}{kept}"
        )
        console.print(line, markup=False)
    console.print(f"stored at {stored.where()}", style="dim", markup=False, soft_wrap=True)


def _file_of(said: Transcript, version: str, form: Form | None) -> str:
    """The file of a version, which is kept in the form it was written in and no other."""
    from media_assets.artifacts.transcript.versions import number_of

    files = {"heard": "heard.json", **{str(number_of(one)): one.file for one in said.versions}}
    if version in files:
        written = Form(files[version].removesuffix(".txt").rpartition(".")[2])
        if form not in (None, written):
            raise Fatal(
                f"the version {version} is kept as it was written, in {written}, and not in {form}",
                next_step="Leave --form out",
            )
        return files[version]
    known = ", ".join(files)
    raise Fatal(f"there is no version {version!r}", next_step=f"There are: {known}. `--versions` tells of each")


def _print_file(stored: Stored[Transcript], name: str) -> None:
    names = {file.name for file in stored.manifest.files}
    if name == "heard.json" and name not in names:
        name = "transcript.json"  # of a version before there was another
    typer.echo(stored.local_path(name).read_text("utf-8"), nl=False)
