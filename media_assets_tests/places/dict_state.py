"""What a source keeps between its looks, in a dict."""

from __future__ import annotations


class DictState:
    """See `places.source.DurableState`."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.writes = 0

    def read(self, name: str) -> str | None:
        return self.texts.get(name)

    def write(self, name: str, text: str) -> None:
        self.texts[name] = text
        self.writes += 1
