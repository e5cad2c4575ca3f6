"""`DriveApi`: what sources and stores ask of Google Drive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from media_assets.places.drive.api import downloads, places, uploads
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.source import no_check


class DriveApi(DriveCalls):
    """Calls, and the longer conversations made of them. See `DriveCalls` for the arguments."""

    download = downloads.download
    folder_id = places.folder_id

    def upload(
        self,
        path: Path,
        metadata: Mapping[str, Any],
        *,
        file_id: str,
        update: bool,
        mime_type: str,
        md5: str,
        journal: Path,
        fields: str,
        check: Callable[[], None] = no_check,
    ) -> dict[str, Any]:
        """Store a file, exactly once, and compare what Drive has with what was sent.

        Args:
            metadata: As `files.create` or `files.update` take it, without an id.
            file_id: From `new_id` and written down before; the file to update, with `update`.
            md5: Of `path`.
            journal: A file for the address of the upload while it lasts: a process that finds it goes on where another
                one stopped. It needs no credentials, so it has mode 0600.
            fields: What to return of the file. `id`, `md5Checksum` and `size` are there in any case.
            check: Called before each piece; what it raises ends the upload, which can be taken up later.

        Raises:
            IdTaken: there is a file with the id already, and its content is another.
            NotFound: the file to update is gone, or the folder.
            Transient: a connection did not hold, what arrived is not what was sent, or Drive takes long to say; ask
                again.
            Fatal: as `call`.
        """
        return uploads.Upload(
            api=self,
            path=path,
            metadata=metadata,
            file_id=file_id,
            update=update,
            mime_type=mime_type,
            md5=md5,
            size_bytes=path.stat().st_size,
            journal=journal,
            fields=fields,
            check=check,
        ).run()
