"""The section `thumbnails` of library.yaml: posters and contact sheets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from media_assets.base.section import Section

Side = Annotated[int, Field(ge=16, le=4096)]


class ContactSheetSettings(Section):
    """A tile of frames of a video with their times. As many frames are the candidates for its poster."""

    enabled: bool = True
    columns: Annotated[int, Field(ge=1, le=10)] = 4
    rows: Annotated[int, Field(ge=1, le=10)] = 4
    tile_long_side: Side = 320
    """Pixels of the longer side of each frame."""


class ThumbnailSettings(Section):
    """`thumbnail`."""

    long_sides: Annotated[tuple[Side, ...], Field(min_length=1)] = (320, 640, 1280)
    """Pixels of the longer side of each size; a picture is never enlarged."""
    format: Literal["jpeg", "webp"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=100)] = 82
    contact_sheet: ContactSheetSettings = ContactSheetSettings()
    max_megapixels: Annotated[float, Field(gt=0, le=178)] = 178.0
    """Larger images are refused before they are decoded. Above 178 Pillow itself refuses."""
