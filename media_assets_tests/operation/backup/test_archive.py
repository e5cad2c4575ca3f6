"""The file that `export` writes: whole or not at all, and refused when it is not what was written."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets.operation.backup.archive import Archive, new_archive, open_archive

LINES = [{"key": "box:a.mp4"}, ["ü", None, 1.5], "\u2028 \n"]


def write(path: Path) -> bytes:
    with new_archive(path) as archive:
        with archive.lines("partitions.jsonl") as line:
            for content in LINES:
                line(content)
        with archive.member("duplicates/x.jsonl") as append:
            append(b"one ")
            append(b"two")
    return path.read_bytes()


def contents(archive: Archive) -> tuple[list[object], bytes]:
    archive.verify()
    return list(archive.lines("partitions.jsonl")), archive.read("duplicates/x.jsonl")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "a.zip")
    with open_archive(tmp_path / "a.zip") as archive:
        assert contents(archive) == (LINES, b"one two")
        assert archive.below("duplicates") == {"x": "duplicates/x.jsonl"}
        assert list(archive.lines("never.jsonl")) == []
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_damaged_byte_anywhere_is_noticed_or_does_no_harm(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.zip")
    damaged = tmp_path / "damaged.zip"
    noticed = 0
    for position in range(0, len(whole), 3):
        damaged.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            with open_archive(damaged) as archive:
                assert contents(archive) == (LINES, b"one two"), position
        except Fatal as error:
            noticed += 1
            assert "is damaged" in error.reason
    assert noticed > len(whole) / 6


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.zip")
    for length in range(0, len(whole), 7):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(Fatal, match="is damaged"), open_archive(tmp_path / "cut.zip") as archive:
            archive.verify()


def test_a_member_that_was_exchanged_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as whole, zipfile.ZipFile(tmp_path / "b.zip", "w") as other:
        for name in whole.namelist():
            other.writestr(name, b"one 2wo" if name.startswith("duplicates") else whole.read(name))
    with (
        pytest.raises(Fatal, match=r"duplicates/x\.jsonl is not what was written"),
        open_archive(tmp_path / "b.zip") as archive,
    ):
        archive.verify()


def test_an_archive_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as whole, zipfile.ZipFile(tmp_path / "b.zip", "w") as newer:
        newer.writestr("index.json", whole.read("index.json").replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(Fatal, match=r"format 2.* knows formats up to 1") as caught, open_archive(tmp_path / "b.zip"):
        pass
    assert caught.value.next_step == "Upgrade media-assets here first"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(Fatal, match="is damaged, or no archive"), open_archive(tmp_path / "text.zip"):
        pass
    with pytest.raises(Fatal, match="cannot be read: No such file"), open_archive(tmp_path / "none.zip"):
        pass


def test_nothing_is_written_over_and_nothing_half_is_left(tmp_path: Path) -> None:
    before = write(tmp_path / "a.zip")
    with pytest.raises(Fatal, match="is there already"):
        write(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == before
    (tmp_path / ".b.zip.partial").write_bytes(b"x" * 100_000)  # an export that was killed
    with pytest.raises(KeyboardInterrupt), new_archive(tmp_path / "b.zip") as archive:
        with archive.lines("partitions.jsonl") as line:
            line("a")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.thorough
def test_an_archive_that_unfolds_to_a_thousand_times_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("partitions.jsonl", "w") as member:
        for _ in range(150):
            member.write(bytes(1 << 20))
    with pytest.raises(Fatal, match=r"bomb\.zip is damaged, or no archive .* unfold to 157286400"), open_archive(path):
        pass
