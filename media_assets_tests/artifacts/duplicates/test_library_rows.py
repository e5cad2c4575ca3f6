"""What is known of files without fetching them: exact copies are found by the checksums of Drive and of buckets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.duplicates.library import INDEX, Duplicates
from media_assets.artifacts.duplicates.library_rows import LibraryRows
from media_assets.artifacts.duplicates.values import INDEX_VERSION
from media_assets.base.secrets import Secrets
from media_assets.config.load import load_settings
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.pipeline.library import Library
from media_assets.pipeline.status import State
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.manifest import Manifest
from media_assets.places.store import Target
from media_assets_tests import sample_media as media
from media_assets_tests.drive_library import access_to
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.s3_server import SECRETS, Place, s3_server

TEXT = b"words " * 100


@pytest.fixture(scope="module")
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=6) as drive:
        yield drive


def library_of(root: Path, secrets: Secrets, **section: Any) -> Library:
    made = RealLibrary(root, sources={"box": section}, assets={"dedup_index": {"enabled": True}})
    return open_library(load_settings(made.root / "library.yaml"), secrets)


def duplicates(library: Library) -> Duplicates:
    return Duplicates(library, [entry.key for entry in library.sources["box"].scan()])


def way_to(drive: DriveServer, root: Path) -> dict[str, Any]:
    way = access_to(drive, root)
    return way | {"type": "drive", "credentials": str(way["credentials"]), "ca_file": None}


@pytest.mark.thorough
def test_on_drive_copies_are_found_before_anything_was_ever_downloaded(drive: DriveServer, tmp_path: Path) -> None:
    folder = drive.add_path("Unseen")
    for name, content in (("a.txt", TEXT), ("b.txt", TEXT), ("c.txt", b"other"), ("d.txt", b"")):
        drive.add_file(name, content, parent=drive.add_folder("sub", folder))
    library = library_of(tmp_path, Secrets(), folders=["My Drive/Unseen"], **way_to(drive, tmp_path))
    with drive.counting() as calls:
        found = duplicates(library)
        (group,) = found.groups
    assert (group.keep_path, [one.path for one in group.members]) == ("sub/a.txt", ["sub/b.txt"])
    assert len(found.unknown) == 4
    assert calls["files.download"] == 0
    assert [move.file.address for move in found.moves(near=False)["box"]] == [found.rows[group.members[0].key].file_id]


def upload_in_parts(place: Place, path: str, content: bytes) -> None:
    which = {"Bucket": place.name, "Key": path}
    upload = place.client.create_multipart_upload(**which)["UploadId"]
    tag = place.client.upload_part(**which, UploadId=upload, PartNumber=1, Body=content)["ETag"]
    place.client.complete_multipart_upload(
        **which, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
    )


@pytest.mark.thorough
def test_in_a_bucket_copies_are_found_by_their_tags(tmp_path: Path) -> None:
    with s3_server() as server:
        place = Place(server)
        place.put(**{"a.txt": TEXT, "sub/b.txt": TEXT, "c.txt": b"other"})
        upload_in_parts(place, "d.txt", b"other")
        library = library_of(tmp_path, SECRETS, type="bucket", **place.settings())
        found = duplicates(library)
        assert [(group.keep_path, len(group.members)) for group in found.groups] == [("a.txt", 1)], (
            "a part tag is no MD5"
        )
        assert not [request for request in server.requests if request.method == "GET" and request.path]


@pytest.mark.thorough
def test_the_index_fetches_no_copy_and_nothing_but_pictures_and_sound(drive: DriveServer, tmp_path: Path) -> None:
    folder = drive.add_path("Seen")
    sound = media.noise(tmp_path / "noise.flac", 8).read_bytes()
    for name, content in (("a.flac", sound), ("b.flac", sound), ("c.txt", TEXT), ("d.txt", TEXT)):
        drive.add_file(name, content, parent=folder)
    made = RealLibrary(
        tmp_path,
        sources={"box": {"folders": ["My Drive/Seen"], **way_to(drive, tmp_path)}},
        assets={"dedup_index": {"enabled": True}},
    )
    made.process(stage="drive_file")
    shutil.rmtree(tmp_path / ".media_assets/cache")
    drive.counters.requests.clear()
    status = made.process(stage="dedup_index")
    assert {cells["dedup_index"] for cells in status.grid.values()} == {State.DONE}
    fetched = {request.path for request in drive.counters.requests if request.method == "files.download"}
    assert len(fetched) == 1, "of the four files, one recording has to be heard"
    library = open_library(load_settings(made.root / "library.yaml"), Secrets())
    found = duplicates(library)
    assert not found.unknown
    assert sorted((group.keep_path, group.kind) for group in found.groups) == [("a.flac", "exact"), ("c.txt", "exact")]
    rows = {row.path: row for row in found.rows.values()}
    assert rows["a.flac"].audio == rows["b.flac"].audio is not None
    assert rows["a.flac"].file_id != rows["b.flac"].file_id

    (item,) = drive.files(name="b.flac", parent=folder)
    drive.replace_content(item.id, b"no longer a copy")
    found = duplicates(library)
    assert [library.sources["box"].identity(key) for key in found.unknown] == [f"box:~{item.id}"]
    assert [group.keep_path for group in found.groups] == ["c.txt"], "what the index knows of it is out of date"


@pytest.mark.parametrize("value", [{"size_bytes": 3, "kind": "odd"}, {"kind": "image"}, None, "text"])
def test_what_the_index_holds_of_a_file_and_cannot_be_read_counts_as_unknown(tmp_path: Path, value: object) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"abc")
    settings = Settings(
        sources={"box": FolderSource(path=tmp_path / "in")},
        stores={"artifacts": FolderStore(path=tmp_path / "out")},
        state_dir=tmp_path / "state",
    )
    library = open_library(settings)
    manifest = Manifest(
        asset=INDEX,
        key="box:a.txt",
        fingerprint="f" * 64,
        version="1",
        value=value,
        inputs={},
        code_version=INDEX_VERSION,
        settings={},
        made_at=datetime.now(UTC),
        made_in_seconds=0.0,
        made_by_run="",
    )
    library.store(INDEX).publish(manifest, {}, {}, Target("folder"))
    rows = LibraryRows(library, INDEX, ["box:a.txt"])
    assert rows.unknown == ["box:a.txt"]
    assert rows.rows == {}
