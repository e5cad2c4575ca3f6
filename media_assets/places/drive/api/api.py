"""`DriveApi`: what sources and stores ask of Google Drive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from media_assets.places.drive.api import downloads, places, uploads
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.retries import no_check


class DriveApi(DriveCalls):
    """Calls, and the longer conversations made of them. See `DriveCalls` for the arguments."""

    def download(
        self,
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
        downloads.download(
            self,
            file_id,
            destination,
            size_bytes=size_bytes,
            md5=md5,
            acknowledge_abuse=acknowledge_abuse,
            check=check,
        )

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

    def folder_id(
        self,
        place: str,
        *,
        create: bool = False,
        check: Callable[[], None] = no_check,
        ids: places.FolderIds | None = None,
    ) -> str:
        """The id of a folder.

        Args:
            place: An id, a link, or a path that begins with `My Drive` or `Shared drives/<name>`.
            create: Make what is missing of a path. Of several that do so at the same time all get the oldest folder.
            ids: Where the ids of what is made are written down first, so that a crash leaves no second folder.

        Raises:
            Transient: a folder was made, and searches do not show it after two minutes.
            Fatal: there is no such folder for this account, it is in the trash, or a path leads to several.
        """
        return places.folder_id(self, place, create=create, check=check, ids=ids)
