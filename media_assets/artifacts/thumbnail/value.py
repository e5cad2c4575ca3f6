"""The value of `thumbnail`: the sizes of the poster, the contact sheet, and where they come from."""

from __future__ import annotations

from typing import Literal

from media_assets.base.model import Model


class ThumbnailSize(Model):
    """The poster in one size; sizes in pixels."""

    name: str
    """Name of the file."""
    width: int
    height: int
    size_bytes: int


class ContactSheet(Model):
    """A tile of frames of a video."""

    name: str
    columns: int
    rows: int
    times_seconds: tuple[float, ...]
    """Times, in seconds, of its frames, from the start of the source's timeline."""
    size_bytes: int


class Thumbnails(Model):
    """The value of `thumbnail`."""

    origin: Literal["video frame", "cover art", "image"]
    chosen_because: str
    time_seconds: float | None = None
    """Time, in seconds, of the frame the poster shows; None for cover art and images."""
    source_width: int
    """Pixels as displayed, of the decoded picture the sizes were made from."""
    source_height: int
    tone_mapped: bool = False
    sizes: tuple[ThumbnailSize, ...]
    contact_sheet: ContactSheet | None = None
    preview: str
    """A tiny JPEG as a data URI, at most 12 kB, to be shown in Markdown."""
