"""Which file in Drive each file of an artifact becomes: an id and a name for every one, before anything is written.

A file goes over its predecessor, so that its id, its links and its place stay. It gets a new id when there is none,
when somebody edited the predecessor (then that is his), or when it lies in another drive. Ids that an earlier attempt
was given and did not use are used now: what that attempt sent may still arrive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from media_assets.places import artifact_names
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotFound
from media_assets.places.drive.store.folders import DriveFolder
from media_assets.places.drive.store.index import DriveIndex, Found
from media_assets.places.drive.store.journal import Coming
from media_assets.places.drive.store.marks import ARTIFACT, PART, DriveFile, fitting
from media_assets.places.drive.store.writes import settled
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.places.owners import PartOfArtifact
from media_assets.places.source import Beside
from media_assets.places.stems import Stems, without


@dataclass(frozen=True)
class Part:
    """A file that is to belong to an artifact."""

    name: str
    """What the asset calls it."""
    size_bytes: int
    md5: str
    sha256: str
    path: Path | None = None
    """Where it lies on this machine; None for a copy of a file in Drive."""
    origin: str = ""
    """Id of the file in Drive to copy, where there is no path."""


@dataclass(frozen=True)
class Slot:
    """Where a file goes to."""

    id: str
    present: DriveFile | None = None
    """What is there now, and is ours."""
    name: str = ""
    """What a file that is new in its folder is to be called there."""


@dataclass(frozen=True)
class Plan:
    """What a publication is about to do."""

    manifest: Manifest
    text: str
    """The manifest as it is written."""
    manifest_slot: Slot
    slots: Mapping[str, Slot]
    """Where each file goes, by the name the asset has for it."""
    coming: Coming

    @property
    def md5(self) -> str:
        """MD5 of the manifest as it is written."""
        return self.coming.md5


@dataclass
class Planner:
    """Decides which file in Drive each file of an artifact becomes.

    Args:
        draft: The manifest without its files.
        beside: The file to lie beside; None: in the store's folder.
        languages: As of `Target`.
        is_own: Whether a file belongs to any artifact of the same source file.
    """

    api: DriveApi
    index: DriveIndex
    draft: Manifest
    parts: Sequence[Part]
    beside: Beside | None
    languages: Mapping[str, str]
    is_own: Callable[[DriveFile], bool]
    burnt: set[str] = field(default_factory=set)
    """Ids that turned out to be of no use."""

    def plan(self, found: Found, left: Coming, folder: DriveFolder) -> Plan:
        """Choose.

        Args:
            found: What there is of the artifact.
            left: What an earlier attempt was about to make.
            folder: Where the files go to.
        """
        before = self.index.read(found.manifest) if found.manifest else None
        slots = {
            part.name: self._slot(part, self._predecessors(part, found, before, left), left, folder)
            for part in self.parts
        }
        leaving = {file.id for file in found.files.values() if file.is_as_we_left_it}
        slots = self._named(slots, folder, leaving - {slot.id for slot in slots.values()})
        files = tuple(
            StoredFile(name=part.name, path=slots[part.name].id, size_bytes=part.size_bytes, sha256=part.sha256)
            for part in self.parts
        )
        manifest = self.draft.model_copy(update={"files": files})
        text = manifest.model_dump_json(indent=1)
        manifest_slot = self._manifest_slot(found, left)
        ids = {name: slot.id for name, slot in slots.items()}
        ours = {file.id for file in found.files.values() if file.made_by_us}
        others = (ours | left.ids) - {manifest_slot.id, *ids.values()}
        md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        coming = Coming(
            manifest_slot.id, ids, tuple(sorted(others)), md5, found.manifest.content_md5 if found.manifest else ""
        )
        return Plan(manifest, text, manifest_slot, slots, coming)

    def _slot(self, part: Part, predecessors: Iterator[DriveFile], left: Coming, folder: DriveFolder) -> Slot:
        for file in predecessors:
            fits = not part.origin or file.content_md5 == part.md5  # a copy on Drive's side is always a new file
            if fits and file.is_as_we_left_it and not file.trashed and file.drive == folder.drive:
                return Slot(file.id, file)
        return Slot(self._unused(left.parts.get(part.name)) or self.api.new_id())

    def _predecessors(self, part: Part, found: Found, before: Manifest | None, left: Coming) -> Iterator[DriveFile]:
        """The one that the manifest names, the one that an earlier attempt made, and what nobody knows of."""
        recorded = [stored.path for stored in before.files if stored.name == part.name] if before else []
        mark = fitting(PART, part.name)
        marked = [file.id for file in found.files.values() if file.properties.get(PART) == mark]
        for file_id in dict.fromkeys((*recorded, *filter(None, [left.parts.get(part.name)]), *marked)):
            file = found.files.get(file_id) or self.index.file(file_id)
            of_another = file and found.artifact not in ("", file.properties.get(ARTIFACT))
            if file and not of_another and not file.is_manifest and file.id not in self.burnt:
                yield self._settled(file)

    def _settled(self, file: DriveFile) -> DriveFile:
        """Drive has to say what is in a file before it is written over: it may be what somebody else put there."""
        try:
            return settled(self.api, file)
        except NotFound:
            return replace(file, trashed=True)

    def _manifest_slot(self, found: Found, left: Coming) -> Slot:
        if found.manifest and found.manifest.id not in self.burnt:
            return Slot(found.manifest.id, found.manifest)
        return Slot(self._unused(left.manifest) or self.api.new_id())

    def _unused(self, file_id: str | None) -> str | None:
        """An id of an earlier attempt, if there is no file of it."""
        return file_id if file_id and file_id not in self.burnt and self.index.file(file_id) is None else None

    def _named(self, slots: Mapping[str, Slot], folder: DriveFolder, going: Collection[str]) -> dict[str, Slot]:
        """The slots, with names for the files that are new in the folder, or whose names say another language."""
        new = [
            name
            for name, slot in slots.items()
            if slot.present is None or slot.present.parent != folder.id or self._says_otherwise(name, slot.present)
        ]
        if self.beside is None:
            chosen = {name: artifact_names.name_in_folder(self.draft.key, name) for name in new}
        else:
            chosen = self._names_beside(self.beside, new, folder, going) if new else {}
        return {name: Slot(slot.id, slot.present, chosen.get(name, "")) for name, slot in slots.items()}

    def _says_otherwise(self, name: str, file: DriveFile) -> bool:
        """Whether the name of a file says another language than its text has. What a person called it stays."""
        if self.beside is None or name not in self.languages:
            return False
        stems = Stems(artifact_names.readable_name(self.beside.name), self.draft.key)
        said, is_in = stems.language_in(file.name, name), self.languages[name]
        suffix = artifact_names.suffix_of(name)
        return said is not None and artifact_names.with_language(suffix, said) != artifact_names.with_language(
            suffix, is_in
        )

    def _names_beside(
        self, beside: Beside, new: Sequence[str], folder: DriveFolder, going: Collection[str]
    ) -> dict[str, str]:
        stems = Stems(artifact_names.readable_name(beside.name), self.draft.key)
        lying = [file for file in self.index.lying_in(folder) if stems.concern(file.name) and file.id not in going]
        own = [file.name for file in lying if self.is_own(file)]
        others = [file.name for file in lying if not self.is_own(file)]
        stem = stems.best(without(stems.source_name, others), own)
        taken = {file.name.casefold() for file in lying}
        chosen: dict[str, str] = {}
        for name in new:
            owner = str(PartOfArtifact(name, self.draft.asset, self.draft.key))
            some = list(stems.names(stem, name, owner, self.languages.get(name, ""), others))
            # Where even the last one is in use, there are two of it: Drive does not mind.
            chosen[name] = next((candidate for candidate in some if candidate.casefold() not in taken), some[-1])
            taken.add(chosen[name].casefold())
        return chosen
