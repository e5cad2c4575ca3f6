"""`media-assets metrics`: figures for Prometheus, and health checks."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer
from rich.console import Console


def metrics(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0: any.")] = 9464,
    interval: Annotated[
        float, typer.Option(min=0.1, max=86400, help="Seconds between two looks at Dagster's storage.")
    ] = 10.0,
) -> None:
    """Serve the figures of the library to Prometheus: /metrics, and /health/live and /health/ready."""
    from media_assets.artifacts.all import enabled_stages
    from media_assets.base.logs import LogStyle
    from media_assets.config.load import load
    from media_assets.operation.instance import open_instance
    from media_assets.operation.metrics.health import readiness
    from media_assets.operation.metrics.server import serving
    from media_assets.operation.metrics.watch import Watch
    from media_assets.pipeline.progress import log_to_output

    settings, secrets = load(context.obj)
    log_to_output(LogStyle(settings.logging, secrets))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with open_instance(settings) as instance:
        watch = Watch(instance, settings, [stage.name for stage in enabled_stages(settings.assets)])
        with serving(host, port, watch, lambda: readiness(watch, interval)) as address:
            Console(highlight=False).print(f"{address}/metrics", markup=False, soft_wrap=True)
            watch.follow(stopped, interval)
