"""`media-assets alerts` and `media-assets webhooks`: whether messages and events arrive."""

from __future__ import annotations

import time
from collections.abc import Iterable

import typer

alerts = typer.Typer(no_args_is_help=True, help="Messages for people.")
webhooks = typer.Typer(no_args_is_help=True, help="Signed events for other systems.")


@alerts.callback()
def _alerts() -> None:
    """Keeps `test` a command of its own while there is only one."""


@webhooks.callback()
def _webhooks() -> None:
    """Keeps `test` a command of its own while there is only one."""


@alerts.command("test")
def test_alerts(context: typer.Context) -> None:
    """Send a test message to every channel, and say for each whether it went."""
    from media_assets.base.errors import Fatal
    from media_assets.config.load import load
    from media_assets.operation.alerts.channels import channels_of
    from media_assets.operation.alerts.messages import Text

    settings, secrets = load(context.obj)
    text = Text("info", f"{settings.alerts.title}: a test", "If you can read this, alerts arrive here.")

    def results() -> Iterable[tuple[str, str]]:
        for name, channel in channels_of(settings, secrets).items():
            try:
                yield name, channel.send(text)
            except Fatal as error:
                yield name, str(error)

    _report(results(), "alerts.channels")


@webhooks.command("test")
def test_webhooks(context: typer.Context) -> None:
    """Post a signed event of the type `test` to every receiver, and say for each whether it was taken."""
    from media_assets.base.errors import Fatal
    from media_assets.config.load import load
    from media_assets.operation.webhooks.payload import test_message
    from media_assets.operation.webhooks.posting import post
    from media_assets.operation.webhooks.signing import Signer

    settings, secrets = load(context.obj)

    def results() -> Iterable[tuple[str, str]]:
        for name, hook in settings.webhooks.items():
            try:
                signer = Signer.of(name, secrets.webhook_secrets.get(name))
            except Fatal as error:
                yield name, str(error)
                continue
            yield name, post(hook.url, test_message(time.time()), signer, hook.timeout_seconds).problem

    _report(results(), "webhooks")


def _report(results: Iterable[tuple[str, str]], section: str) -> None:
    """A line for each; exit code 1 when one did not go, or there was none."""
    problems = tried = 0
    for name, problem in results:
        tried += 1
        problems += bool(problem)
        typer.echo(f"✗ {name}: {problem}" if problem else f"✓ {name}: sent")
    if not tried:
        typer.echo(f"There is none: `{section}` in library.yaml is empty.")
    raise typer.Exit(1 if problems or not tried else 0)
