"""Downloads by ranges, which go on where a break or a crash ended them, and are compared with Drive's checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from media_assets.base.errors import SourceChanged, Transient
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.errors import Unavailable
from media_assets.places.source import no_check

_REREAD_BYTES = 1 << 20


def download(
    api: DriveCalls,
    file_id: str,
    destination: Path,
    *,
    size_bytes: int,
    md5: str | None,
    acknowledge_abuse: bool = False,
    check: Callable[[], None] = no_check,
) -> None:
    """Fetch the content of a file; `destination` appears complete or not at all.

    What arrives is kept in `<destination>.partial`. A break costs at most `access.chunk_bytes`, and another process
    goes on with what a crash left.

    Args:
        md5: Compared with what arrived; None when Drive does not say.
        acknowledge_abuse: Fetch what Google takes for malware, too.
        check: Called before each chunk; what it raises ends the download.

    Raises:
        SourceChanged: the file is gone, or its content is another than `md5`.
        Refused: this file may not be downloaded, for now or at all.
        Transient: something wrong arrived and was dropped, or a connection did not hold; ask again.
        Fatal: as `call`.
    """
    unfinished = destination.with_name(f"{destination.name}.partial")
    digest = hashlib.md5(usedforsecurity=False)
    request = api.service.files().get_media(
        fileId=file_id, acknowledgeAbuse=acknowledge_abuse or None, supportsAllDrives=True
    )
    with unfinished.open("ab") as file:
        held = file.tell()
        if held > size_bytes:
            file.truncate(0)
            held = 0
        _hash(unfinished, digest, check)
        while held < size_bytes:
            stop = min(held + api.access.chunk_bytes, size_bytes)
            content = api.retries.run(partial(_range, api, request, held, stop, size_bytes), check)
            file.write(content)
            digest.update(content)
            held += len(content)
    if md5 is not None and digest.hexdigest() != md5:
        unfinished.unlink()
        raise _wrong(api, file_id, md5, check)
    unfinished.replace(destination)


def _range(api: DriveCalls, request: Any, start: int, stop: int, size_bytes: int) -> bytes:
    """Bytes `start` to before `stop` of a file, or the first of them."""
    # Drive would compress text, and what is cut could not be unpacked.
    headers = {"range": f"bytes={start}-{stop - 1}", "accept-encoding": "identity"}
    response, content = api.transport.request(request.uri, "GET", headers={**request.headers, **headers})
    if response.status == 206:
        _compare(response.get("content-range", ""), start, len(content), size_bytes)
        return content
    if response.status == 200 and len(content) == size_bytes:  # a server without ranges
        return content[start:stop]
    if response.status == 416:
        raise SourceChanged("became shorter while it was downloaded")
    if response.status < 300:
        raise Unavailable("Google Drive answered with something else than the bytes asked for")
    raise api.refusal(response, response.status, content, writing=False)


def _compare(content_range: str, start: int, length: int, size_bytes: int) -> None:
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range)
    if match and int(match[3]) != size_bytes:
        raise SourceChanged("has another size than before")
    if match is None or int(match[1]) != start or int(match[2]) + 1 - start != length or not length:
        raise Unavailable("Google Drive answered with other bytes than those asked for")


def _hash(path: Path, digest: Any, check: Callable[[], None]) -> None:
    """Add what is there already to the digest."""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_REREAD_BYTES):
            digest.update(piece)
            check()


def _wrong(api: DriveCalls, file_id: str, md5: str, check: Callable[[], None]) -> SourceChanged | Transient:
    """Why a whole download is not what it was to be."""
    if api.get(file_id, fields="md5Checksum", check=check).get("md5Checksum") != md5:
        return SourceChanged("was replaced while it was downloaded")
    return Transient("arrived with another checksum than Google Drive says, and was dropped")
