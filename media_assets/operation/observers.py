"""Which observers a library has: today that of traces, where library.yaml names a collector."""

from __future__ import annotations

from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.pipeline.observers import Observer


def build_observers(settings: Settings, secrets: Secrets) -> tuple[Observer, ...]:
    """The observers that library.yaml asks for; what it does not ask for is not even imported."""
    if settings.tracing.endpoint is None:
        return ()
    from media_assets.operation.tracing import Tracing

    return (Tracing(settings.tracing, secrets),)
