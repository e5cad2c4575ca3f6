"""`media-assets`: all its commands, the options that stand before them, and what it ends with when one fails."""

from __future__ import annotations

import importlib.metadata
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from media_assets.base.errors import Cancelled, Fatal, MediaAssetsError, classify
from media_assets.base.supported import require_supported_system
from media_assets.cli import alerts, backup, exit_codes, modal, people, stopping
from media_assets.cli.dev import dev
from media_assets.cli.doctor import doctor
from media_assets.cli.duplicates import duplicates
from media_assets.cli.init import init
from media_assets.cli.login import login
from media_assets.cli.metrics import metrics
from media_assets.cli.options import Quiet
from media_assets.cli.output import bear_deafness, console, print_error
from media_assets.cli.process import process, retry
from media_assets.cli.status import status
from media_assets.cli.transcript import transcript

# Dagster takes seconds to import: commands import it, not this module, so that `--help` answers at once.

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (init, process, retry, status, transcript, doctor, duplicates, login, dev, metrics):
    app.command()(command)
app.add_typer(alerts.alerts, name="alerts")
app.add_typer(alerts.webhooks, name="webhooks")
app.add_typer(modal.app, name="modal")
app.add_typer(people.app, name="people")
app.add_typer(backup.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"media-assets {importlib.metadata.version('media-assets')}")
        raise typer.Exit


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
        code = _exit_code()
        stopping.leave_what_does_not_answer(code)
        sys.exit(code)


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
