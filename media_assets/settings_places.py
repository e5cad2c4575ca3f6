"""The sections of library.yaml about places: where files come from and where artifacts go.

The `type` of a place says of which kind it is; without one it is a folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from media_assets.base.section import Section
from media_assets.base.validators import BucketAddress, FolderOnDrive, Glob, NamedPath, WebAddress, folders_on_drive

# Drive takes chunks of multiples of 256 KiB (FACTS of the API: resumable uploads).
_CHUNK_UNIT_BYTES = 256 * 1024


class _OnThisMachine(Section):
    @property
    def neighbourhood(self) -> str:
        """Where files can lie beside one another: places of equal neighbourhood."""
        return "folders"


class _Filtered(Section):
    """A source whose files are chosen by their paths."""

    include: tuple[Glob, ...] = ("**",)
    """Globs on the path below the source; `**` crosses folders."""
    exclude: tuple[Glob, ...] = ()
    hidden: bool = False
    """Whether names that begin with a dot are looked at."""
    interval_seconds: PositiveInt | None = None
    """Time between two looks; absent: `automation.source_interval_seconds`, else what is usual for its kind."""

    usual_interval_seconds: ClassVar[int]
    looks_are_paid: ClassVar[bool] = True
    """A folder is listed in milliseconds; of a bucket each thousand objects cost a request, and Drive has a quota."""


# ------------------------------------------------------------------------------------------- folders


class FolderSource(_Filtered, _OnThisMachine):
    """A folder of this machine, or a mounted share."""

    usual_interval_seconds = 10
    looks_are_paid = False

    type: Literal["folder"] = "folder"
    path: NamedPath
    """Relative paths start at the folder of library.yaml."""
    follow_symlinks: bool = False
    cache: bool = False
    """Copy files into the local cache before reading them: for slow network shares."""


class FolderStore(_OnThisMachine):
    """Artifacts in a folder of this machine, or a mounted share."""

    type: Literal["folder"] = "folder"
    path: NamedPath


class DriveDesktopSource(_Filtered, _OnThisMachine):
    """Google Drive as Drive for desktop shows it on this machine."""

    usual_interval_seconds = 30
    looks_are_paid = False

    type: Literal["drive_desktop"]
    mount: NamedPath | None = None
    """Where Drive is mounted (the folder that holds `My Drive`); absent: looked for where the system puts it."""
    account: str | None = None
    """E-mail address; which mount to take when there are several."""
    folder: str = "My Drive"
    """The folder to watch, below the mount."""


# ------------------------------------------------------------------------------------------- Google Drive


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


# ------------------------------------------------------------------------------------------- buckets


class BucketAccess(Section):
    """How a bucket is reached. Keys and secrets come from the environment."""

    url: BucketAddress
    """`s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`."""
    endpoint: WebAddress | None = None
    """Another server that speaks the protocol; absent: the cloud's own."""
    region: str | None = None
    """Region of an S3 bucket."""
    part_bytes: Annotated[int, Field(ge=5 * 1024 * 1024)] = 8 * 1024 * 1024
    """Size of one part of an upload or download."""
    timeout_seconds: PositiveFloat = 60.0
    """How long one request may take."""
    max_retries: Annotated[int, Field(ge=0)] = 8
    """Of one request that met a busy server or a broken connection."""

    @property
    def neighbourhood(self) -> str:
        """See `_OnThisMachine.neighbourhood`."""
        bucket = "/".join(self.url.split("/")[:3])
        return f"{bucket} at {self.endpoint}" if self.endpoint else bucket


class BucketSource(_Filtered, BucketAccess):
    """Objects of a bucket."""

    usual_interval_seconds = 120

    type: Literal["bucket"]
    anonymous: bool = False
    """Whether the bucket is read without a key."""


class BucketStore(BucketAccess):
    """Artifacts in a bucket."""

    type: Literal["bucket"]
    link_seconds: Annotated[int, Field(ge=0)] = 0
    """Let the links in the metadata open without login for so long; 0: links to the object, which ask for one."""


# ------------------------------------------------------------------------------------------- any of them


SourceSettings = Annotated[FolderSource | DriveDesktopSource | DriveSource | BucketSource, Field(discriminator="type")]
StoreSettings = Annotated[FolderStore | DriveStore | BucketStore, Field(discriminator="type")]


def with_types(places: object) -> object:
    """The sections of sources or stores, each with a type: without one it is a folder."""
    if not isinstance(places, Mapping):
        return places
    return {
        name: {"type": "folder", **place} if isinstance(place, Mapping) else place for name, place in places.items()
    }
