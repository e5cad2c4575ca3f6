"""The engines of one kind that library.yaml names: each is built when a file first needs it, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from media_assets.base.section import Section

Settings = TypeVar("Settings", bound=Section)
Engine = TypeVar("Engine")


class EnginePool(Generic[Settings, Engine]):
    """Engines by the sections they are set by; equal sections have one engine. Used by several threads."""

    def __init__(self, build: Callable[[Settings], Engine]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}

    def engine(self, settings: Settings) -> Engine:
        """The engine for a section; what `build` raises, where there is none yet."""
        name = settings.model_dump_json()
        with self._lock:
            if name not in self._engines:
                self._engines[name] = self._build(settings)
            return self._engines[name]
