"""The project's own log, which tests leave as they found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from media_assets.pipeline.progress import logger


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """What is added to the log within the context is taken off and closed at its end."""
    handlers, propagate = list(logger.handlers), logger.propagate
    try:
        yield
    finally:
        for handler in [handler for handler in logger.handlers if handler not in handlers]:
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = propagate
