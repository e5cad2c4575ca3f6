"""Uploads that make one file, however often they break, and are compared with what Drive says it stored."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from media_assets.base.errors import Transient
from media_assets.places.drive.api.bodies import InPieces
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.errors import IdTaken
from media_assets.places.drive.api.upload_sessions import UploadSession

_ONE_REQUEST_BYTES = 5_000_000
"""Drive takes up to 5 MB in one request ("Upload file data")."""
_METADATA_BYTES = 64 * 1024
"""Room for the rest of that request."""
_COMPARED = ("id", "md5Checksum", "size")


@dataclass(frozen=True)
class Upload:
    """One file on its way; see `DriveApi.upload`."""

    api: DriveCalls
    path: Path
    metadata: Mapping[str, Any]
    file_id: str
    update: bool
    mime_type: str
    md5: str
    size_bytes: int
    journal: Path
    fields: str
    check: Callable[[], None]

    def run(self) -> dict[str, Any]:
        """Send it, and compare."""
        try:
            answer = self._sent()
        except IdTaken:
            return self._there_already()
        stored = self._seen(answer)
        if stored is None and not self.update:
            # The id is used up by a file that is broken, so that file is mended.
            metadata = {name: value for name, value in self.metadata.items() if name != "parents"}
            return replace(self, update=True, metadata=metadata).run()
        if stored is None:
            raise Transient("is in Google Drive with another checksum than it was sent with")
        return stored

    def _sent(self) -> dict[str, Any]:
        if self.size_bytes <= _ONE_REQUEST_BYTES - _METADATA_BYTES:
            return self.api.call(self._in_one_request, check=self.check)
        with self.path.open("rb", buffering=0) as file:
            session = UploadSession(
                self.api,
                lambda drive: self._request(drive, file, resumable=True),
                file,
                size_bytes=self.size_bytes,
                mime_type=self.mime_type,
                journal=self.journal,
                purpose=self._purpose(),
                check=self.check,
            )
            return session.run()

    def _in_one_request(self, drive: Any) -> Any:
        request = self._request(drive, io.BytesIO(self.path.read_bytes()), resumable=False)
        request.body = InPieces(request.body)
        return request

    def _request(self, drive: Any, file: Any, *, resumable: bool) -> Any:
        from googleapiclient.http import MediaIoBaseUpload

        media = MediaIoBaseUpload(file, self.mime_type, chunksize=self.api.access.chunk_bytes, resumable=resumable)
        common = {"media_body": media, "fields": self._fields(), "supportsAllDrives": True}
        if self.update:
            return drive.files().update(fileId=self.file_id, body=dict(self.metadata), **common)
        return drive.files().create(body={**self.metadata, "id": self.file_id}, **common)

    def _fields(self) -> str:
        asked = self.fields.split(",")
        return ",".join([*asked, *(name for name in _COMPARED if name not in asked)])

    def _purpose(self) -> str:
        """Differs for what may not be continued by the session of another upload."""
        said = [self.file_id, self.update, self.mime_type, self.md5, self.size_bytes, dict(self.metadata), self.fields]
        return hashlib.sha256(json.dumps([str(self.api.access.api_endpoint), *said]).encode()).hexdigest()

    def _seen(self, answer: Mapping[str, Any]) -> dict[str, Any] | None:
        """What is stored if it is what was sent. Asked for again when the answer says otherwise, or nothing yet: the
        checksum may come later than the file, and what was sent is not sent again for that."""
        if self._is_equal(answer):
            return dict(answer)
        now = self.api.get_with_checksum(self.file_id, fields=self._fields(), check=self.check)
        return now if self._is_equal(now) else None

    def _there_already(self) -> dict[str, Any]:
        there = self.api.get_with_checksum(self.file_id, fields=self._fields(), check=self.check)
        if self._is_equal(there):
            return there
        raise IdTaken("Google Drive has a file with this id already, and its content is another")

    def _is_equal(self, there: Mapping[str, Any]) -> bool:
        return there.get("md5Checksum") == self.md5 and there.get("size") == str(self.size_bytes)
