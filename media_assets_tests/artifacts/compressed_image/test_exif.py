"""Only what changes with the picture changes in EXIF; everything else stays where it was."""

from __future__ import annotations

import io
import struct
import time

import pytest
from PIL import Image

from media_assets.artifacts.compressed_image.exif import PROCESSING_SOFTWARE, Mark, changed_exif, read_mark

MARK = Mark(0.8, 4_000_000)
NOTES = b"offsets in here count from the start of the block"


def camera_exif(order: str, thumbnail: bytes = b"") -> bytes:
    """Orientation 8, an inner directory with maker notes and sizes, and a thumbnail at the end, as cameras write it."""

    def directory(entries: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
        rows = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries)
        return struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following)

    def long(value: int) -> bytes:
        return struct.pack(order + "I", value)

    def short(value: int) -> bytes:
        return struct.pack(order + "HH", value, 0)

    inner_at, notes_at = 8 + 2 + 24 + 4, 8 + 2 + 24 + 4 + 2 + 36 + 4
    second_at = notes_at + len(NOTES)
    picture_at = second_at + 2 + 24 + 4
    first = directory([(0x0112, 3, 1, short(8)), (0x8769, 4, 1, long(inner_at))], second_at if thumbnail else 0)
    inner = directory(
        [(0x927C, 7, len(NOTES), long(notes_at)), (0xA002, 4, 1, long(4000)), (0xA003, 3, 1, short(3000))]
    )
    second = directory([(0x0201, 4, 1, long(picture_at)), (0x0202, 4, 1, long(len(thumbnail)))])
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + long(8)
    return head + first + inner + NOTES + (second + thumbnail if thumbnail else b"")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("thumbnail", [b"", b"\xff\xd8" + b"t" * 9001])
def test_sizes_and_orientation_change_and_maker_notes_stay_where_they_were(order: str, thumbnail: bytes):
    before = camera_exif(order, thumbnail)
    after = changed_exif(b"Exif\0\0" + before, 1500, 2000, MARK)
    tags = Image.Exif()
    tags.load(after)
    inner = tags.get_ifd(0x8769)
    assert 0x0112 not in tags
    assert (inner[0xA002], inner[0xA003], inner[0x927C]) == (1500, 2000, NOTES)
    assert after.index(NOTES) == before.index(NOTES)
    assert thumbnail == b"" or thumbnail not in after
    assert len(after) < len(camera_exif(order)) + 200
    assert read_mark(tags[PROCESSING_SOFTWARE]) == MARK


def test_a_picture_without_exif_gets_only_the_mark():
    tags = Image.Exif()
    tags.load(changed_exif(b"", 10, 10, MARK))
    assert dict(tags) == {PROCESSING_SOFTWARE: "media-assets; goal=0.8; original_bytes=4000000"}


def test_a_second_change_replaces_the_mark():
    once = changed_exif(camera_exif("<"), 10, 10, MARK)
    twice = changed_exif(once, 5, 5, Mark(0.9, 4_000_000))
    tags = Image.Exif()
    tags.load(twice)
    assert read_mark(tags[PROCESSING_SOFTWARE]) == Mark(0.9, 4_000_000)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=b"Exif\0\0" + twice)
    assert Image.open(file).getexif().get_ifd(0x8769)[0x927C] == NOTES


@pytest.mark.parametrize("length", [2, 9, 20, 40, 60])
def test_exif_that_ends_too_early_is_an_error(length: int):
    with pytest.raises(ValueError, match=r"ends too early|has no TIFF header"):
        changed_exif(camera_exif("<")[:length], 10, 10, MARK)


@pytest.mark.parametrize("text", [None, "", "darktable 5", b"media-assets; goal=0.8; original_bytes=1"])
def test_other_software_is_no_mark(text: object):
    assert read_mark(text) is None


def test_directories_in_directories_cost_no_more_than_their_length():
    count = 20_000
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)  # each is an inner directory, and that is the outer one
    block = b"II*\0" + struct.pack("<IH", 8, count) + entry * count + bytes(4)
    started = time.process_time()
    changed_exif(block, 10, 10, MARK)
    assert time.process_time() - started < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "media-assets; goal=1.2.3; original_bytes=1",
        "media-assets; goal=0.5; original_bytes=" + "9" * 5000,
        "media-assets; goal=" + "9" * 5000 + "; original_bytes=1",
    ],
)
def test_a_forged_note_is_none_of_ours(text: str):
    assert read_mark(text) is None
