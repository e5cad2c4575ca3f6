"""How many pictures a file holds: pages of a scan, frames of an animation. Only the first one is looked at. And whether
it is transparent, which ffmpeg does not say of all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from media_assets.base.errors import BadMedia
from media_assets.media.pictures.opening import LIBRARIES, open_image
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work

_ONE_PICTURE = ("bmp_pipe", "jpeg_pipe", "jpegls_pipe", "jpegxl_pipe", "pbm_pipe", "pgm_pipe", "png_pipe", "ppm_pipe")
"""FFmpeg's names of formats with one picture; what lies behind it in the same file is none of them."""
_MOST_MEGAPIXELS = 1000.0


class Contents(NamedTuple):
    """What is in a file of pictures."""

    pictures: int = 1
    has_alpha: bool = False


def contents_of(path: Path, container: str | None, work: Work) -> Contents:
    """What is in a file; one picture where Pillow cannot tell.

    Args:
        container: FFmpeg's name of its demuxer.

    Raises:
        TimeLimitExceeded, Cancelled, SourceChanged: as `run_in_child`.
    """
    if container in _ONE_PICTURE:
        return Contents()
    try:
        return Contents(*run_in_child(_contents, path, work=work, ahead=LIBRARIES))
    except BadMedia:
        return Contents()  # whether it can be decoded, ffmpeg has told


def _contents(path: Path) -> tuple[int, bool]:
    with open_image(path, _MOST_MEGAPIXELS) as image:
        return int(getattr(image, "n_frames", 1)), image.mode.endswith(("A", "a"))
