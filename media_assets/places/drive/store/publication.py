"""One publication of one artifact in Google Drive, such that there is exactly one afterwards, whatever happens.

    1. look what is there, and plan which file becomes which
    2. write the plan down on this machine
    3. make or replace the files, then the manifest
    4. look again; put away what the artifact no longer has; forget the plan

After a crash the next publication of the artifact takes up the plan, and with it what is there already. When somebody
else published the same artifact meanwhile, the look at the end shows it. The older manifest is the one that counts, for
everybody: whoever made the other one goes through all of this again, now with the older one as its predecessor.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from media_assets.base.errors import Transient
from media_assets.base.interruption import pause
from media_assets.places.artifact_names import manifest_name, mime_type
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import IdTaken, NotFound
from media_assets.places.drive.store.doubles import JustPublished, is_equal
from media_assets.places.drive.store.folders import MANIFESTS, DriveFolder, StoreFolders
from media_assets.places.drive.store.index import DriveIndex, Found
from media_assets.places.drive.store.journal import Coming, Journal
from media_assets.places.drive.store.marks import FIELDS, DriveFile, manifest_marks, marks
from media_assets.places.drive.store.memory import Published
from media_assets.places.drive.store.plan import Part, Plan, Planner, Slot
from media_assets.places.drive.store.writes import change, move, put_away, settled
from media_assets.places.manifest import Manifest
from media_assets.places.store import Target

_ROUNDS = 4
_PAUSE_SECONDS = 0.3
_Result = TypeVar("_Result")


class OriginReplaced(Exception):
    """What was to be copied is not there any more."""


class DrivePublication:
    """The publication of one artifact in Google Drive. To be run under the lock of the artifact.

    Args:
        store: Name of the store.
        artifact: Its `artifact_id`.
        check: Called before each request that sends something; what it raises ends it. It can be taken up later.
        is_own: Whether a file belongs to any artifact of the same source file.
        is_new: Whether a look just now showed that there is nothing of it in the drive of the store.
    """

    def __init__(
        self,
        api: DriveApi,
        folders: StoreFolders,
        index: DriveIndex,
        journal: Journal,
        *,
        store: str,
        artifact: str,
        draft: Manifest,
        parts: Sequence[Part],
        target: Target,
        check: Callable[[], None],
        is_own: Callable[[DriveFile], bool],
        is_new: bool = False,
    ) -> None:
        self._api = api
        self._folders = folders
        self._index = index
        self._journal = journal
        self._store = store
        self._artifact = artifact
        self._draft = draft.model_copy(update={"placement": target.placement})
        self._parts = parts
        self._check = check
        self._beside = target.beside if target.placement == "beside_source" else None
        self._made: dict[str, DriveFile] = {}
        self._is_new = is_new and not journal.exists
        self._planner = Planner(api, index, self._draft, parts, self._beside, target.languages, is_own)

    def run(self) -> tuple[Manifest, Found]:
        """What is there in the end: this artifact, or one of equal fingerprint that somebody else published.

        Raises:
            SourceChanged: the folder to lie in is gone.
            Transient: somebody else keeps publishing or removing it.
            OriginReplaced: see there.
        """
        return self._rounds(self._round)

    def run_unsettled(self) -> tuple[JustPublished, Found]:
        """What `run` does, without the look at the end: whoever publishes many looks at all of them together.

        The second is what was put there, as far as it was.
        """
        return self._rounds(self._round_unsettled)

    def _rounds(self, once: Callable[[DriveFolder], _Result | None]) -> _Result:
        for attempt in range(_ROUNDS):
            self._check()
            if attempt:
                pause(_PAUSE_SECONDS * attempt * random.random(), self._check)  # noqa: S311  so that two do not keep step
                self._folders.forget()
                self._is_new = False
            folder = self._folder()
            try:
                done = once(folder)
            except (NotFound, IdTaken):  # somebody removed something since we looked, or an earlier attempt made it
                continue
            if done:
                return done
        raise Transient(
            f"{self._draft.asset} was changed in Google Drive again and again while it was stored there",
            next_step="See whether another machine works on the same library",
        )

    def _round(self, folder: DriveFolder) -> tuple[Manifest, Found] | None:
        plan = self._put_all(folder)
        return self._settled(plan, self._look(folder, plan.coming))

    def _round_unsettled(self, folder: DriveFolder) -> tuple[JustPublished, Found]:
        plan = self._put_all(folder)
        stored = JustPublished(
            self._artifact,
            plan.manifest,
            plan.manifest_slot.id,
            plan.md5,
            frozenset(plan.coming.others),
            self._journal,
        )
        return stored, Found(dict(self._made))

    def _put_all(self, folder: DriveFolder) -> Plan:
        is_known_empty = self._is_new and folder.drive == self._index.drive
        found = Found() if is_known_empty else self._look(folder)
        plan = self._planner.plan(found, self._journal.read(), folder)
        self._journal.write(plan.coming)
        self._made.clear()
        for part in self._parts:
            self._put(part, plan.slots[part.name], folder)
        self._put_manifest(plan)
        return plan

    # ------------------------------------------------------------------------------------------------ looking

    def _folder(self) -> DriveFolder:
        """Where the files go to."""
        asset = self._draft.asset
        folder = self._folders.folder(self._beside.folder) if self._beside else self._folders.below(asset)
        self._folders.require_writable(folder)
        return folder

    def _look(self, folder: DriveFolder, coming: Coming | None = None) -> Found:
        found = self._index.artifact(self._draft.asset, self._artifact, [folder.drive])
        return self._index.complete(found, {coming.manifest, *coming.parts.values()} if coming else ())

    def _settled(self, plan: Plan, found: Found) -> tuple[Manifest, Found] | None:
        """The artifact that counts, after the rest was put away; None when it is another or its files are not there."""
        file = found.manifest
        if file is None:
            return None
        ours = file.id == plan.manifest_slot.id and file.content_md5 == plan.md5
        manifest = plan.manifest if ours else self._index.read(file)
        if manifest is None or not is_equal(manifest, self._draft) or not self._index.intact(manifest, found):
            return None
        finish(self._api, self._index, self._journal, found, manifest)
        if not ours:
            self._index.published(manifest, self._artifact, Published(file.id, file.content_md5))
        return manifest, found

    # ------------------------------------------------------------------------------------------------ writing

    def _put(self, part: Part, slot: Slot, folder: DriveFolder) -> None:
        root = self._folders.made_root().id
        properties = marks(
            slot.id, self._artifact, self._store, root, self._draft.asset, part.name, part.md5, part.sha256
        )
        file = slot.present
        if file:
            self._made[file.id] = file
        if file is None:
            self._make(part, slot, {"name": slot.name, "parents": [folder.id], "appProperties": properties})
            return
        if (file.content_md5, file.size_bytes) != (part.md5, part.size_bytes):
            self._upload(part, slot, {"appProperties": properties})
        elif not properties.items() <= file.properties.items():
            change(self._api, file.id, {"appProperties": properties})
        if file.parent and file.parent != folder.id:
            move(self._api, file, folder.id, slot.name)
        elif slot.name and file.parent:
            change(self._api, file.id, {"name": slot.name})

    def _make(self, part: Part, slot: Slot, metadata: dict[str, Any]) -> None:
        if part.path:
            self._upload(part, slot, metadata)
            return
        try:
            made = DriveFile.of(
                self._api.copy(part.origin, {"id": slot.id, **metadata}, fields=FIELDS, check=self._check)
            )
            made = settled(self._api, made)
        except NotFound:
            self._planner.burnt.add(slot.id)
            if self._index.file(part.origin) is None:
                raise OriginReplaced from None
            raise
        if made.md5 != part.md5:
            change(self._api, made.id, {"trashed": True})
            raise OriginReplaced
        self._made[made.id] = made

    def _upload(self, part: Part, slot: Slot, metadata: dict[str, Any]) -> None:
        assert part.path is not None
        try:
            answer = self._api.upload(
                part.path,
                metadata,
                file_id=slot.id,
                update=slot.present is not None,
                mime_type=mime_type(part.name),
                md5=part.md5,
                journal=self._journal.session(slot.id, part.md5),
                fields=FIELDS,
                check=self._check,
            )
        except NotFound:
            self._planner.burnt.add(slot.id)
            raise
        self._made[slot.id] = DriveFile.of(answer)

    def _put_manifest(self, plan: Plan) -> None:
        """Known by its id from then on: searches may not show it for a while, or as it was before."""
        slot, manifest = plan.manifest_slot, plan.manifest
        self._index.keep(plan.md5, plan.text)
        if not (slot.present and slot.present.content_md5 == plan.md5):
            self._send_manifest(plan)
        self._index.published(manifest, self._artifact, Published(slot.id, plan.md5))

    def _send_manifest(self, plan: Plan) -> None:
        slot, manifest = plan.manifest_slot, plan.manifest
        metadata: dict[str, Any] = {
            "appProperties": manifest_marks(
                slot.id, self._artifact, self._store, self._folders.made_root().id, manifest, plan.md5
            )
        }
        if slot.present is None:
            metadata["name"] = manifest_name(manifest.key, self._artifact)
            metadata["parents"] = [self._folders.below(MANIFESTS, manifest.asset).id]
        path = self._journal.folder / "manifest.json"
        path.write_bytes(plan.text.encode())
        self._upload(Part(path.name, path.stat().st_size, plan.md5, "", path), slot, metadata)


def finish(api: DriveApi, index: DriveIndex, journal: Journal, found: Found, manifest: Manifest) -> None:
    """The last step of a publication: rid the artifact of all files that do not belong to it, and forget the plan."""
    assert found.manifest is not None
    kept = {found.manifest.id, *(stored.path for stored in manifest.files)}
    index.complete(found, journal.read().ids - kept)
    for file in found.files.values():
        if file.id not in kept:
            put_away(api, file)
    journal.remove()
