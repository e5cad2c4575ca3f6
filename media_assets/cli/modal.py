"""`media-assets modal`: what has to be done at Modal before `transcription.engine: modal` can be used."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from media_assets.base.errors import Fatal

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
    from media_assets.config.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Transcription on GPUs at Modal.")
console = Console(highlight=False)


@app.callback()
def modal_options() -> None:
    """Transcription on GPUs at Modal."""


@app.command()
def deploy(context: typer.Context) -> None:
    """Send the GPU function to Modal, or replace it: at first, after updates, and when gpu or limits are changed."""
    import modal

    from media_assets.artifacts.transcript.engines.modal.app import deploy as send
    from media_assets.artifacts.transcript.engines.modal.calls import connect
    from media_assets.artifacts.transcript.engines.modal.failures import failure, modal_errors
    from media_assets.config.load import load

    settings, secrets = load(context.obj)
    sections = modal_sections(settings)
    client = connect(secrets)
    for section in sections:
        try:
            with modal.enable_output():
                address = send(section, client)
        except modal_errors() as error:
            raise failure(error, f"the app {section.app} could not be deployed") from None
        console.print(f"{section.app} is deployed with {section.gpu}: {address}", markup=False, soft_wrap=True)


def modal_sections(settings: Settings) -> list[ModalTranscription]:
    """One section for each app that library.yaml names.

    Raises:
        Fatal: there is none, or two disagree on what an app's containers are.
    """
    from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription

    chosen = [settings.transcription, *(rule.use for rule in settings.transcription_rules)]
    sections = sorted((s for s in chosen if isinstance(s, ModalTranscription)), key=_place)
    if not sections:
        raise Fatal(
            "library.yaml does not use Modal",
            next_step="Set `transcription.engine: modal`, or let a rule in `transcription_rules` use it",
        )
    apps = [list(of_one) for _, of_one in groupby(sections, _place)]
    for of_one in apps:
        if len({_containers(section) for section in of_one}) > 1:
            raise Fatal(
                f"library.yaml says two things about the containers of the app {of_one[0].app}",
                next_step="Make gpu, max_containers, idle_seconds and timeout_seconds the same, or give one of them "
                "another `app`",
            )
    return [of_one[0] for of_one in apps]


def _place(section: ModalTranscription) -> tuple[str, str]:
    return section.environment or "", section.app


def _containers(section: ModalTranscription) -> tuple[str, int, int, int]:
    return section.gpu, section.max_containers, section.idle_seconds, section.timeout_seconds
