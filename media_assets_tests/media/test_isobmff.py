"""What ISO media files say in their boxes, and that no file makes it cost more than its length."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.artifacts.compressed_video.reading.data_tracks import sample_formats
from media_assets.base.errors import BadMedia
from media_assets.media import isobmff
from media_assets.media.edit_lists import edited_tracks
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.truncation import missing_end
from media_assets.work.work import Work

TYPES = [b"ftyp", b"moov", b"mdat", b"moof", b"meta", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"dvcC", b"free"]


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


class CountingFile(io.BytesIO):
    """Counts what is read of it."""

    reads = 0
    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.reads += 1
        self.bytes_read += len(data)
        return data


def nested() -> st.SearchStrategy[bytes]:
    """Boxes in boxes, some of which lie about their size."""
    size = st.one_of(st.integers(0, 40), st.sampled_from([2**31, 2**32 - 1]))
    lie = st.tuples(size, st.sampled_from(TYPES), st.binary(max_size=12)).map(
        lambda parts: parts[0].to_bytes(4, "big") + parts[1] + parts[2]
    )
    return st.recursive(
        st.one_of(lie, st.binary(max_size=20)),
        lambda inner: st.tuples(st.sampled_from(TYPES), st.lists(inner, max_size=6)).map(
            lambda parts: box(parts[0], b"".join(parts[1]))
        ),
        max_leaves=40,
    )


@pytest.mark.thorough
@settings(deadline=None, max_examples=50)
@given(st.lists(nested(), max_size=8).map(b"".join))
def test_no_soup_of_boxes_is_read_more_often_than_it_has_boxes(soup: bytes):
    for look in (
        isobmff.index_is_missing,
        isobmff.has_dolby_vision,
        isobmff.image_size,
        isobmff.needed_file,
        edited_tracks,
    ):
        file = CountingFile(soup)
        look(file)
        assert file.reads <= len(soup) // 8 + 2
        assert file.bytes_read <= 3 * len(soup) + 16


@pytest.mark.thorough
@settings(deadline=None, max_examples=50)
@given(st.lists(nested(), max_size=8).map(b"".join))
def test_every_soup_of_boxes_has_a_clear_outcome(tmp_path_factory: pytest.TempPathFactory, soup: bytes):
    path = tmp_path_factory.getbasetemp() / "soup.mp4"
    path.write_bytes(soup)
    assert all(isinstance(name, str) for name in sample_formats(path))
    assert missing_end(path, "mov,mp4") is None or "is cut off" in str(missing_end(path, "mov,mp4"))


def looks(path: Path) -> list[bool]:
    with path.open("rb") as file:
        needed = isobmff.needed_file(file) is not None
        return [
            isobmff.has_dolby_vision(file),
            needed,
            isobmff.image_size(file) is not None,
            bool(sample_formats(path)),
        ]


STSD = b"\xff\xff\xff\xffstsd"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "content",
    [
        STSD * 262_144,
        b"ispe" * 1_000_000,
        (b"\x7f\xff\xff\xffdref" + bytes(8) + box(b"alis") * 10) * 100_000,
        box(b"trak") * 100_000,
        b"".join((8 * (100_000 - n)).to_bytes(4, "big") + b"trak" for n in range(100_000)),
        b"".join((8 * (100_000 - n)).to_bytes(4, "big") + (b"mdia" if n else b"trak") for n in range(100_000)),
    ],
    ids=["descriptions without end", "sizes", "references", "tracks", "tracks in tracks", "boxes in boxes"],
)
def test_a_hostile_index_costs_no_more_than_its_length(content: bytes, tmp_path: Path):
    path = tmp_path / "hostile.mp4"
    path.write_bytes(box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", content) + box(b"meta", content))
    dolby_vision, needed, *_ = run_in_child(looks, path, work=Work(tmp_path, time_limit_seconds=30))
    assert not dolby_vision
    assert not needed


@pytest.mark.thorough
def test_a_file_of_very_many_boxes_is_bad_and_says_so():
    soup = box(b"free") * (isobmff.MOST_BOXES + 1)
    with pytest.raises(BadMedia, match="made of more than 1000000 boxes"):
        isobmff.index_is_missing(io.BytesIO(soup))
    assert not isobmff.index_is_missing(io.BytesIO(box(b"ftyp") + box(b"moov") + soup))


def test_dolby_vision_is_told_by_a_configuration_inside_a_sample_description():
    inside, behind = box(b"stsd", b"hvc1" + box(b"dvcC")), box(b"stsd", b"hvc1") + box(b"dvvC")
    assert isobmff.has_dolby_vision(io.BytesIO(box(b"moov", inside)))
    assert not isobmff.has_dolby_vision(io.BytesIO(box(b"moov", behind)))
    assert isobmff.has_dolby_vision(io.BytesIO(box(b"moov", behind + inside)))


def alias(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """An entry that leads to another file: what has a fixed place, and then the parts."""
    fixed = flags.to_bytes(4, "big") + bytes(50) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(36)
    return box(b"alis", fixed + b"".join(parts) + b"\xff\xff\0\0")


def part(kind: int, text: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(text).to_bytes(2, "big") + text + bytes(len(text) % 2)


def references(*entries: bytes) -> io.BytesIO:
    dref = box(b"dref", bytes(4) + len(entries).to_bytes(4, "big") + b"".join(entries))
    return io.BytesIO(box(b"ftyp", b"qt  ") + box(b"moov", box(b"trak", box(b"dinf", dref))))


@pytest.mark.parametrize(
    ("entries", "name"),
    [
        ([alias(b"board.mov", part(2, b"disk:board.mov"))], "board.mov"),
        ([box(b"alis", b"\0\0\0\1"), alias(b"b\x8acut\n.mov", part(0, b"odd"), part(2, b"x:b"))], "bäcut.mov"),
        ([alias(b"", part(2, b"disk:board.mov"))], "no name"),
        ([alias(b"board.mov", part(0, b"disk"))], None),
        ([alias(b"board.mov", part(2, b""))], None),
        ([box(b"alis", b"\0\0\0\1")], None),
        ([box(b"url ", b"\0\0\0\1")], None),
        ([box(b"url ", b"\0\0\0\1"), box(b"alis", bytes(4))], None),
        ([], None),
    ],
)
def test_the_file_is_named_that_holds_what_a_reference_movie_shows(entries: list[bytes], name: str | None):
    assert isobmff.needed_file(references(*entries)) == name
