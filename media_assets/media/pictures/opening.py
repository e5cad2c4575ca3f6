"""Opening and decoding pictures, safely: what is no picture, too large or damaged is `BadMedia`.

Pillow opens a few formats only, those in which pictures come. Others it would have programs read (EPS) or parse in
Python, and FFmpeg reads them as well. Whatever opens a picture that was uploaded does so in a child of the sandbox.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.base.errors import BadMedia
from media_assets.media import isobmff
from media_assets.media.info import MediaInfo
from media_assets.work.child_limits import ChildLimits
from media_assets.work.work import Work

if TYPE_CHECKING:
    from PIL import Image

LIBRARIES = ("numpy", "PIL.ImageCms", "PIL.ImageOps", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "pillow_heif")
"""What opening pictures takes seconds to load, for calls of the sandbox that do it (`run_in_child(ahead=)`)."""
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_FTYP_BYTES = 256
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "JPEG2000", "PPM")
"""Formats that are opened, by Pillow's names. TIFF is here for scans; FFmpeg does not turn them upright."""
_CHILD_BYTES = 700_000_000
"""Libraries, threads and buffers of decoders, whatever the picture."""
_FETCH_AGAIN = "Open it in a viewer to see whether it is damaged; fetch or export it again"


class UnreadablePicture(BadMedia):
    """It is in none of the formats that are opened here. FFmpeg may still read it."""


def limits_for(
    media: MediaInfo, max_megapixels: float, bytes_per_pixel: int, written_bytes: int, work: Work
) -> ChildLimits:
    """What a child that decodes a picture may take.

    Args:
        media: Its probe, whose size counts as far as `max_megapixels`.
        max_megapixels: The largest picture that is decoded.
        bytes_per_pixel: What all steps on the decoded picture take at once.
        written_bytes: How large a file the child writes.
        work: Its own limits are the least.
    """
    sizes = [(stream.width or 0) * (stream.height or 0) for stream in media.streams if stream.type == "video"]
    most = max_megapixels * 1_000_000
    pixels = min(most, max(sizes, default=0) or most)
    needed = _CHILD_BYTES + round(pixels * bytes_per_pixel)
    return replace(
        work.child_limits, memory_bytes=max(work.child_limits.memory_bytes, needed), written_bytes=written_bytes
    )


def written_file(path: Path) -> Path:
    """A file that a child said it has written.

    Raises:
        BadMedia: it is none.
    """
    if path.is_symlink() or not path.is_file():
        raise BadMedia("made the process that read it answer nonsense", next_step=_FETCH_AGAIN)
    return path


@contextmanager
def open_image(path: Path, max_megapixels: float) -> Iterator[Image.Image]:
    """A picture by Pillow, not decoded yet; HEIC by pillow-heif. Its content decides, not its name.

    Raises:
        UnreadablePicture: it is no picture, or in none of the formats that are opened.
        BadMedia: it is damaged, or has more pixels than allowed.
        OSError: the file cannot be read.
    """
    from PIL import Image

    with path.open("rb") as file:
        with reading():
            image = _heif(path) if _is_heif(file.read(_FTYP_BYTES)) else Image.open(file, formats=_FORMATS)
        with image:
            pixels = image.width * image.height
            if pixels > max_megapixels * 1_000_000:
                raise BadMedia(
                    f"has {image.width}×{image.height} pixels, more than the {max_megapixels:g} megapixels allowed",
                    next_step="If it is genuine, raise max_megapixels in library.yaml; memory use grows with it",
                )
            yield image


@contextmanager
def reading() -> Iterator[None]:
    """Around calls of Pillow that read a picture: what they raise for damage becomes BadMedia.

    Pillow has no error class for it: its plugins raise what Python raises for the bytes they stumble over.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except Image.DecompressionBombError as error:
        raise BadMedia(
            f"has more pixels than any photo: {_said(error)}", next_step="If it is genuine, store it in a smaller size"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture("is no picture that can be read", next_step=_FETCH_AGAIN) from error
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadMedia(f"cannot be decoded: {_said(error)}", next_step=_FETCH_AGAIN) from error


def _said(error: Exception) -> str:
    """Pillow's message as a part of our sentence: it ends in a full stop, or not."""
    return str(error).rstrip(".")


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture as a viewer shows it: the orientation of EXIF or the container is applied.

    Raises:
        BadMedia: it is truncated or damaged.
    """
    from PIL import ImageOps

    with reading():
        return ImageOps.exif_transpose(image)


def _is_heif(head: bytes) -> bool:
    """HEIC and its like; AVIF may call itself `mif1` too and is Pillow's."""
    if head[4:8] != b"ftyp" or head[8:12] not in _HEIF_BRANDS:
        return False
    brands = head[8 : int.from_bytes(head[:4], "big")]
    return b"avif" not in brands and isobmff.is_iso(head)


def _heif(path: Path) -> Image.Image:
    from pillow_heif import HeifImageFile

    image: Image.Image = HeifImageFile(path)  # type: ignore[no-untyped-call]
    return image
