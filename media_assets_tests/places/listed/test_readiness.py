"""Which files look whole, judged by real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from media_assets.media import isobmff
from media_assets.media.isobmff import boxes
from media_assets.places.listed.readiness import Readiness
from media_assets_tests.sample_media import ffmpeg, file_url, tone, video


def why_incomplete(path: Path) -> str | None:
    return Readiness().why_incomplete(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def index_in_front(folder: Path) -> Path:
    return video(folder / "front.mp4", 1.0, "-movflags", "+faststart")


@pytest.fixture(scope="module")
def index_at_end(folder: Path) -> Path:
    return video(folder / "end.mp4", 1.0)


@pytest.fixture(scope="module")
def fragmented(folder: Path) -> Path:
    return video(folder / "fragmented.mp4", 2.0, "-g", "10", "-movflags", "frag_keyframe+empty_moov")


BOX = b"\0\0\0\x08free"


def box_types(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return [box.type for box in boxes(file)]


def offset_of(path: Path, box_type: bytes) -> int:
    with path.open("rb") as file:
        return next(box.start for box in boxes(file) if box.type == box_type)


def cut(path: Path, size_bytes: int, destination: Path) -> Path:
    destination.write_bytes(path.read_bytes()[:size_bytes])
    return destination


def with_64_bit_sizes(path: Path, destination: Path) -> Path:
    """The `free` box that ffmpeg leaves in front of `mdat` takes the longer header; no offset moves."""
    content = bytearray(path.read_bytes())
    start = offset_of(path, b"mdat")
    size = int.from_bytes(content[start : start + 4], "big")
    assert content[start - 4 : start] == b"free"
    content[start - 8 : start + 8] = (1).to_bytes(4, "big") + b"mdat" + (size + 8).to_bytes(8, "big")
    destination.write_bytes(content)
    return destination


def test_an_mp4_is_whole_wherever_its_index_is(index_in_front: Path, index_at_end: Path) -> None:
    assert box_types(index_in_front).index(b"moov") < box_types(index_in_front).index(b"mdat")
    assert box_types(index_at_end).index(b"moov") > box_types(index_at_end).index(b"mdat")
    assert why_incomplete(index_in_front) is None
    assert why_incomplete(index_at_end) is None


def test_a_recording_whose_index_is_not_written_yet_waits(index_at_end: Path, tmp_path: Path) -> None:
    growing = cut(index_at_end, offset_of(index_at_end, b"moov"), tmp_path / "growing.mp4")
    assert why_incomplete(growing) == "has no index (moov box) yet"


@pytest.mark.parametrize("missing_bytes", [1, 5000])
def test_an_upload_that_ends_within_its_media_waits(index_in_front: Path, tmp_path: Path, missing_bytes: int) -> None:
    size = index_in_front.stat().st_size
    growing = cut(index_in_front, size - missing_bytes, tmp_path / "growing.mp4")
    assert why_incomplete(growing) == f"ends {missing_bytes} bytes before its `mdat` box does"


def test_an_upload_that_ends_within_its_index_waits(index_at_end: Path, tmp_path: Path) -> None:
    growing = cut(index_at_end, index_at_end.stat().st_size - 7, tmp_path / "growing.mp4")
    assert why_incomplete(growing) == "ends 7 bytes before its `moov` box does"


@pytest.mark.parametrize("size_bytes", [4, 20])
def test_an_upload_that_ends_within_its_first_box_waits(index_at_end: Path, tmp_path: Path, size_bytes: int) -> None:
    reason = why_incomplete(cut(index_at_end, size_bytes, tmp_path / "growing.mp4"))
    # Of four bytes nobody can say what they begin.
    assert reason is None if size_bytes < 8 else reason is not None


def test_a_fragmented_recording_is_usable_while_it_grows(fragmented: Path, tmp_path: Path) -> None:
    assert box_types(fragmented).count(b"moof") > 1
    assert why_incomplete(fragmented) is None
    growing = cut(fragmented, fragmented.stat().st_size - 3000, tmp_path / "growing.mp4")
    assert why_incomplete(growing) is None


def test_sizes_of_64_bits_are_understood(index_at_end: Path, tmp_path: Path) -> None:
    whole = with_64_bit_sizes(index_at_end, tmp_path / "large.mp4")
    ffmpeg("-i", file_url(whole), "-f", "null", "-")
    assert why_incomplete(whole) is None
    without_index = cut(whole, offset_of(whole, b"moov"), tmp_path / "growing.mp4")
    assert why_incomplete(without_index) == "has no index (moov box) yet"
    cut_off = cut(whole, offset_of(whole, b"mdat") + 1000, tmp_path / "cut.mp4")
    assert "before its `mdat` box does" in str(why_incomplete(cut_off))


def test_media_that_reaches_to_the_end_of_the_file_still_lacks_its_index(index_at_end: Path, tmp_path: Path) -> None:
    content = bytearray(index_at_end.read_bytes()[: offset_of(index_at_end, b"moov")])
    start = offset_of(index_at_end, b"mdat")
    content[start : start + 4] = bytes(4)
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(content)
    assert why_incomplete(growing) == "has no index (moov box) yet"


def test_a_photo_in_the_same_format_has_no_index_and_is_whole(tmp_path: Path) -> None:
    photo = tmp_path / "photo.avif"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48", "-frames:v", "1", "-c:v", "libsvtav1", file_url(photo))
    assert b"moov" not in box_types(photo)
    assert why_incomplete(photo) is None
    growing = cut(photo, photo.stat().st_size - 10, tmp_path / "growing.avif")
    assert "10 bytes before" in str(why_incomplete(growing))


def test_an_empty_file_waits(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mkv"
    empty.touch()
    assert why_incomplete(empty) == "is empty (0 bytes)"


def _text(path: Path) -> None:
    path.write_text("free as in freedom\n" * 20)


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(5000))


def _short(path: Path) -> None:
    path.write_bytes(b"abc")


def _cut_wav(path: Path) -> None:
    content = tone(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _boxes(path: Path) -> None:
    path.write_bytes(BOX * 1000)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sound.mp3", tone),
        ("sound.ogg", tone),
        ("cut.wav", _cut_wav),
        ("video.mkv", video),
        ("notes.txt", _text),
        ("zeros.mp4", _zeros),
        ("short.mp4", _short),
        ("boxes.mp4", _boxes),
    ],
)
def test_other_formats_are_taken_as_they_are(name: str, make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / name)
    assert why_incomplete(tmp_path / name) is None


@pytest.mark.parametrize(
    "header", [b"RIFF", b"RIFF\x24\x00\x00\x00", b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"\x89PNG"]
)
def test_a_header_that_is_still_written_waits(header: bytes, tmp_path: Path) -> None:
    (tmp_path / "growing").write_bytes(header)
    assert why_incomplete(tmp_path / "growing") == f"ends within its header ({len(header)} bytes)"


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The boxes that are looked at."""
    seen: list[bytes] = []

    def watched(file: BinaryIO) -> Iterator[isobmff.Box]:
        for box in boxes(file):
            seen.append(box.type)
            yield box

    monkeypatch.setattr(isobmff, "boxes", watched)
    return seen


