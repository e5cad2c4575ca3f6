"""The sections of library.yaml for Google Drive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat

from media_assets.base.section import Section
from media_assets.base.validators import FolderOnDrive, NamedPath, WebAddress, folders_on_drive
from media_assets.places.filters import _Filtered

# Drive takes chunks of multiples of 256 KiB (FACTS of the API: resumable uploads).
_CHUNK_UNIT_BYTES = 256 * 1024


class DriveAccess(Section):
    """How Google Drive is reached."""

    credentials: NamedPath | None = None
    """A JSON file: the key of a service account, or a user's grant. Absent: the file that
    GOOGLE_APPLICATION_CREDENTIALS names, else the grant that `media-assets login` stored."""
    subject: str | None = None
    """E-mail address of the user a service account acts for, where the domain delegates that to it."""
    api_endpoint: WebAddress | None = None
    """Another server that speaks Drive v3; absent: Google's."""
    ca_file: NamedPath | None = None
    """Certificates to trust instead of those of certifi, as PEM."""
    chunk_bytes: Annotated[int, Field(ge=_CHUNK_UNIT_BYTES, multiple_of=_CHUNK_UNIT_BYTES)] = 16 * 1024 * 1024
    """Size of one piece of an upload or download; what a break costs at most. A multiple of 262,144."""
    timeout_seconds: PositiveFloat = 60.0
    """How long a connection may stay silent."""
    max_retries: Annotated[int, Field(ge=0)] = 8
    """Of one call that met a limit of rate, a busy server or a broken connection."""
    retry_wait_seconds: PositiveFloat = 1.0
    """Before the first of them; doubled each time, with jitter, up to a minute."""

    @property
    def neighbourhood(self) -> str:
        """See `_OnThisMachine.neighbourhood`."""
        return f"Drive at {self.api_endpoint}" if self.api_endpoint else "Drive"


class DriveSource(_Filtered, DriveAccess):
    """Folders in Google Drive."""

    usual_interval_seconds = 30

    type: Literal["drive"]
    folders: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(folders_on_drive)]
    """Each an id, a link, or a path: `My Drive/Lectures`, `Shared drives/Team/Videos`."""
    acknowledge_abuse: bool = False
    """Whether files that Google takes for malware are downloaded all the same."""


class DriveStore(DriveAccess):
    """Artifacts in Google Drive."""

    type: Literal["drive"]
    folder: FolderOnDrive
    """An id, a link or a path; a path is created by the first artifact."""
