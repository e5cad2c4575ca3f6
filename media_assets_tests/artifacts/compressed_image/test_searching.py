"""Looking for a few bytes in files of any size."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from media_assets.artifacts.compressed_image.exif import Mark
from media_assets.artifacts.compressed_image.metadata import Metadata, carried_over, has_gain_map
from media_assets.media.pictures.searching import is_in
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.child_limits import ChildLimits
from media_assets.work.work import Work

MARK = Mark(0.8, 4_000_000)
MEGABYTE = 1 << 20


@pytest.mark.parametrize("before", [0, 1, MEGABYTE - 7, MEGABYTE - 1, MEGABYTE, 3 * MEGABYTE - 3])
def test_it_is_found_wherever_it_is(before: int):
    assert is_in(io.BytesIO(bytes(before) + b"needle" + bytes(10)), [b"other", b"needle"])
    assert not is_in(io.BytesIO(bytes(before) + b"needl_" + bytes(10)), [b"other", b"needle"])


@pytest.mark.thorough
def test_a_large_file_is_not_read_into_memory(tmp_path: Path):
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(600 * MEGABYTE)
        file.seek(0, 2)
        file.write(b"hdrgm:Version")
    limits = ChildLimits(memory_bytes=200_000_000)
    assert run_in_child(has_gain_map, path, work=Work(tmp_path, time_limit_seconds=60), limits=limits)


def test_blanks_in_xmp_cost_no_more_than_their_length():
    started = time.process_time()
    padded = b"<x:xmpmeta>" + b" " * 300_000 + b'tiff:Orientation="6"</x:xmpmeta>'
    metadata = Metadata(exif=b"", xmp=padded + b" " * 300_000, icc=b"", mark=None, lost=())
    options, _ = carried_over(metadata, "avif", "RGB", (10, 10), MARK)
    assert time.process_time() - started < 10.0
    assert options["xmp"] == b"<x:xmpmeta></x:xmpmeta>" + b" " * 300_000