@pytest.mark.parametrize("box", [BOX, b"\0\0\0\x08mdat", b"\0\0\0\x08moof", b"\0\0\0\x01free\0\0\0\0\0\0\0\x10"])
def test_of_a_file_of_very_many_boxes_few_are_looked_at(box: bytes, looked_at: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "soup.mp4").write_bytes(BOX + box * 200_000)
    assert why_incomplete(tmp_path / "soup.mp4") is None
    assert 0 < len(looked_at) <= 64


def test_a_long_recording_in_fragments_is_not_walked_to_its_end(
    fragmented: Path, looked_at: list[bytes], tmp_path: Path
) -> None:
    assert why_incomplete(fragmented) is None
    assert looked_at[-1] == b"moof" and looked_at.count(b"moof") == 1


def test_very_many_such_files_in_one_tick_cost_no_more_than_a_few(looked_at: list[bytes], tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.mp4" for number in range(1000)]
    for path in paths:
        path.write_bytes(BOX * 50)
    tick = Readiness()
    reasons = [tick.why_incomplete(path) for path in paths]
    assert len(looked_at) <= 20_000 + 64
    assert reasons[0] == "has no index (moov box) yet"
    assert "is looked into when some of them are through" in str(reasons[-1])
    assert Readiness().why_incomplete(paths[-1]) == "has no index (moov box) yet"
