"""Downloads: whole or not at all, at most a chunk fetched twice, and dropped when they are not what they should be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from media_assets.base.errors import Cancelled, SourceChanged, Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotFound, Unavailable
from media_assets.places.source import no_check
from media_assets_tests.drive_server import DriveServer, Fault
from media_assets_tests.places.drive.api.clients import CHUNK_BYTES, api_for, noise, nth

SIZE_BYTES = 10 * CHUNK_BYTES + 1000
BREAKS = (
    *(Fault.CLOSED, Fault.RESET, Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.NOT_JSON),
    *(Fault.BAD_GATEWAY, Fault.BACKEND, Fault.USER_RATE, Fault.UNAUTHORIZED, Fault.SLOW),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    noise(tmp_path / "source", SIZE_BYTES)
    return tmp_path / "source"


def fetch(
    api: DriveApi,
    file_id: str,
    source: Path,
    *,
    md5: str | None = None,
    size_bytes: int | None = None,
    check: Callable[[], None] = no_check,
) -> Path:
    """Download what should be like `source`; where it is to be found then."""
    destination = source.with_name("destination")
    api.download(
        file_id,
        destination,
        size_bytes=source.stat().st_size if size_bytes is None else size_bytes,
        md5=md5 or hashlib.md5(source.read_bytes()).hexdigest(),
        check=check,
    )
    return destination


def leftovers(source: Path) -> list[str]:
    return sorted(path.name for path in source.parent.iterdir() if path.name.startswith("destination"))


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_download_costs_at_most_a_chunk(drive: DriveServer, api: DriveApi, source: Path, fault: Fault) -> None:
    file_id = drive.add_file("a", source)
    destination = fetch(api, file_id, source, check=nth(6, partial(drive.fail_next, "files.download", fault)))
    assert drive.faults.injected == {fault: 1}
    assert destination.read_bytes() == source.read_bytes()
    assert drive.counters.bytes_down <= SIZE_BYTES + CHUNK_BYTES
    assert leftovers(source) == ["destination"]


def test_ranges_are_as_large_as_configured(plain_drive: DriveServer, plain_api: DriveApi, source: Path) -> None:
    fetch(plain_api, plain_drive.add_file("a", source), source)
    requests = [item for item in plain_drive.counters.requests if item.method == "files.download"]
    assert requests[0].headers["range"] == f"bytes=0-{CHUNK_BYTES - 1}"
    assert requests[-1].headers["range"] == f"bytes={10 * CHUNK_BYTES}-{SIZE_BYTES - 1}"
    assert (len(requests), requests[0].headers["accept-encoding"]) == (11, "identity")


def test_a_download_that_was_ended_goes_on_where_it_was(
    plain_drive: DriveServer, plain_api: DriveApi, source: Path, tmp_path: Path
) -> None:
    def stop() -> None:
        raise Cancelled("the run was stopped")

    file_id = plain_drive.add_file("a", source)
    with pytest.raises(Cancelled):
        fetch(plain_api, file_id, source, check=nth(6, stop))
    assert leftovers(source) == ["destination.partial"]
    with source.with_name("destination.partial").open("ab") as partial_file:
        partial_file.truncate(2 * CHUNK_BYTES + 5)  # as a crash leaves it
    another = api_for(plain_drive, tmp_path)
    before = plain_drive.counters.bytes_down
    assert fetch(another, file_id, source).read_bytes() == source.read_bytes()
    assert plain_drive.counters.bytes_down - before == SIZE_BYTES - 2 * CHUNK_BYTES - 5


def test_what_was_whole_before_a_crash_is_not_fetched_again(
    plain_drive: DriveServer, plain_api: DriveApi, source: Path
) -> None:
    file_id = plain_drive.add_file("a", source)
    source.with_name("destination.partial").write_bytes(source.read_bytes())
    assert fetch(plain_api, file_id, source).read_bytes() == source.read_bytes()
    assert not plain_drive.calls["files.download"]


def test_the_start_of_something_else_is_noticed_and_dropped(
    plain_drive: DriveServer, plain_api: DriveApi, source: Path
) -> None:
    file_id = plain_drive.add_file("a", source)
    source.with_name("destination.partial").write_bytes(bytes(1000))
    with pytest.raises(Transient, match="another checksum than Google Drive says"):
        fetch(plain_api, file_id, source)
    assert leftovers(source) == []
    source.with_name("destination.partial").write_bytes(bytes(SIZE_BYTES + 1))
    assert fetch(plain_api, file_id, source).read_bytes() == source.read_bytes()


def test_an_empty_file_takes_no_request(plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert fetch(plain_api, plain_drive.add_file("a", b""), tmp_path / "empty").read_bytes() == b""
    assert not plain_drive.calls


def test_a_file_without_a_checksum_is_taken_by_its_size(
    plain_drive: DriveServer, plain_api: DriveApi, source: Path
) -> None:
    file_id = plain_drive.add_file("a", source, checksums_ready=False)
    destination = source.with_name("destination")
    plain_api.download(file_id, destination, size_bytes=SIZE_BYTES, md5=None)
    assert destination.read_bytes() == source.read_bytes()


def test_a_file_replaced_before_or_meanwhile_has_changed(
    plain_drive: DriveServer, plain_api: DriveApi, source: Path
) -> None:
    file_id = plain_drive.add_file("a", source)
    longer = partial(plain_drive.replace_content, file_id, size=SIZE_BYTES + 1)
    with pytest.raises(SourceChanged, match="another size"):
        fetch(plain_api, file_id, source, check=nth(6, longer))
    shorter = partial(plain_drive.replace_content, file_id, size=1000)
    plain_drive.replace_content(file_id, source)
    source.with_name("destination.partial").unlink()
    with pytest.raises(SourceChanged, match="became shorter"):
        fetch(plain_api, file_id, source, check=nth(6, shorter))
    plain_drive.replace_content(file_id, size=SIZE_BYTES)
    source.with_name("destination.partial").unlink()
    with pytest.raises(SourceChanged, match="was replaced while"):
        fetch(plain_api, file_id, source)
    assert leftovers(source) == []


def test_a_file_that_goes_meanwhile_is_gone(plain_drive: DriveServer, plain_api: DriveApi, source: Path) -> None:
    file_id = plain_drive.add_file("a", source)
    with pytest.raises(NotFound):
        fetch(plain_api, file_id, source, check=nth(6, partial(plain_drive.delete, file_id)))
    assert "destination" not in leftovers(source)


def test_a_page_in_html_is_never_taken_for_a_file(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=2)
    file_id = plain_drive.add_file("a", bytes(1000))
    plain_drive.fail_always("files.download", Fault.NOT_JSON)
    with pytest.raises(Unavailable, match="something else than the bytes"):
        api.download(file_id, tmp_path / "a", size_bytes=1000, md5=None)
    assert not (tmp_path / "a").exists()


def test_breaks_are_counted_from_range_to_range(plain_drive: DriveServer, tmp_path: Path, source: Path) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=1)
    file_id = plain_drive.add_file("a", source)
    calls = 0

    def fail_every_range() -> None:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:  # once for what is there before, then before each attempt and after each wait
            plain_drive.fail_next("files.download", Fault.BACKEND)

    assert fetch(api, file_id, source, check=fail_every_range).read_bytes() == source.read_bytes()
    assert plain_drive.faults.injected[Fault.BACKEND] > 2


def test_files_of_shared_drives_are_fetched(plain_drive: DriveServer, plain_api: DriveApi, source: Path) -> None:
    file_id = plain_drive.add_file("a", source, parent=plain_drive.add_shared_drive("Team"))
    assert fetch(plain_api, file_id, source).read_bytes() == source.read_bytes()
