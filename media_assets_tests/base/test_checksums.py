"""Checksums of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from media_assets.base.checksums import digests_of, sha256_of
from media_assets.base.errors import Cancelled


@pytest.mark.parametrize("size_bytes", [0, 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_a_file_of_any_size_has_the_digests_of_its_content(tmp_path: Path, size_bytes: int) -> None:
    content = bytes(range(256)) * (size_bytes // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size_bytes])
    expected = {name: hashlib.new(name, content[:size_bytes]).hexdigest() for name in ("md5", "sha256")}
    assert digests_of(tmp_path / "file", "md5", "sha256") == expected
    assert sha256_of(tmp_path / "file") == expected["sha256"]


def test_reading_can_be_stopped_between_pieces(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(5 << 20))
    pieces = 0

    def check() -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        digests_of(tmp_path / "file", "sha256", check=check)
    assert pieces == 2
