"""What is known of the files of a library to compare them: the index, and what their places say of them by themselves.

A listing of each source tells what is there; nothing is downloaded. Google Drive knows checksums of every file and a
bucket tags that are mostly MD5, so exact copies are found even of what is not in the index yet.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from media_assets.artifacts.duplicates.belongings import of_media
from media_assets.artifacts.duplicates.rows import local_file_id
from media_assets.artifacts.duplicates.values import INDEX_VERSION, DedupRow
from media_assets.base.keys import display_name, encode_path
from media_assets.media.info import MediaInfo, MediaKind
from media_assets.pipeline.artifact import first_of
from media_assets.pipeline.library import Library
from media_assets.places.manifest import Manifest
from media_assets.places.registered import RegisteredKeys
from media_assets.places.source import Source, SourceEntry
from media_assets.places.store import ManifestReader

logger = logging.getLogger("media_assets")

FILES = "drive_file"


class LibraryRows:
    """What is known of each file that is to be compared.

    Args:
        index: Name of the asset that holds what was found in each file.
        keys: The files; those that their source does not show are left out.
        aside: Ids of folders whose files are in review already, though a shortcut may still lead to them.
    """

    def __init__(self, library: Library, index: str, keys: Sequence[str], *, aside: Collection[str] = ()) -> None:
        self._library = library
        self._index = index
        self._keys = keys
        self._aside = frozenset(aside)
        self._unknown: list[str] = []

    @cached_property
    def rows(self) -> Mapping[str, DedupRow]:
        """The rows by their keys, in the order of the sources.

        Raises:
            Fatal: a source cannot be listed.
        """
        self._unknown.clear()
        return {row.key: row for source in self._library.sources.values() for row in self._rows(source)}

    @property
    def unknown(self) -> Sequence[str]:
        """Keys of files whose content the index does not know yet."""
        _ = self.rows
        return self._unknown

    def _rows(self, source: Source) -> Iterator[DedupRow]:
        keys = {key for key in self._keys if key.startswith(f"{source.name}:")}
        if not keys:
            return
        for entry in RegisteredKeys(source, keys).entries(source.scan()):
            if entry.key not in keys or (entry.parent and entry.parent in self._aside):
                continue
            manifest = self._reader(self._index).manifest(self._index, entry.key)
            if manifest and manifest.not_applicable:
                continue
            row = self._indexed(source, entry, manifest)
            if row is not None:
                yield row
                continue
            self._unknown.append(entry.key)
            if entry.checksums:
                yield _row(source, entry, {"kind": MediaKind.OTHER, **entry.checksums})

    def _indexed(self, source: Source, entry: SourceEntry, manifest: Manifest | None) -> DedupRow | None:
        """What the index knows of a file; None where that is nothing, or cannot be read."""
        if manifest is None or manifest.code_version != INDEX_VERSION:
            return None
        revision = self._revision(source, entry, manifest)
        if revision is None:
            return None
        try:
            return _row(source, entry, {**_fields(manifest), **self._held(entry, manifest), "revision": revision})
        except ValidationError as error:
            logger.warning(
                "the %s of %s, as it is stored at %s, cannot be used (%s), so the file counts as not indexed. Have it "
                "made again: `media-assets process --force --stage %s --file '%s'`",
                self._index,
                entry.key,
                self._library.store(self._index).link(manifest),
                first_of(error),
                self._index,
                display_name(entry.key),
            )
            return None

    def _held(self, entry: SourceEntry, manifest: Manifest) -> Mapping[str, Any]:
        """What a recording holds beside, by its probe, where an older version has indexed it without that."""
        known = _fields(manifest)
        holds = known.get("holds")
        is_known = isinstance(holds, dict) and "codec" in holds
        if is_known or known.get("kind") not in (MediaKind.VIDEO, MediaKind.AUDIO):
            return {}
        file = self._reader(FILES).manifest(FILES, entry.key)
        found = _fields(file) if file else {}
        if not found.get("media") or found.get("sha256") != known.get("sha256"):
            return {}
        return {"holds": of_media(MediaInfo.model_validate(found["media"]))}

    def _revision(self, source: Source, entry: SourceEntry, manifest: Manifest) -> str | None:
        """The revision of a file whose content the index knows; None when it knows another content, or none.

        For places that give no checksum worth the name, `drive_file` remembers at which revision it read the file.
        """
        known = _fields(manifest)
        if known.get("size_bytes") != entry.size_bytes:
            return None
        if source.has_ids:
            md5 = known.get("md5")
            return entry.revision if entry.checksums.get("md5", md5) == md5 else None
        if source.direct_path(entry) is not None:
            return entry.revision
        file = self._reader(FILES).manifest(FILES, entry.key)
        return entry.revision if file and file.inputs.get("source") == entry.revision else None

    def _reader(self, asset: str) -> ManifestReader:
        return self._readers.setdefault(asset, self._library.store(asset).as_of_now(asset))

    @cached_property
    def _readers(self) -> dict[str, ManifestReader]:
        return {}


def _fields(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.value if isinstance(manifest.value, dict) else {}


def _row(source: Source, entry: SourceEntry, known: Mapping[str, Any]) -> DedupRow:
    place = {
        "key": entry.key,
        "path": encode_path(entry.path),
        "file_id": _file_id(source, entry),
        "modified_at": entry.modified_at,
        "size_bytes": entry.size_bytes,
    }
    return DedupRow.model_validate({**known, **place})


def _file_id(source: Source, entry: SourceEntry) -> str | None:
    """Equal for two names of one stored file."""
    if source.has_ids:
        return source.identity(entry.key).partition(":~")[2]
    path = source.direct_path(entry)
    try:
        return local_file_id(path) if path else None
    except OSError:
        return None  # gone since it was listed
