"""The sections of library.yaml for Google Drive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat

from media_assets.base.errors import BadMedia
from media_assets.base.keys import split_drive_key
from media_assets.base.section import Section
from media_assets.base.validators import FolderOnDrive, NamedPath, WebAddress, folders_on_drive
from media_assets.places.section import SourceSection, StoreSection, Surroundings, Territory

if TYPE_CHECKING:
    from media_assets.places.drive.api.api import DriveApi
    from media_assets.places.drive.mover import DriveMover
    from media_assets.places.drive.source.source import DriveFolders
    from media_assets.places.drive.store.store import DriveArtifacts

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
    """How often one call is repeated that met a limit of rate, a busy server or a broken connection."""
    retry_wait_seconds: PositiveFloat = 1.0
    """Time before the first repetition; doubled each time, with jitter, up to a minute."""

    @property
    def neighbourhood(self) -> str:
        """See `PlaceSection.neighbourhood`."""
        return f"Drive at {self.api_endpoint}" if self.api_endpoint else "Drive"

    def api(self, library: Surroundings) -> DriveApi:
        """One for each way to reach Drive, however many sources and stores go that way."""
        from media_assets.places.drive.api.api import DriveApi

        access = DriveAccess.model_validate({name: getattr(self, name) for name in DriveAccess.model_fields})
        credentials = access.credentials or library.secrets.google_application_credentials
        return library.shared(access, lambda: DriveApi(access, credentials, token_file(library.state_dir)))


class DriveSource(DriveAccess, SourceSection):
    """Folders in Google Drive."""

    usual_interval_seconds = 30

    type: Literal["drive"]
    folders: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(folders_on_drive)]
    """Each an id, a link, or a path: `My Drive/Lectures`, `Shared drives/Team/Videos`."""
    acknowledge_abuse: bool = False
    """Whether files that Google takes for malware are downloaded all the same."""

    def territories(self) -> Iterator[Territory]:
        for folder in self.folders:
            yield Territory("folders", folder, f"Drive {self.api_endpoint}", tuple(folder.strip("/").split("/")))

    def open_source(self, name: str, library: Surroundings) -> DriveFolders:
        from media_assets.places.drive.source.source import DriveFolders

        return DriveFolders(name, self, library.automation, self.api(library))

    def open_mover(self, library: Surroundings) -> DriveMover:
        from media_assets.base.interruption import ask
        from media_assets.places.drive.mover import DriveMover

        api = self.api(library)
        return DriveMover(api, lambda: [api.folder_id(place) for place in self.folders], library.review_folder, ask)

    def link_anywhere(self, key: str) -> str:
        from media_assets.places.drive.api.folders import file_link

        try:
            return file_link(split_drive_key(key)[2])
        except BadMedia:
            return ""

    @classmethod
    def state_names(cls, source: str) -> tuple[str, ...]:
        from media_assets.places.drive.source import state

        return state.slots(source)


class DriveStore(DriveAccess, StoreSection):
    """Artifacts in Google Drive."""

    type: Literal["drive"]
    folder: FolderOnDrive
    """An id, a link or a path; a path is created by the first artifact."""

    def territories(self) -> Iterator[Territory]:
        """None: each file of ours is marked as such there, so sources may lie in it, and it in them."""
        yield from ()

    def open_store(self, name: str, library: Surroundings) -> DriveArtifacts:
        from media_assets.places.drive.store.store import DriveArtifacts

        def identity(key: str) -> str:
            source = library.sources.get(key.partition(":")[0])
            return source.identity(key) if source else key

        return DriveArtifacts(name, self, self.api(library), library.cache, library.state_dir, identity=identity)


def token_file(state_dir: Path) -> Path:
    """Where `media-assets login` keeps a user's grant for Drive."""
    return state_dir / "google" / "token.json"
