"""From decoded pictures to files: the sizes of a poster, the contact sheet, and the tiny preview."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.thumbnail.value import ContactSheet, ThumbnailSize
from media_assets.media.pictures.pixels import resized

if TYPE_CHECKING:
    from PIL import Image

PREVIEW_BYTES = 12_000
"""The most bytes of the whole data URI: Dagster keeps metadata in its event log, and shows Markdown."""
_PREVIEW_LONG_SIDES = (320, 256, 192, 128, 64)
_PREVIEW_QUALITY = 60
_GAP = 4
_BACKGROUND = (17, 17, 17)
_WHITE = (255, 255, 255)
_ENDINGS = {"jpeg": "jpg", "webp": "webp"}


def size_name(long_side: int, settings: ThumbnailSettings) -> str:
    """What the file of a size is called."""
    return f"poster-{long_side}.{_ENDINGS[settings.format]}"


def draw_sizes(
    picture: Image.Image, directory: Path, settings: ThumbnailSettings
) -> tuple[dict[str, Path], tuple[ThumbnailSize, ...]]:
    """One file for each configured size that is not larger than the picture, and one at least.

    Args:
        picture: RGB or RGBA, in sRGB. JPEG gets white in place of transparency.
    """
    files: dict[str, Path] = {}
    sizes: list[ThumbnailSize] = []
    for long_side in sorted(set(settings.long_sides)):
        if sizes and max(picture.size) <= max(sizes[-1].width, sizes[-1].height):
            break
        name = size_name(long_side, settings)
        image = _fitted(picture, long_side)
        files[name] = _save(image, directory / name, settings)
        sizes.append(
            ThumbnailSize(name=name, width=image.width, height=image.height, size_bytes=files[name].stat().st_size)
        )
    return files, tuple(sizes)


def draw_contact_sheet(
    frames: Sequence[tuple[Image.Image, float]], directory: Path, settings: ThumbnailSettings
) -> tuple[Path, ContactSheet]:
    """Frames in rows, each with its time.

    Args:
        frames: Pictures, with their times in seconds.
    """
    from PIL import Image

    sheet = settings.contact_sheet
    columns = min(sheet.columns, len(frames))
    rows = math.ceil(len(frames) / columns)
    tiles = [_with_time(_fitted(picture, sheet.tile_long_side), time) for picture, time in frames]
    width, height = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    size = (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP)
    result = Image.new("RGB", size, _BACKGROUND)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        result.paste(tile, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    name = f"contact-sheet.{_ENDINGS[settings.format]}"
    path = _save(result, directory / name, settings)
    return path, ContactSheet(
        name=name,
        columns=columns,
        rows=rows,
        times_seconds=tuple(time for _, time in frames),
        size_bytes=path.stat().st_size,
    )


def preview(picture: Image.Image) -> str:
    """A data URI of at most PREVIEW_BYTES: as large a JPEG as fits."""
    uri = ""
    for long_side in _PREVIEW_LONG_SIDES:
        file = io.BytesIO()
        _opaque(_fitted(picture, long_side)).save(file, "JPEG", quality=_PREVIEW_QUALITY, optimize=True)
        uri = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
        if len(uri) <= PREVIEW_BYTES:
            break
    return uri


def clock(seconds: float) -> str:
    """`1:02:03`, or `2:03` below an hour."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _fitted(picture: Image.Image, long_side: int) -> Image.Image:
    """A copy of at most this size; never enlarged."""
    return picture if long_side >= max(picture.size) else resized(picture, long_side, reducing_gap=3.0)


def _with_time(picture: Image.Image, seconds: float) -> Image.Image:
    from PIL import ImageDraw, ImageFont

    tile = _opaque(picture).copy()
    draw = ImageDraw.Draw(tile)
    font = ImageFont.load_default(max(10.0, tile.height / 12))
    corner = (_GAP, tile.height - _GAP)
    text = clock(seconds)
    left, top, right, bottom = draw.textbbox(corner, text, font, anchor="ls")
    draw.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=(0, 0, 0))
    draw.text(corner, text, _WHITE, font, anchor="ls")
    return tile


def _save(image: Image.Image, path: Path, settings: ThumbnailSettings) -> Path:
    if settings.format == "jpeg":
        _opaque(image).save(path, "JPEG", quality=settings.quality, optimize=True, progressive=True)
    else:
        image.save(path, "WEBP", quality=settings.quality, method=4)
    return path


def _opaque(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, (*_WHITE, 255))
    return Image.alpha_composite(white, image).convert("RGB")
