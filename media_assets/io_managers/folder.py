"""A folder as a store.

    <root>/<asset>/<slug>-<id>/manifest.json       the artifact, its files beside it
    <root>/.index/fingerprint/<asset>/<fp>         → the folder of an artifact with this fingerprint
    <root>/.index/beside/<hash of path>            → whose artifact lies at a path among the sources
    <root>/.index/content/<sha256>                 → whose artifact a file of this content is

Files are staged on the same file system and renamed into place, the manifest last: until it is there the artifact does
not exist, and a manifest whose files are not as it says is treated as absent.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from media_assets.errors import Fatal
from media_assets.io_managers.manifest import Manifest, StoredFile
from media_assets.io_managers.store import Target
from media_assets.partitions import decode_path, display_name, encode_path
from media_assets.sources.folder import STAGING_PREFIX

_COPY_BYTES = 1 << 20
# Files that players look for under the bare name of the recording.
_BARE_SUFFIXES = frozenset({".m4a", ".srt", ".vtt"})


class FolderArtifacts:
    """See `io_managers.store.ArtifactStore`."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.root = root

    # ------------------------------------------------------------------------------------------------ reading

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self._read_manifest(self._folder(asset, key))

    def intact(self, manifest: Manifest) -> bool:
        return all(self._has_size(self.local_path(stored), stored.size_bytes) for stored in manifest.files)

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        try:
            folder = self.root / asset / self._index("fingerprint", asset, fingerprint).read_text("utf-8")
        except FileNotFoundError:
            return None
        manifest = self._read_manifest(folder)
        if manifest and manifest.fingerprint == fingerprint and self.intact(manifest):
            return manifest
        return None

    def local_path(self, stored: StoredFile) -> Path:
        return self.root / decode_path(stored.path)

    def link(self, manifest: Manifest) -> str:
        if len(manifest.files) == 1:
            return self.local_path(manifest.files[0]).as_uri()
        return self._folder(manifest.asset, manifest.key).as_uri()

    def artifact_paths(self) -> Callable[[Path], bool]:
        folder = self.root / ".index" / "beside"
        known = frozenset(item.name for item in folder.iterdir()) if folder.is_dir() else frozenset()
        return lambda path: bool(known) and _hash_of(os.fspath(path)) in known

    def origin_of(self, sha256: str) -> str | None:
        try:
            return self._index("content", sha256).read_text("utf-8")
        except FileNotFoundError:
            return None

    # ------------------------------------------------------------------------------------------------ writing

    def publish(
        self, draft: Manifest, files: Mapping[str, Path], digests: Mapping[str, str], target: Target
    ) -> Manifest:
        return self._publish(draft, files, digests, target, _move)

    def copy(self, origin: Manifest, draft: Manifest, target: Target) -> Manifest:
        files = {stored.name: self.local_path(stored) for stored in origin.files}
        digests = {stored.name: stored.sha256 for stored in origin.files}
        return self._publish(draft, files, digests, target, _copy)

    def _publish(
        self,
        draft: Manifest,
        files: Mapping[str, Path],
        digests: Mapping[str, str],
        target: Target,
        transfer: Callable[[Path, Path], None],
    ) -> Manifest:
        folder = self._folder(draft.asset, draft.key)
        folder.mkdir(parents=True, exist_ok=True)
        before = self._read_manifest(folder)
        stored: list[StoredFile] = []
        for name, origin in files.items():
            final = self._place(draft, name, folder, target)
            if origin != final:  # else it is a copy onto itself: the file is where it belongs already
                staged = final.with_name(f"{STAGING_PREFIX}{uuid.uuid4().hex}.partial")
                try:
                    transfer(origin, staged)
                    staged.replace(final)
                finally:
                    staged.unlink(missing_ok=True)
            where = final.relative_to(self.root) if final.is_relative_to(self.root) else final
            path, size_bytes = encode_path(where.as_posix()), final.stat().st_size
            stored.append(StoredFile(name=name, path=path, size_bytes=size_bytes, sha256=digests[name]))
        manifest = draft.model_copy(update={"files": tuple(stored), "placement": target.placement})
        self._register(manifest, folder)
        self._write(folder / "manifest.json", manifest.model_dump_json(indent=1))
        if before:
            self._remove_left_behind(before, manifest)
        return manifest

    def _place(self, draft: Manifest, name: str, folder: Path, target: Target) -> Path:
        if target.placement == "folder" or target.source_path is None:
            return folder / name
        return self._claim_beside(draft, name, target.source_path)

    def _claim_beside(self, draft: Manifest, name: str, source: Path) -> Path:
        """A path beside the source that is free or ours already; never that of a file we did not write."""
        suffix = Path(name).suffix if Path(name).suffix in _BARE_SUFFIXES else f".{name}"
        owner = f"{draft.asset} of {draft.key}"
        for stem in (source.stem, source.name, f"{source.stem}~{_id_of(draft.key)}"):
            path = source.with_name(stem + suffix)
            claim = self._index("beside", _hash_of(os.fspath(path)))
            claim.parent.mkdir(parents=True, exist_ok=True)
            try:
                if claim.read_text("utf-8") == owner:
                    return path
                continue
            except FileNotFoundError:
                if os.path.lexists(path):
                    continue
            try:
                with claim.open("x", encoding="utf-8") as file:
                    file.write(owner)
                return path
            except FileExistsError:
                continue
        raise Fatal(f"no free name for {name} beside {source}", next_step="Move the files of that name away")

    def _register(self, manifest: Manifest, folder: Path) -> None:
        self._write(self._index("fingerprint", manifest.asset, manifest.fingerprint), folder.name)
        for stored in manifest.files:
            if stored.name != manifest.document and stored.sha256 not in manifest.inputs.values():
                self._write(self._index("content", stored.sha256), f"{manifest.asset} of {manifest.key}")

    def _remove_left_behind(self, before: Manifest, now: Manifest) -> None:
        for stored in before.files:
            if stored.path not in {file.path for file in now.files}:
                path = self.local_path(stored)
                path.unlink(missing_ok=True)
                self._index("beside", _hash_of(os.fspath(path))).unlink(missing_ok=True)

    # ------------------------------------------------------------------------------------------------ details

    def _folder(self, asset: str, key: str) -> Path:
        # For people to recognise; identity is in the hash.
        slug = re.sub(r"[^A-Za-z0-9]+", "-", display_name(key)).strip("-")[:60]
        return self.root / asset / f"{slug}-{_id_of(key)}".lstrip("-")

    def _index(self, *parts: str) -> Path:
        return self.root.joinpath(".index", *parts)

    def _read_manifest(self, folder: Path) -> Manifest | None:
        try:
            return Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise Fatal(
                f"{folder / 'manifest.json'} is not a manifest of this version: {error.errors()[0]['msg']}",
                next_step="Restore it, or delete that folder to have the artifact made again",
            ) from error

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f"{STAGING_PREFIX}{uuid.uuid4().hex}.partial")
        staged.write_text(text, "utf-8")
        staged.replace(path)

    @staticmethod
    def _has_size(path: Path, size_bytes: int) -> bool:
        try:
            return path.stat().st_size == size_bytes
        except FileNotFoundError:
            return False


def _move(origin: Path, destination: Path) -> None:
    try:
        origin.rename(destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(origin, destination)
        origin.unlink()


def _copy(origin: Path, destination: Path) -> None:
    """Copies; on file systems that can, the copy shares its blocks with the origin."""
    with origin.open("rb") as source, destination.open("wb") as target:
        shutil.copyfileobj(source, target, _COPY_BYTES)
        target.flush()
        os.fsync(target.fileno())


def _id_of(key: str) -> str:
    return _hash_of(key)[:16]


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
