"""Pictures for which FFmpeg makes no room: it calls their data invalid, and nothing is wrong with them."""

from __future__ import annotations

import math
from pathlib import Path

from media_assets.base.errors import BadMedia
from media_assets.media.pictures.opening import LIBRARIES, open_image
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work

_MOST_BYTES, _BYTES_PER_PIXEL, _MORE_BYTES, _MORE_ROWS = 2**31 - 1, 8, 1024, 128
"""How large a picture may be, with what is added to each row and to the rows (`av_image_check_size2` of FFmpeg)."""


def refuse_if_too_large(path: Path, work: Work) -> None:
    """To be called when FFmpeg could not decode a picture; of one whose size nobody can read it says nothing.

    Raises:
        BadMedia: it is too large.
        TimeLimitExceeded, Cancelled, SourceChanged: as `run_in_child`.
    """
    try:
        width, height = run_in_child(_size_of, path, work=work, ahead=LIBRARIES)
    except BadMedia:
        return
    if (_BYTES_PER_PIXEL * width + _MORE_BYTES) * (height + _MORE_ROWS) >= _MOST_BYTES:
        most = _MOST_BYTES / _BYTES_PER_PIXEL / 1e6
        raise BadMedia(
            f"is too large to be looked at: it has {width}×{height} pixels ({width * height / 1e6:.0f} megapixels), "
            f"and {most:.0f} megapixels at most can be decoded",
            next_step="Compare it with others yourself, or store it in a smaller size",
        )


def _size_of(path: Path) -> tuple[int, int]:
    from PIL import Image

    most = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # nothing is decoded here
    try:
        with open_image(path, math.inf) as image:
            return image.size
    finally:
        Image.MAX_IMAGE_PIXELS = most
