"""A picture decoded whole, as it lies in a file on disk: of hundreds of megapixels no more than a part is in memory.

ffmpeg decodes it once, upright, in what it has: grey or colours, 8 or 16 bits, with or without transparency. A picture
with more than MOST_PIXELS is made smaller, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ffmpeg as ffmpeg_python

from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import file_url, no_larger, uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Values = NDArray[Any]
    """Rows, columns, and grey or red, green and blue, with or without transparency; 8 bits or 16."""

MOST_PIXELS = 120_000_000
_MOST_BYTES_PER_PIXEL = 8
_LEAST_SIDE = 8
_FORMATS = "gray|gray16be|ya8|ya16be|rgba|rgba64be"
"""ffmpeg takes the one that loses least. Without `rgb24`, for which it would drop the transparency of a palette."""
_HEADER = re.compile(rb"P7\nWIDTH (\d+)\nHEIGHT (\d+)\nDEPTH ([124])\nMAXVAL (255|65535)\nTUPLTYPE \w+\nENDHDR\n")
_HEADER_BYTES = 256
_STRIP_PIXELS = 4_000_000
_OPAQUE_SHARE = 0.996
_CANNOT = "Open it in a viewer to see what it is"


@dataclass(frozen=True)
class Still:
    """A decoded picture."""

    values: Values
    is_reduced: bool
    """Whether the file has more pixels than these."""
    has_alpha: bool
    """Whether any of it is transparent."""
    is_deep: bool
    """Whether its values say more than 8 bits can."""
    path: Path | None = None
    """Where it lies on disk."""

    @classmethod
    def of(cls, values: Values, path: Path | None = None, *, is_reduced: bool = False) -> Still:
        """What is known of the values."""
        rough = cls(values, is_reduced, has_alpha=False, is_deep=False, path=path)
        return replace(rough, has_alpha=_is_transparent(values), is_deep=_is_deep(values))

    @property
    def size_bytes(self) -> int:
        return int(self.values.nbytes)

    def forget(self) -> None:
        """Remove it from the disk."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def read_still(
    ffmpeg: FFmpeg, source: Path, container: str | None, written: Path, work: Work, *, has_alpha: bool = False
) -> Still:
    """A picture as it is displayed.

    Args:
        container: FFmpeg's name of its demuxer; None to look it up with a probe.
        written: Where to keep it.
        has_alpha: Whether it is known to be transparent. In HEIC and AVIF that is another stream, which ffmpeg leaves
            out unless told.

    Raises:
        BadMedia, TimeLimitExceeded, Transient, Fatal: see `FFmpeg.run`.
    """
    media = probe(source, work).media if container is None or has_alpha else None
    container = container or (media.container if media else None)
    given = uploaded(source, container)
    larger = f"gt(iw*ih,{MOST_PIXELS})"
    width, height = (f"if({larger},max(1,floor({side}*sqrt({MOST_PIXELS}/(iw*ih)))),{side})" for side in ("iw", "ih"))
    flags = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
    steps = f"scale=w='{width}':h='{height}':flags={flags},format={_FORMATS}"
    options = {"format": "image2pipe", "vcodec": "pam", "frames:v": 1}
    if has_alpha and container is not None and container.startswith("mov"):
        if media is None or len(media.video_streams) != 2:
            raise BadMedia("is transparent in a way that cannot be read", next_step=_CANNOT)
        joined = ffmpeg_python.filter([given["v:0"], given["v:1"]], "alphamerge")
        filtered = joined.filter("scale", w=width, h=height, flags=flags).filter("format", _FORMATS)
        output = filtered.output(file_url(written), **options)
    else:
        # No stream is chosen: of a HEIC that is stored in tiles, ffmpeg then puts the whole together.
        output = given.output(file_url(written), vf=steps, **options)
    ffmpeg.run(output, work)
    return _opened(written)


def _opened(written: Path) -> Still:
    import numpy as np

    most = MOST_PIXELS * _MOST_BYTES_PER_PIXEL + _HEADER_BYTES
    if not written.exists():
        raise BadMedia("has no picture that can be decoded", next_step=_CANNOT)
    with no_larger(written, most).open("rb") as file:
        header = _HEADER.match(file.read(_HEADER_BYTES))
    if header is None:
        raise BadMedia("has no picture that can be decoded", next_step=_CANNOT)
    width, height, channels, highest = (int(value) for value in header.groups())
    kind = np.dtype("u1" if highest < 256 else ">u2")
    size = width * height * channels * kind.itemsize
    if min(width, height) < _LEAST_SIDE or header.end() + size > written.stat().st_size:
        raise BadMedia(f"has {width}×{height} pixels, too few to be compared", next_step=_CANNOT)
    values = np.memmap(written, kind, "r", header.end(), (height, width, channels))
    is_reduced = width * height > 0.99 * MOST_PIXELS
    return Still.of(values, written, is_reduced=is_reduced)


def strips(values: Values) -> Iterator[Values]:
    """Some rows after the other."""
    step = max(1, _STRIP_PIXELS // values.shape[1])
    for top in range(0, values.shape[0], step):
        yield values[top : top + step]


def _is_transparent(values: Values) -> bool:
    import numpy as np

    if values.shape[2] % 2:
        return False
    least = _OPAQUE_SHARE * np.iinfo(values.dtype).max
    return any(int(strip[..., -1].min()) < least for strip in strips(values))


def _is_deep(values: Values) -> bool:
    """Not what is 8 bits in 16, with the same byte twice or a zero behind."""
    import numpy as np

    if values.dtype.itemsize == 1:
        return False
    twice = zero = True
    for strip in strips(values[..., :1] if values.shape[2] < 3 else values[..., :3]):
        native = strip.astype(np.uint16)
        low = native & 255
        twice = twice and bool((native >> 8 == low).all())
        zero = zero and not low.any()
        if not twice and not zero:
            return True
    return False
