"""The objects of a bucket as a source: identity is the path, a new tag or size is a new revision."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from media_assets.base.errors import BadMedia, Fatal, SourceChanged, Transient
from media_assets.base.globs import PathFilter
from media_assets.base.keys import partition_key, split_key
from media_assets.base.paths import LeadsOut, plain
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectGone, ObjectInfo, UnreadableNames
from media_assets.places.bucket.client.transfer import download
from media_assets.places.bucket.settings import BucketSource
from media_assets.places.leftovers import is_leftover
from media_assets.places.listed.snapshot import SUSPICIOUS_LOSS, Seen, Snapshot, compare, look_again
from media_assets.places.sidecars import (
    LyingFile,
    NotedFiles,
    belonging,
    has_sidecar_size,
    path_beside,
    sidecar,
    start_of,
)
from media_assets.places.source import Beside, Changes, DurableState, Sidecar, SourceEntry, no_check
from media_assets.places.watching import AutomationSettings

# Listed one by one they cost a request each; beyond that one long list is cheaper.
_MOST_FOLDERS = 20

# S3's tag of an object uploaded in one piece is the MD5 of its content, unless the bucket encrypts with own keys:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
_MD5 = re.compile(r"[0-9a-f]{32}")


class BucketObjects:
    """See `places.source.Source`.

    Args:
        is_artifact: Called at each listing; what it returns tells the artifacts that lie beside their sources, by their
            addresses (`s3://bucket/path`).
        is_one_artifact: The same for a single object, where not everything is listed.
        left_out: Addresses of prefixes that are not looked at: the stores, when they lie inside.
        large: Those of them that hold so much that it pays to list around them.
    """

    has_ids = False

    def __init__(
        self,
        name: str,
        settings: BucketSource,
        automation: AutomationSettings,
        bucket: Bucket,
        *,
        is_artifact: Callable[[], Callable[[str], bool]] = lambda: lambda _: False,
        is_one_artifact: Callable[[str], bool] = lambda _: False,
        left_out: tuple[str, ...] = (),
        large: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._clock = clock
        self._bucket = bucket
        self._settings = settings
        self._automation = automation
        self._is_artifact = is_artifact
        self._is_one_artifact = is_one_artifact
        root = f"{bucket.address(bucket.prefix)}/"
        # A store that lies around the source is not inside it.
        self._left_out = tuple(f"{place}/" for place in left_out if f"{place}/".startswith(root) and place != root[:-1])
        self._large = tuple(place for place in self._left_out if place[:-1] in large)
        self._artifacts: dict[str, bool] = {}
        """Whether an object of the last scan, in that version, is an artifact; to find out, an index is listed."""
        self._filter = PathFilter(settings.include, settings.exclude)
        self._folder_marks: set[str] = set()
        self._tags_are_md5 = True
        self.unreadable: dict[str, str] = {}
        """What the last scan could not list, as keys of folders, and why."""
        self._unlisted: list[str] = []
        """Their prefixes."""
        self._noted: NotedFiles | None = None
        """What the last scan came by beside the source files; None where there was none."""

    def identity(self, key: str) -> str:
        return key

    def scan(self) -> Iterator[SourceEntry]:
        self.unreadable, self._unlisted = {}, []
        # In the order of their paths, so that ranges of partitions are neighbours.
        found = sorted(self._objects(), key=lambda info: info.path)
        folders = {parent.as_posix() for info in found for parent in PurePosixPath(info.path).parents}
        is_artifact: Callable[[str], bool] | None = None
        known: dict[str, bool] = {}
        noted = NotedFiles()
        for info in found:
            address = self._bucket.address(info.path)
            relative = self._relative(info.path)
            folder, _, name = info.path.rpartition("/")
            is_wanted, may_be_beside = self._is_wanted(relative), noted.wants(name, info.size_bytes)
            if not (is_wanted or may_be_beside) or address.startswith(self._left_out):
                continue
            version = f"{address} {info.size_bytes} {info.e_tag}"
            if version not in self._artifacts:
                # An artifact is claimed before it is written, so the claims are those of a moment after the listing.
                is_artifact = is_artifact or self._is_artifact()
                known[version] = is_artifact(address)
            else:
                known[version] = self._artifacts[version]
            if known[version]:
                continue
            if may_be_beside:
                noted.note(folder, _lying(info))
            if is_wanted and not self._marks_folder(info, folders):
                yield self._entry(relative, info)
        self._artifacts = known
        self._noted = noted.close()

    def changes(self, cursor: str | None, state: DurableState) -> Changes:
        before = Snapshot.load(self.name, cursor, state)
        entries = list(self.scan())
        if before and not entries and len(before.files) >= SUSPICIOUS_LOSS:
            raise Fatal(
                f"{self._settings.url} of source {self.name!r} shows no objects, and held {len(before.files)} before",
                next_step="Check the address and the rights of its key; if the objects are really gone, reset the "
                "cursor of the sensor",
            )
        looks = look_again(entries, before, self._clock())
        awaited = (e for e in entries if self._is_awaited(e, looks[e.key], first_look=before is None))
        waiting = {entry.key: "is empty (0 bytes)" for entry in awaited}
        return compare(self.name, entries, looks, before, state, waiting=waiting, unreadable=self.unreadable)

    def entry(self, key: str) -> SourceEntry:
        _, relative = split_key(key)
        found = self._bucket.head(self._path(relative))
        if found is None:
            raise SourceChanged(
                f"is no longer in {self._settings.url}",
                next_step="Its artifacts are kept; put it back to have it processed again",
            )
        return self._entry(relative, found)

    def direct_path(self, entry: SourceEntry) -> Path | None:  # noqa: ARG002 - the protocol's
        return None

    def lies_at(self, entry: SourceEntry) -> Path | None:  # noqa: ARG002 - the protocol's
        return None

    def fetch(self, entry: SourceEntry, destination: Path, check: Callable[[], None] = no_check) -> None:
        partial = destination.with_name(destination.name + ".partial")
        tag = entry.revision.partition("-")[2]
        try:
            digest = self._download(entry, partial, tag, check)
            if self._is_damaged(digest, tag):
                partial.unlink()
                again = self._download(entry, partial, tag, check)
                # Twice the same damage does not happen: then this bucket's tags are no checksums.
                self._tags_are_md5 = again != digest
                digest = again
        except (ConditionFailed, ObjectGone):
            partial.unlink(missing_ok=True)
            raise SourceChanged(
                "changed while it was copied", next_step="The next look at the source takes it up again"
            ) from None
        if self._is_damaged(digest, tag):
            partial.unlink()
            raise Transient("came damaged from the bucket")
        partial.replace(destination)

    def beside(self, entry: SourceEntry) -> Beside:
        folder, _, name = self._path(entry.path).rpartition("/")
        return Beside(self.name, folder, name)

    def sidecars(self, entry: SourceEntry, endings: Collection[str]) -> Sequence[Sidecar]:
        """See `HasSidecars`."""
        folder, _, name = self._path(entry.path).rpartition("/")
        noted = self._noted_in(folder, endings)
        files = sorted(self._lying_beside(folder, name)) if noted is None else noted
        found = []
        for file, marks in belonging(files, name, endings):
            address = self._bucket.address(f"{folder}/{file.name}".lstrip("/"))
            if noted is None and self._is_one_artifact(address):
                continue
            key = partition_key(self.name, path_beside(entry, file.name))
            found.append(sidecar(file, marks, entry, key, None, self._fetch_told))
        return found

    def _noted_in(self, folder: str, endings: Collection[str]) -> Sequence[LyingFile] | None:
        """What the last scan came by in a folder; None where it did not come there."""
        noted, inside = self._noted, f"{folder}/"
        if noted is None or any(inside.startswith(f"{unlisted}/") for unlisted in self._unlisted):
            return None
        return noted.of(folder, endings)

    def _lying_beside(self, folder: str, name: str) -> Iterable[LyingFile]:
        """The files in a folder whose names begin as those of the sidecars of a file do, and perhaps others."""
        start = f"{folder}/{start_of(name)}".lstrip("/")
        try:
            listed = list(self._bucket.list_starting(start))
        except UnreadableNames:
            # They may lie deeper, where nothing is beside the file.
            listed = list(self._bucket.list_folder(folder)[1])
        right_there = (info for info in listed if info.path.rpartition("/")[0] == folder)
        return (_lying(info) for info in right_there if has_sidecar_size(info.size_bytes))

    def _fetch_told(self, entry: SourceEntry, destination: Path, check: Callable[[], None]) -> None:
        """Fetch what was told to lie beside a source file. Of what is no longer so, the next question is a new one."""
        try:
            self.fetch(entry, destination, check)
        except SourceChanged:
            self._noted = None
            raise

    def link(self, entry: SourceEntry) -> str:
        return self._bucket.address(self._path(entry.path))

    def link_of(self, key: str) -> str:
        return self._bucket.address(self._path(split_key(key)[1]))

    def check(self) -> str:
        first = next(self._bucket.list(self._bucket.prefix), None)
        return f"{self._settings.url} can be listed" + ("" if first else "; nothing is in it")

    def _download(self, entry: SourceEntry, partial: Path, tag: str, check: Callable[[], None]) -> str:
        return download(
            self._bucket,
            self._path(entry.path),
            partial,
            size_bytes=entry.size_bytes,
            e_tag=f'"{tag}"' if tag else None,
            algorithm="md5",
            check=check,
        )

    def _is_damaged(self, digest: str, tag: str) -> bool:
        return self._tags_are_md5 and bool(_MD5.fullmatch(tag)) and digest != tag

    def _objects(self) -> Iterator[ObjectInfo]:
        try:
            yield from list(self._listed(self._bucket.prefix))
        except UnreadableNames:
            # Folder by folder it takes more requests, and one bad name hides the objects of its folder only.
            yield from self._walk(self._bucket.prefix)

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects below a prefix, but not those of a store in there, which may be many times as many."""
        inside = self._bucket.address(prefix).rstrip("/") + "/"
        if not any(place.startswith(inside) for place in self._large):
            yield from self._bucket.list(prefix)
            return
        folders, objects = self._bucket.list_folder(prefix)
        if len(folders) > _MOST_FOLDERS:
            yield from self._bucket.list(prefix)
            return
        yield from objects
        for folder in folders:
            if f"{self._bucket.address(folder)}/" not in self._large:
                yield from self._listed(folder)

    def _walk(self, prefix: str) -> Iterator[ObjectInfo]:
        try:
            folders, objects = self._bucket.list_folder(prefix)
        except UnreadableNames as error:
            if prefix == self._bucket.prefix:
                raise
            key = partition_key(self.name, self._relative(prefix))
            self.unreadable[key] = f"cannot be looked at: {error}"
            self._unlisted.append(prefix)
            return
        yield from objects
        for folder in folders:
            yield from self._walk(folder)

    def _marks_folder(self, info: ObjectInfo, folders: set[str]) -> bool:
        """Whether it is the empty object `<folder>/` by which consoles show an empty folder.

        Listings show it without the slash, but by that name there is nothing.
        """
        if info.size_bytes:
            return False
        if info.path in folders:
            return True
        known = f"{info.path} {info.modified_at.isoformat()}"
        if known not in self._folder_marks and self._bucket.head(info.path) is None:
            self._folder_marks.add(known)
        return known in self._folder_marks

    def _is_wanted(self, relative: str) -> bool:
        if not relative:
            return False
        if not self._settings.hidden and any(part.startswith(".") for part in relative.split("/")):
            return False
        if not self._settings.leftovers and is_leftover(relative):
            return False
        return self._filter.accepts(relative)

    def _relative(self, path: str) -> str:
        prefix = self._bucket.prefix
        return path[len(prefix) :].lstrip("/") if prefix else path

    def _path(self, relative: str) -> str:
        try:
            return self._bucket.below(plain(relative))
        except LeadsOut:
            raise BadMedia(f"leads out of source {self.name!r}", next_step="Delete that partition") from None

    def _entry(self, relative: str, info: ObjectInfo) -> SourceEntry:
        tag = (info.e_tag or "").strip('"')
        return SourceEntry(
            key=partition_key(self.name, relative),
            path=relative,
            size_bytes=info.size_bytes,
            modified_at=info.modified_at,
            revision=_revision(info),
            checksums={"md5": tag} if self._tags_are_md5 and _MD5.fullmatch(tag) else {},
        )

    def _is_awaited(self, entry: SourceEntry, seen: Seen, *, first_look: bool) -> bool:
        """Objects appear complete; an empty one may be a placeholder for what is being uploaded."""
        if seen.reported:
            return False
        now = self._clock()
        since = min(now, entry.modified_at.timestamp() if first_look else seen.since)  # the clock may have been ahead
        return entry.size_bytes == 0 and now - since < self._automation.incomplete_seconds


def _revision(info: ObjectInfo) -> str:
    tag = (info.e_tag or "").strip('"')
    return f"{info.size_bytes}-{tag}"


def _lying(info: ObjectInfo) -> LyingFile:
    return LyingFile(info.path.rpartition("/")[2], "", info.size_bytes, _revision(info))
