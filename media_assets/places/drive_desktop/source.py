"""Google Drive as Drive for desktop, or another program, mounts it: where that is, and the folder source it stands for.

Reading a file there downloads it, and the program that mounts keeps it, so there is no second copy in our cache. The
system reports no changes of such folders; the source is looked at in intervals like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from media_assets.base.errors import Fatal
from media_assets.places.drive_desktop.mounts import MY_DRIVE, Machine, Mount, is_directory, mounted
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.source import Beside, Changes, DurableState, Sidecar, SourceEntry, no_check

# Google-native files are shown as small JSON files that lead to the web.
_PLACEHOLDERS = (
    "gdoc", "gsheet", "gslides", "gvid", "gdraw", "gform", "gjam", "gmap", "gscript", "gsite", "gtable", "glink",
    "gnote", "gmaillayout",
)  # fmt: skip

# How many folders a message lists.
_LISTED = 20


class DriveDesktop:
    """See `places.source.Source`. Nothing is looked for before it is used, and again when it was mounted elsewhere.

    Args:
        folder: Makes the source of the folder that was found.
    """

    has_ids = False

    def __init__(
        self,
        name: str,
        settings: DriveDesktopSource,
        folder: Callable[[FolderSource], Folder],
        *,
        machine: Machine | None = None,
    ) -> None:
        self.name = name
        self._settings = settings
        self._folder = folder
        self._machine = machine
        self._found: Folder | None = None

    def identity(self, key: str) -> str:
        return key

    def scan(self) -> Iterator[SourceEntry]:
        return self._there.scan()

    def look_at_folders(self) -> None:
        """See `Folder.look_at_folders`."""
        self._there.look_at_folders()

    def why_not_ready(self, entry: SourceEntry) -> str | None:
        """See `Folder.why_not_ready`."""
        return self._there.why_not_ready(entry)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """See `Folder.unreadable`."""
        return self._found.unreadable if self._found else {}

    def changes(self, cursor: str | None, state: DurableState) -> Changes:
        return self._there.changes(cursor, state)

    def entry(self, key: str) -> SourceEntry:
        return self._there.entry(key)

    def direct_path(self, entry: SourceEntry) -> Path | None:
        return self._there.direct_path(entry)

    def lies_at(self, entry: SourceEntry) -> Path | None:
        return self._there.lies_at(entry)

    def fetch(self, entry: SourceEntry, destination: Path, check: Callable[[], None] = no_check) -> None:
        self._there.fetch(entry, destination, check)

    def sidecars(self, entry: SourceEntry, endings: Collection[str]) -> Sequence[Sidecar]:
        """See `HasSidecars`."""
        return self._there.sidecars(entry, endings)

    def beside(self, entry: SourceEntry) -> Beside:
        return self._there.beside(entry)

    def link(self, entry: SourceEntry) -> str:
        return self._there.link(entry)

    def link_of(self, key: str) -> str:
        return self._there.link_of(key)

    def check(self) -> str:
        return self._there.check()

    @property
    def _there(self) -> Folder:
        if self._found is None or not is_directory(self._found.root):
            self._found = self._folder(drive_desktop_folder(self._settings, self._machine))
        return self._found


def drive_desktop_folder(settings: DriveDesktopSource, machine: Machine | None = None) -> FolderSource:
    """The folder source that a section stands for.

    Raises:
        Fatal: Drive is not mounted, there are several and none is chosen, or the folder is not there.
    """
    mount = _chosen(settings, machine or Machine())
    folder = mount.folder(settings.folder)
    if not folder.is_dir():
        raise Fatal(
            f"there is no folder {settings.folder!r} in {mount}, which has {_listed(_folders_in(mount.path))}",
            next_step="Set `folder` of this source in library.yaml to one of those (the name of My Drive depends on "
            "the language; `.` is all that is mounted), and see that Drive for desktop is running and signed in",
        )
    return FolderSource(
        path=folder,
        include=settings.include,
        exclude=(*settings.exclude, *(f"**/*.{suffix}" for suffix in _PLACEHOLDERS)),
        hidden=settings.hidden,
        leftovers=settings.leftovers,
        follow_symlinks=True,  # shortcuts are shown as such
    )


def _chosen(settings: DriveDesktopSource, machine: Machine) -> Mount:
    if settings.mount:
        if not settings.mount.is_dir():
            raise Fatal(
                f"Google Drive is not mounted at {settings.mount}",
                next_step="Start Drive for desktop and sign in, or correct `mount` of this source in library.yaml",
            )
        return Mount(settings.mount)
    found = mounted(machine, settings.folder)
    if not found:
        raise Fatal(
            "Google Drive is not mounted on this machine, or not where it usually is",
            next_step="Start Drive for desktop and sign in, or set `mount` of this source in library.yaml to the "
            f"folder that holds {MY_DRIVE!r}",
        )
    account = settings.account.casefold() if settings.account else None
    wanted = [mount for mount in found if account in (None, (mount.account or "").casefold())]
    if not wanted:
        raise Fatal(
            f"Google Drive of {settings.account} is not mounted; found {_listed(found)}",
            next_step="Sign in to it in Drive for desktop, or set `mount` of this source in library.yaml",
        )
    if len(wanted) > 1:
        raise Fatal(
            f"Google Drive is mounted several times: {_listed(found)}",
            next_step="Choose one with `account` or `mount` of this source in library.yaml",
        )
    return wanted[0]


def _folders_in(mount: Path) -> list[str]:
    try:
        return sorted(
            repr(path.name) for path in mount.iterdir() if is_directory(path) and not path.name.startswith(".")
        )
    except OSError as error:
        raise Fatal(
            f"Google Drive at {mount} cannot be listed: {error.strerror}",
            next_step="Start Drive for desktop, and grant this process the right to read there",
        ) from error


def _listed(things: Iterable[object]) -> str:
    names = [str(thing) for thing in things]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}" or "no folders"
