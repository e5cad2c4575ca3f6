"""A folder as a store.

    <root>/<asset>/<slug>-<id>/manifest.json       the artifact, its files beside it
    <root>/.index/fingerprint/<asset>/<fp>         → the folder of an artifact with this fingerprint
    <root>/.index/beside/…                         which files among the sources are ours, see `claims`
    <root>/.index/content/<sha256>                 → whose artifact a file of this content is

Files are staged on the same file system and renamed into place, the manifest last: until it is there the artifact does
not exist, and a manifest whose files are not as it says is treated as absent. Meanwhile `coming.json` and
`replaced.json` say which files are about to be there and which were: so a crash leaves none that nobody knows.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock

from media_assets.base.disks import writable
from media_assets.base.errors import Fatal, Transient, classify
from media_assets.base.files import STAGING_PREFIX, copy_file, folder_identity, make_way, read_if_file, write_whole
from media_assets.base.foreign_errors import told_room
from media_assets.base.interruption import holding
from media_assets.base.paths import LeadsOut, plain
from media_assets.places.artifact_names import folder_name, hash_of
from media_assets.places.folder.claims import Claims
from media_assets.places.folder.edits import edited_file, is_whole
from media_assets.places.folder.locations import Locations
from media_assets.places.manifest import Manifest, StoredFile, why_of_another
from media_assets.places.manifest_formats import FORMATS, ManifestFormats
from media_assets.places.owners import PartOfArtifact
from media_assets.places.source import no_check
from media_assets.places.store import EditedFile, ManifestReader, Target

_MANIFEST = "manifest.json"
_REPLACED = "replaced.json"
_COMING = "coming.json"
_OWN_ENDINGS = tuple(f"/{name}" for name in (_MANIFEST, _REPLACED, _COMING))
# What an entry of the index may say. Anything else was not written by us, or was lost with the power.
_FOLDER_NAME = re.compile(r"[A-Za-z0-9-]+")
_ORIGIN = re.compile(r"\w+ of [^\0-\x1f]+")


class FolderArtifacts:
    """See `places.store.ArtifactStore`.

    Args:
        sources: The folders of the sources, by name: artifacts may lie beside the files in them.
        mounts: See `Locations`.
        min_free_bytes: Space that is left free on the disks it writes to.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        sources: Mapping[str, Path] | None = None,
        *,
        mounts: Callable[[], Iterable[Path]] | None = None,
        min_free_bytes: int = 0,
        formats: ManifestFormats = FORMATS,
    ) -> None:
        self.name = name
        self.root = root
        self._locations = Locations(sources or {}, mounts)
        self._min_free_bytes = min_free_bytes
        self._formats = formats
        self._seen: tuple[int, int] | None = None
        """Which folder it was when an artifact was in it."""

    @property
    def _claims(self) -> Claims:
        return Claims(self._index("beside"), self._locations)

    # ------------------------------------------------------------------------------------------------ reading

    def as_of_now(self, asset: str) -> ManifestReader:  # noqa: ARG002  a look-up is cheap here
        return self

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self._read_manifest(self._folder(asset, key))

    def intact(self, manifest: Manifest) -> bool:
        try:
            paths = [self.local_path(stored) for stored in manifest.files]
        except LeadsOut as error:
            self._formats.refuse(f"the {manifest.asset} of {manifest.key} in store {self.name!r}", str(error))
            return False
        if manifest.placement == "folder" and any(path.parent.is_symlink() for path in paths[:1]):
            return False
        published = self._published_at(manifest)
        return all(self._is_whole(path, stored, published) for path, stored in zip(paths, manifest.files, strict=True))

    def edited(self, manifest: Manifest, directory: Path) -> Mapping[str, EditedFile]:
        """See `ShowsEdits`."""
        found = {}
        for stored in manifest.files:
            with suppress(LeadsOut):
                if edit := edited_file(self.local_path(stored), stored, directory):
                    found[stored.name] = edit
        return found

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        found = self._indexed(asset, fingerprint)
        return found if found and self.intact(found) else None

    def find_edited(self, asset: str, fingerprint: str) -> Manifest | None:
        """See `ShowsEdits`."""
        found = self._indexed(asset, fingerprint)
        return found if found and not self.intact(found) else None

    def _indexed(self, asset: str, fingerprint: str) -> Manifest | None:
        name = _entry(self._index("fingerprint", asset, fingerprint), _FOLDER_NAME)
        manifest = self._read_manifest(self.root / asset / name) if name else None
        return manifest if manifest and manifest.fingerprint == fingerprint else None

    def lease(self, stored: StoredFile) -> AbstractContextManager[Path]:
        return nullcontext(self.local_path(stored))

    def local_path(self, stored: StoredFile) -> Path:
        """Where the file lies.

        Raises:
            LeadsOut: not where this store puts files.
        """
        if stored.path.startswith("/") or ":" in stored.path:
            return self._locations.path(stored.path)
        asset, *_ = stored.path.split("/")
        if stored.path.count("/") != 2 or asset.startswith(".") or stored.path.endswith(_OWN_ENDINGS):
            raise LeadsOut(f"{stored.path!r} is no file of an artifact")
        return self.root / plain(stored.path)

    def link(self, manifest: Manifest) -> str:
        with suppress(LeadsOut):  # beside a source that library.yaml no longer has
            if len(manifest.files) == 1:
                return self.local_path(manifest.files[0]).as_uri()
        return self._folder(manifest.asset, manifest.key).as_uri()

    def artifact_paths(self) -> Callable[[Path], bool]:
        """A test for files that this store wrote beside their sources, as of now."""
        return self._claims.test()

    def check(self) -> str:
        return writable(self.root, self._min_free_bytes)

    def origin_of(self, sha256: str) -> str | None:
        return _entry(self._index("content", sha256), _ORIGIN)

    # ------------------------------------------------------------------------------------------------ writing

    def publish(
        self,
        draft: Manifest,
        files: Mapping[str, Path],
        digests: Mapping[str, str],
        target: Target,
        *,
        check: Callable[[], None] = no_check,
    ) -> Manifest:
        return self._publish(draft, files, digests, target, partial(_move, check=check), check)

    def copy(
        self, origin: Manifest, draft: Manifest, target: Target, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        files = {stored.name: self.local_path(stored) for stored in origin.files}
        digests = {stored.name: stored.sha256 for stored in origin.files}

        def transfer(path: Path, destination: Path) -> None:
            copy_file(path, destination, check)
            # Its manifest goes before its files do: while that is there, they were what it says.
            if self.manifest(origin.asset, origin.key) != origin:
                raise Transient(f"the {origin.asset} of {origin.key} was replaced while it was copied")

        return self._publish(draft, files, digests, target, transfer, check)

    def _publish(
        self,
        draft: Manifest,
        files: Mapping[str, Path],
        digests: Mapping[str, str],
        target: Target,
        transfer: Callable[[Path, Path], None],
        check: Callable[[], None],
    ) -> Manifest:
        folder = self._folder(draft.asset, draft.key)
        self._require_root()
        with self._writing(), holding(self._lock(folder)):
            if folder.is_symlink():
                folder.unlink()  # not made by us: it is not known what it leads to
            folder.mkdir(parents=True, exist_ok=True)
            before = self._settle(folder)
            finals = self._places(draft, {name: digests[name] for name in files}, folder, target)
            stored = tuple(self._stored(name, files[name], finals[name], digests[name], folder) for name in files)
            manifest = draft.model_copy(update={"files": stored, "placement": target.placement})
            with self._staged(manifest, files, finals, transfer) as staged:
                check()  # from here on it takes a moment
                self._write(folder / _COMING, manifest.model_dump_json(indent=1))
                make_way(folder / _MANIFEST)
                make_way(folder / _REPLACED)
                if (folder / _MANIFEST).exists():
                    (folder / _MANIFEST).replace(folder / _REPLACED)
                for name, path in staged.items():
                    path.replace(finals[name])
            self._register(manifest, folder)
            (folder / _COMING).replace(folder / _MANIFEST)
            self._remove_left_behind(before, manifest)
            (folder / _REPLACED).unlink(missing_ok=True)
        return manifest

    @contextmanager
    def _staged(
        self,
        manifest: Manifest,
        files: Mapping[str, Path],
        finals: Mapping[str, Path],
        transfer: Callable[[Path, Path], None],
    ) -> Iterator[Mapping[str, Path]]:
        """All files under temporary names on the file systems they go to, by name."""
        staged: dict[str, Path] = {}
        try:
            for number, (name, origin) in enumerate(files.items()):
                if origin != finals[name]:  # else it is a copy onto itself: the file is where it belongs already
                    self._require_space(finals[name].parent, origin.stat().st_size)
                    # Not a new name each time: what a crash left is overwritten the next time.
                    part = f"{STAGING_PREFIX}{hash_of(f'{manifest.asset} of {manifest.key}')[:16]}-{number}.partial"
                    staged[name] = finals[name].with_name(part)
                    try:
                        transfer(origin, staged[name])
                    except OSError as error:
                        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # others write there as well
                            self._require_space(finals[name].parent, origin.stat().st_size)
                        raise
            yield staged
        finally:
            for path in staged.values():
                path.unlink(missing_ok=True)

    def _settle(self, folder: Path) -> Manifest | None:
        """Remove what a crash left; returns the version that is about to be replaced."""
        now, replaced, coming = (self._read_manifest(folder, name) for name in (_MANIFEST, _REPLACED, _COMING))
        before = now or replaced
        for crashed in (replaced, coming):
            if crashed and crashed is not before:
                self._remove_left_behind(crashed, before)
        for half in folder.glob(f"{STAGING_PREFIX}*"):
            half.unlink()
        for left in (_REPLACED, _COMING) if now else (_COMING,):
            make_way(folder / left)
            (folder / left).unlink(missing_ok=True)
        return before

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What the operating system refuses here is the store's fault, never that of a file."""
        try:
            yield
        except FileNotFoundError:
            self._require_root()
            raise  # what was to be stored is gone
        except OSError as error:
            known = classify(error)
            if isinstance(known, Transient):
                raise known from error
            where = error.filename2 or error.filename or self.root
            room = told_room(where) if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
            raise Fatal(
                f"store {self.name!r} cannot be written: {error.strerror} ({where}{room})",
                next_step=known.next_step if isinstance(known, Fatal) else "See what `media-assets doctor` says of it",
            ) from error

    def _require_space(self, folder: Path, size_bytes: int) -> None:
        free = shutil.disk_usage(folder).free
        if free < size_bytes + self._min_free_bytes:
            raise Fatal(
                f"store {self.name!r}: {folder} has {free} bytes free; {size_bytes} are needed and "
                f"{self._min_free_bytes} stay free",
                next_step="Free space there, or lower limits.min_free_bytes in library.yaml",
            )

    def _places(self, draft: Manifest, digests: Mapping[str, str], folder: Path, target: Target) -> dict[str, Path]:
        if target.placement == "folder" or target.beside is None:
            return {name: folder / name for name in digests}
        source = Path(target.beside.folder) / target.beside.name
        claims = self._claims
        stem, others = claims.stem(source, draft.key)
        places = {}
        for name, sha256 in digests.items():
            part, language = PartOfArtifact(name, draft.asset, draft.key), target.languages.get(name, "")
            places[name] = claims.claim(source, stem, part, sha256, language=language, others=others)
        return places

    def _stored(self, name: str, origin: Path, final: Path, sha256: str, folder: Path) -> StoredFile:
        # The source may lie within the root as well, and its paths need to be encoded.
        inside = final.parent == folder
        where = final.relative_to(self.root).as_posix() if inside else self._locations.written(final)
        return StoredFile(name=name, path=where, size_bytes=origin.stat().st_size, sha256=sha256)

    def _register(self, manifest: Manifest, folder: Path) -> None:
        """Enter it in the index, without waiting for the disk: an entry that is lost with the power costs a file of
        equal content its copy, and what is made from a file that somebody copies back its name.
        """
        self._write(self._index("fingerprint", manifest.asset, manifest.fingerprint), folder.name, sync=False)
        for stored in manifest.files:
            if stored.size_bytes and stored.sha256 not in manifest.inputs.values():
                origin = f"{manifest.asset} of {manifest.key}"
                self._write(self._index("content", stored.sha256), origin, sync=False)

    def _remove_left_behind(self, before: Manifest | None, now: Manifest | None) -> None:
        """Remove the files of one version that another does not have."""
        kept = {stored.path: stored for stored in now.files} if now else {}
        by_name = {stored.name: stored.sha256 for stored in kept.values()}
        for stored in before.files if before else ():
            if stored.path in kept:
                continue
            try:
                path = self.local_path(stored)
            except LeadsOut:
                continue  # of a source that library.yaml no longer has
            if before and before.placement == "beside_source":
                self._claims.remove(path, by_name.get(stored.name, ""))
            else:
                path.unlink(missing_ok=True)

    def _folder(self, asset: str, key: str) -> Path:
        return self.root / asset / folder_name(key)

    def _index(self, *parts: str) -> Path:
        return self.root.joinpath(".index", *parts)

    def _lock(self, folder: Path) -> FileLock:
        """The lock of whoever publishes an artifact. One for every 4096th, as lock files cannot be removed safely."""
        path = self._index("locks", f"{hash_of(folder.name)[:3]}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path)

    def _read_manifest(self, folder: Path, name: str = _MANIFEST) -> Manifest | None:
        text = read_if_file(folder / name)
        if text is None:
            self._require_root()
            return None
        self._seen = self._seen or folder_identity(self.root)
        manifest = self._formats.read(text, str(folder / name))
        if manifest and (reason := why_of_another(manifest, folder.parent.name, f"{folder.parent.name}/{folder.name}")):
            self._formats.refuse(str(folder / name), reason)
            return None
        return manifest

    @staticmethod
    def _write(path: Path, text: str, *, sync: bool = True) -> None:
        write_whole(path, text.encode(), sync=sync)

    def _published_at(self, manifest: Manifest) -> int:
        """When the manifest was written, behind all files, in nanoseconds by the clock of the file system."""
        try:
            return (self._folder(manifest.asset, manifest.key) / _MANIFEST).stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def _is_whole(self, path: Path, stored: StoredFile, published_ns: int) -> bool:
        try:
            return is_whole(path, stored, published_ns)
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return False

    def _require_root(self) -> None:
        """Make sure, when something is missed, that the store is there: then it is not an artifact that is missing.

        Raises:
            Fatal: it is gone, or another one is in its place. Said once: to have everything made anew is not forbidden.
        """
        before = self._seen
        if before is None:
            return
        try:
            gone = "is another one than it was a moment ago" if folder_identity(self.root) != before else ""
        except (FileNotFoundError, NotADirectoryError):
            gone = "is gone"
        if gone:
            self._seen = None
            raise Fatal(
                f"the folder {self.root} of store {self.name!r} {gone}",
                next_step="Mount it again, or put it back, then run again; without it everything is made anew",
            )


def _entry(path: Path, form: re.Pattern[str]) -> str | None:
    """What an entry of the index says; None for what is none."""
    text = (read_if_file(path) or b"").decode("utf-8", "replace")
    return text if form.fullmatch(text) else None


def _move(origin: Path, destination: Path, check: Callable[[], None]) -> None:
    """Moves; the content is on the disk before it gets its name there."""
    try:
        _sync(origin)
        origin.rename(destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_file(origin, destination, check)
        origin.unlink()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
