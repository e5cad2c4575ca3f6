"""Pictures that are made to harm: none takes more memory or time than it may, and the file is red or done."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, MediaKind, Stream
from media_assets.media.pictures.opening import UnreadablePicture, open_image
from media_assets.media.pictures.pixels import eight_bits
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.child_limits import ChildLimits
from media_assets.work.work import Work


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(side: int, depth: int, colour: int, *extra: bytes) -> bytes:
    """A square picture of zeros, which weighs next to nothing."""
    row = 1 + side * {0: 1, 2: 3, 3: 1, 6: 4}[colour] * depth // 8
    packer, rows = zlib.compressobj(), b""
    for _ in range(side):
        rows += packer.compress(bytes(row))
    rows += packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0))
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + head + palette + b"".join(extra) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def peak(path: Path) -> int:
    """Bytes of memory that decoding takes, in this process."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_image(path, 178) as image:
        eight_bits(image)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


@pytest.mark.thorough
def test_grey_of_16_bits_takes_a_few_bytes_for_each_pixel(tmp_path: Path):
    (tmp_path / "grey.png").write_bytes(png(4000, 16, 0))
    taken = run_in_child(peak, tmp_path / "grey.png", work=Work(tmp_path, time_limit_seconds=120))
    assert taken < 5 * 4000 * 4000 + 100_000_000


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_grey_is_scaled_the_same_in_strips(mode: str):
    values = np.linspace(0, 65535, 1_500 * 1_400).reshape(1_400, 1_500)
    image = Image.fromarray(values.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]))
    assert image.mode == mode
    expected = np.rint(np.asarray(image, dtype=np.float64) * (255 / 65535)).astype(int)
    assert np.abs(np.asarray(eight_bits(image)).astype(int) - expected).max() <= (1 if mode == "F" else 0)


def thumbnails(path: Path, side: int, memory: int, container: str = "png_pipe") -> None:
    stream = Stream(index=0, type="video", codec="png", width=side, height=side)
    work = Work(path.parent, time_limit_seconds=120, child_limits=ChildLimits(memory_bytes=memory))
    info = MediaInfo(container=container, streams=(stream,))
    make_thumbnails(FFmpeg(), path, MediaKind.IMAGE, info, ThumbnailSettings(), work)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce it")
@pytest.mark.parametrize(("depth", "colour"), [(8, 3), (8, 6)])
def test_a_picture_that_is_larger_than_its_probe_said_is_red_when_it_takes_too_much(
    depth: int, colour: int, tmp_path: Path
):
    (tmp_path / "bomb.png").write_bytes(png(9000, depth, colour))
    with pytest.raises(BadMedia, match=r"of memory to be read|more pixels|cannot be decoded"):
        thumbnails(tmp_path / "bomb.png", 10, 10_000_000)


@pytest.mark.thorough
def test_compressed_texts_and_profiles_are_no_bomb(tmp_path: Path):
    bomb = zlib.compress(bytes(300_000_000), 9)
    for kind, content in ((b"zTXt", b"a\0\0" + bomb), (b"iCCP", b"a\0\0" + bomb), (b"iTXt", b"a\0\1\0\0\0" + bomb)):
        (tmp_path / "bomb.png").write_bytes(png(64, 8, 2, chunk(kind, content)))
        try:
            thumbnails(tmp_path / "bomb.png", 64, 10_000_000)
        except BadMedia as error:
            assert "cannot be decoded" in error.reason or "memory" in error.reason


@pytest.mark.parametrize("image_format", ["EPS", "ICO", "TGA", "DDS", "PCX", "SGI", "IM", "MSP", "SPIDER"])
def test_formats_that_are_not_on_the_list_are_not_opened(image_format: str, tmp_path: Path):
    file = io.BytesIO()
    mode = {"MSP": "1", "SPIDER": "F"}.get(image_format, "RGB")
    Image.new(mode, (16, 16)).save(file, image_format)
    (tmp_path / "picture").write_bytes(file.getvalue())
    with pytest.raises(UnreadablePicture), open_image(tmp_path / "picture", 178):
        pass
