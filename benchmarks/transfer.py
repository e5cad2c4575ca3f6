"""Transfers: ours against the clients by hand, with the same chunks, in one run. Peers: googleapiclient's own
`MediaFileUpload` and `MediaIoBaseDownload`, and boto3's `upload_file` and `download_file`.

Each transfer is a process of its own, and the servers are too, so that the CPU that is counted is that of the client.
The ways take turns; of each the median is printed. Ours verifies what it transferred by checksum, the Drive client does
not (what the checksum alone costs is printed, too); a download of ours is on the disk (`fsync`) when it ends.
In the end: units of Drive's quota that a file costs in three stages with artifacts, from the first look to the last.

    python benchmarks/transfer.py [--megabytes 256] [--rounds 3]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CHUNK_BYTES = 16 * 1024 * 1024
UNIT_FILES = 20

# ------------------------------------------------------------------------------------------- the servers


def serve_drive(folder: Path) -> None:
    from media_assets_tests.drive_server import drive_server

    with drive_server(keep_uploads=False) as drive:
        grant = folder / "grant.json"
        grant.write_text(json.dumps(drive.authorized_user_info()))
        file_id = drive.add_file("download.bin", folder / "content.bin")
        _announce(url=drive.url, grant=str(grant), file_id=file_id, md5=_md5(folder / "content.bin"))


def serve_s3(folder: Path) -> None:
    from media_assets_tests.s3_server import Place, s3_server

    with s3_server() as server:
        place = Place(server)
        place.client.upload_file(str(folder / "content.bin"), place.name, "download.bin")
        # Past the proxy that injects faults: both ways speak to moto itself.
        _announce(url=f"http://127.0.0.1:{server.moto_port}", bucket=place.name)


def _announce(**facts: str) -> None:
    print(json.dumps(facts), flush=True)
    sys.stdin.read()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


# ------------------------------------------------------------------------------------------- the transfers


def drive_upload_ours(facts: dict[str, str], folder: Path) -> None:
    api = _drive_api(facts, folder)
    path = folder / "content.bin"
    api.upload(
        path,
        {"name": "up.bin"},
        file_id=api.new_id(),
        update=False,
        mime_type="application/octet-stream",
        md5=_md5(path),
        journal=folder / f"{uuid.uuid4().hex}.journal",
        fields="id",
    )


def drive_upload_by_hand(facts: dict[str, str], folder: Path) -> None:
    from googleapiclient.http import MediaFileUpload

    media = MediaFileUpload(
        str(folder / "content.bin"), mimetype="application/octet-stream", chunksize=CHUNK_BYTES, resumable=True
    )
    request = _bare_drive(facts).files().create(body={"name": "up.bin"}, media_body=media, fields="id")
    done = None
    while done is None:
        _, done = request.next_chunk()


def drive_download_ours(facts: dict[str, str], folder: Path) -> None:
    size_bytes = (folder / "content.bin").stat().st_size
    _drive_api(facts, folder).download(facts["file_id"], folder / "got.bin", size_bytes=size_bytes, md5=facts["md5"])


def drive_download_by_hand(facts: dict[str, str], folder: Path) -> None:
    from googleapiclient.http import MediaIoBaseDownload

    request = _bare_drive(facts).files().get_media(fileId=facts["file_id"])
    with (folder / "got.bin").open("wb") as file:
        loader = MediaIoBaseDownload(file, request, chunksize=CHUNK_BYTES)
        done = False
        while not done:
            _, done = loader.next_chunk()


def s3_upload_ours(facts: dict[str, str], folder: Path) -> None:
    _bucket(facts).upload(folder / "content.bin", f"up/{uuid.uuid4().hex}", {})


def s3_upload_by_hand(facts: dict[str, str], folder: Path) -> None:
    _bare_s3(facts).upload_file(
        str(folder / "content.bin"), facts["bucket"], f"up/{uuid.uuid4().hex}", Config=_transfer_config()
    )


def s3_download_ours(facts: dict[str, str], folder: Path) -> None:
    from media_assets.places.bucket.client.transfer import download

    bucket, size_bytes = _bucket(facts), (folder / "content.bin").stat().st_size
    download(bucket, "download.bin", folder / "got.bin", size_bytes=size_bytes, algorithm="md5")


def s3_download_by_hand(facts: dict[str, str], folder: Path) -> None:
    _bare_s3(facts).download_file(facts["bucket"], "download.bin", str(folder / "got.bin"), Config=_transfer_config())


WAYS: dict[str, tuple[Callable[[dict[str, str], Path], None], ...]] = {
    "drive upload": (drive_upload_ours, drive_upload_by_hand),
    "drive download": (drive_download_ours, drive_download_by_hand),
    "s3 upload": (s3_upload_ours, s3_upload_by_hand),
    "s3 download": (s3_download_ours, s3_download_by_hand),
}


def _drive_api(facts: dict[str, str], folder: Path) -> Any:
    from media_assets.places.drive.api.api import DriveApi
    from media_assets.places.drive.settings import DriveAccess

    access = DriveAccess(api_endpoint=facts["url"], chunk_bytes=CHUNK_BYTES)
    return DriveApi(access, Path(facts["grant"]), folder / "token.json")


def _bare_drive(facts: dict[str, str]) -> Any:
    import google_auth_httplib2
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc
    from googleapiclient.http import build_http

    info = json.loads(Path(facts["grant"]).read_text())
    known = {name: info[name] for name in ("refresh_token", "token_uri", "client_id", "client_secret", "scopes")}
    document = json.loads(get_static_doc("drive", "v3")) | {"rootUrl": f"{facts['url']}/"}
    credentials = Credentials(None, **known)  # type: ignore[no-untyped-call]
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=build_http())
    return build_from_document(document, http=http)


def _bucket(facts: dict[str, str]) -> Any:
    from media_assets.places.bucket.client import open_bucket
    from media_assets.places.bucket.settings import BucketAccess
    from media_assets_tests.s3_server import SECRETS

    url = f"s3://{facts['bucket']}"
    access = BucketAccess(url=url, endpoint=facts["url"], region="us-east-1", part_bytes=CHUNK_BYTES)
    return open_bucket(access, SECRETS)


def _bare_s3(facts: dict[str, str]) -> Any:
    import boto3

    return boto3.client(
        "s3", endpoint_url=facts["url"], region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )


def _transfer_config() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_chunksize=CHUNK_BYTES, multipart_threshold=CHUNK_BYTES)


# ------------------------------------------------------------------------------------------- units of the quota

UNITS = {
    **dict.fromkeys(("files.get", "files.generateIds", "about.get", "changes.getStartPageToken"), 5),
    **dict.fromkeys(("files.list", "changes.list", "drives.list"), 100),
    **dict.fromkeys(("files.create", "files.update", "files.copy", "files.delete"), 50),
    "files.download": 200,
}
"""Of a call, as Google counts them; a login costs none."""


def units_per_file(files: int) -> float:
    """What each of so many files costs in three stages."""
    from media_assets_tests.drive_library import DriveLibrary
    from media_assets_tests.drive_server import drive_server

    with tempfile.TemporaryDirectory() as root, drive_server() as drive, DriveLibrary(drive, Path(root)) as library:
        for number in range(files):
            library.put(f"{number}.txt", f"recording {number}")
        with drive.counting() as calls:
            library.process()
    return sum(UNITS.get(method, 0) * count for method, count in calls.items()) / files


# ------------------------------------------------------------------------------------------- measuring


def one(way: str, facts: dict[str, str], folder: Path) -> None:
    """Do one transfer, and print what it took; the imports and the login are not counted."""
    function: Callable[[dict[str, str], Path], None] = globals()[way]
    _warm_up(way, facts, folder)
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    function(facts, folder)
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if "download" in way:
        assert _md5(folder / "got.bin") == _md5(folder / "content.bin"), f"{way}: another content"
        (folder / "got.bin").unlink()
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_kib": after.ru_maxrss}))


def _warm_up(way: str, facts: dict[str, str], folder: Path) -> None:
    if way.startswith("drive"):
        _drive_api(facts, folder).new_id()
        _bare_drive(facts).files().generateIds(count=1).execute()
    else:
        _bucket(facts).head("download.bin")
        _bare_s3(facts).head_object(Bucket=facts["bucket"], Key="download.bin")


@contextmanager
def server(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, __file__, "--serve", kind, "--folder", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(30)


def measure(way: str, facts: dict[str, str], folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", way, "--folder", str(folder), "--facts", json.dumps(facts)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(megabytes: int, rounds: int) -> None:
    size_bytes = megabytes * 1_000_000
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        with (folder / "content.bin").open("wb") as file:
            for number in range(megabytes):
                file.write(number.to_bytes(4, "big") * 250_000)
        facts = {kind: stack.enter_context(server(kind, folder)) for kind in ("drive", "s3")}
        print(f"{megabytes} MB, chunks of {CHUNK_BYTES // 1024**2} MiB, median of {rounds}")
        started = time.process_time()
        _md5(folder / "content.bin")
        print(f"MD5 alone: {(time.process_time() - started) / size_bytes * 1e9:.2f} s CPU/GB")
        for what, ways in WAYS.items():
            found: dict[str, list[dict[str, float]]] = {way.__name__: [] for way in ways}
            for _ in range(rounds):
                for name in found:
                    found[name].append(measure(name, facts[what.split()[0]], folder))
            report(what, [list(results) for results in found.values()], size_bytes)
    print(f"Drive, three stages of {UNIT_FILES} files: {units_per_file(UNIT_FILES):.0f} units of the quota for each")


def report(what: str, results: list[list[dict[str, float]]], size_bytes: int) -> None:
    ours, peer = ({key: statistics.median(one[key] for one in way) for key in way[0]} for way in results)
    print(
        f"{what:15} ours {size_bytes / ours['seconds'] / 1e6:6.0f} MB/s {ours['cpu_seconds'] / size_bytes * 1e9:5.2f} "
        f"s CPU/GB {ours['peak_kib'] / 1024:4.0f} MiB   by hand {size_bytes / peer['seconds'] / 1e6:6.0f} MB/s "
        f"{peer['cpu_seconds'] / size_bytes * 1e9:5.2f} s CPU/GB {peer['peak_kib'] / 1024:4.0f} MiB   "
        f"time {ours['seconds'] / peer['seconds']:.2f}, CPU {ours['cpu_seconds'] / peer['cpu_seconds']:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=["drive", "s3"], help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--facts", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        (serve_drive if given.serve == "drive" else serve_s3)(given.folder)
    elif given.one:
        one(given.one, given.facts, given.folder)
    else:
        main(given.megabytes, given.rounds)
