"""The file of the library that an artifact is of, as people know it: its name, its dates, and what opens it.

Nothing of it decides a result or stands in a fingerprint: a renamed file keeps its artifacts, and so do files of equal
content. What names the recording is therefore written for each file, see `texts` of `stage.file_asset`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

from media_assets.base.errors import BadMedia, Unforeseen
from media_assets.base.keys import display_name
from media_assets.pipeline.library import Library

logger = logging.getLogger("media_assets")

_OPEN_IN_BROWSERS = frozenset({"file", "http", "https"})
_DRIVE = "drive.google.com"


class Recording:
    """A file of the library. What takes a look at its source or a store is looked up when it is asked for, and once.

    Args:
        key: Its partition key.
        address: What its source says that opens it; empty where it cannot tell.
        listed: What the first stage noted of it.
        seconds: How long it plays, as far as the artifacts know that a stage is made from.
    """

    def __init__(
        self,
        key: str,
        address: Callable[[], str] = lambda: "",
        listed: Callable[[], Any] = lambda: None,
        seconds: float | None = None,
    ) -> None:
        self.key = key
        self.seconds = seconds
        self._address = address
        self._listed = listed

    @property
    def name(self) -> str:
        """The name of the file."""
        return display_name(self.key)

    @cached_property
    def address(self) -> str:
        """Where it lies, such as `s3://bucket/talk.mp4`; empty where that cannot be told."""
        return self._address()

    @property
    def opens(self) -> bool:
        """Whether browsers open its address."""
        return urlsplit(self.address).scheme in _OPEN_IN_BROWSERS

    def address_at(self, seconds: float) -> str:
        """Where it plays from that moment: a media fragment (W3C Media Fragments URI 1.0), or the parameter that the
        player of Google Drive takes."""
        start, address = max(0, int(seconds)), urldefrag(self.address).url
        return f"{address}?t={start}" if urlsplit(address).hostname == _DRIVE else f"{address}#t={start}"

    @property
    def recorded_at(self) -> datetime | None:
        """When it was recorded, as it says itself."""
        return self._moment("recorded_at")

    @property
    def modified_at(self) -> datetime | None:
        """When the file was last changed."""
        return self._moment("modified_at")

    @cached_property
    def _noted(self) -> Any:
        return self._listed()

    def _moment(self, name: str) -> datetime | None:
        said = self._noted.get(name) if isinstance(self._noted, dict) else None
        try:
            return datetime.fromisoformat(said) if isinstance(said, str) else None
        except ValueError:
            return None


def address_of(library: Library, key: str) -> str:
    """What opens a source file, as far as its place can tell: nothing that is made of it fails for want of that."""
    try:
        return library.source(key).link_of(key)
    except Exception as error:
        if not isinstance(error, BadMedia) or isinstance(error, Unforeseen):
            logger.exception("the place of a file cannot tell what opens it")
        return ""


def write_texts(directory: Path, texts: Mapping[str, str]) -> dict[str, Path]:
    """The files of those texts in a directory, by name."""
    files = {name: directory / name for name in texts}
    for name, text in texts.items():
        files[name].write_text(text, "utf-8", newline="\n")
    return files
