"""Opening and decoding pictures of any format, safely: what is no picture, too large or damaged is `BadMedia`."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.engines import isobmff
from media_assets.errors import BadMedia

if TYPE_CHECKING:
    from PIL import Image

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_FTYP_BYTES = 256
_FETCH_AGAIN = "Open it in a viewer to see whether it is damaged; fetch or export it again"


@contextmanager
def open_image(path: Path, max_megapixels: float) -> Iterator[Image.Image]:
    """A picture by Pillow, not decoded yet; HEIC by pillow-heif. Its content decides, not its name.

    Raises:
        BadMedia: it is no picture that can be read, or has more pixels than allowed.
        OSError: the file cannot be read.
    """
    from PIL import Image

    with path.open("rb") as file:
        with reading():
            image = _heif(path) if _is_heif(file.read(_FTYP_BYTES)) else Image.open(file)
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
            f"has more pixels than any photo: {error}", next_step="If it is genuine, store it in a smaller size"
        ) from error
    except UnidentifiedImageError as error:
        raise BadMedia("is no picture that can be read", next_step=_FETCH_AGAIN) from error
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadMedia(f"cannot be decoded: {error}", next_step=_FETCH_AGAIN) from error


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
