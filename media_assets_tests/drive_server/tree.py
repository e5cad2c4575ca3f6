"""What people do to a drive with their hands: build trees, move, rename, trash, share. Each leaves its mark in the log.

Mixed into `DriveServer`, so that tests read `drive.rename(file_id, "b.mp4")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from media_assets_tests.drive_server.contents import Content, Generated, content_of
from media_assets_tests.drive_server.model import DOCUMENT, FOLDER, SHORTCUT, Item, Role, SharedDrive
from media_assets_tests.drive_server.query import parse_query
from media_assets_tests.drive_server.state import DriveState


class Tree:
    """Ids go in and out; `root_id` is My Drive of the user."""

    state: DriveState

    @property
    def root_id(self) -> str:
        return self.state.roots["user"]

    # ---------------------------------------------------------------------------------------- making

    def add_folder(self, name: str, parent: str | None = None) -> str:
        """A new folder, also when one of the name exists: Drive allows that."""
        return self._add(name, FOLDER, parent)

    def add_path(self, path: str, parent: str | None = None) -> str:
        """The folder at a `/`-separated path; what is missing of it is made."""
        current = parent or self.root_id
        for name in path.split("/"):
            present = [item for item in self.files(parent=current, name=name) if item.is_folder]
            current = present[0].id if present else self.add_folder(name, current)
        return current

    def add_file(
        self,
        name: str,
        content: bytes | Path | Content | None = None,
        *,
        size: int | None = None,
        parent: str | None = None,
        mime: str = "application/octet-stream",
        md5: str | None = None,
        checksums_ready: bool = True,
        modified: datetime | None = None,
        app_properties: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        """A new file.

        Args:
            name: Any name, as often as you like.
            content: What is in it.
            size: Instead of a content: so many bytes of noise, computed when they are read and never held.
            parent: A folder's id; My Drive when absent.
            mime: Its type.
            md5: Shown instead of the true checksum, which would have to be computed on first sight.
            checksums_ready: False for a file that Drive still takes in; see `finish_upload`.
            modified: `modifiedTime`.
            app_properties: `appProperties`.
            more: Further fields of `model.Item` (`abusive`, `by_app`, `video`, `role` …).
        """
        inside = content_of(content) if content is not None else Generated(size or 0, len(self.state.items))
        fields = {"content": inside, "declared_md5": md5, "checksums_ready": checksums_ready} | more
        if modified is not None:
            fields["modified_at"] = modified
        return self._add(name, mime, parent, app_properties=dict(app_properties or {}), **fields)

    def add_shortcut(self, name: str, target: str, parent: str | None = None) -> str:
        """A shortcut; the target may be missing."""
        return self._add(name, SHORTCUT, parent, shortcut_target=target)

    def add_document(
        self, name: str, parent: str | None = None, *, mime: str = DOCUMENT, export: bytes = b"text"
    ) -> str:
        """A Google Doc, Sheet, Vid …: no content, no checksum, only an export."""
        return self._add(name, mime, parent, export=export)

    def add_shared_drive(self, name: str, *, item_limit: int | None = None) -> str:
        """A shared drive; its id is also that of its root folder."""
        with self.state.lock:
            now = self.state.now()
            shared = SharedDrive(self.state.new_id("0A", 19), name, now, item_limit)
            self.state.drives[shared.id] = shared
            self.state.put(Item(shared.id, name, FOLDER, None, now, now, drive_id=shared.id), log=False)
            self.state.log(shared.id, shared.id, is_drive=True)
            return shared.id

    # ---------------------------------------------------------------------------------------- changing

    def move(self, item_id: str, parent: str) -> None:
        """To another folder. What is inside a moved folder gets no entry in the log."""
        with self.state.lock:
            folder, item = self.state.items[parent], self.state.items[item_id]
            for below in list(self.state.below(item_id)) if item.drive_id != folder.drive_id else []:
                self.state.put(replace(below, drive_id=folder.drive_id), log=False)
            self.state.put(replace(item, parent=parent, drive_id=folder.drive_id))

    def rename(self, item_id: str, name: str) -> None:
        self.change(item_id, name=name)

    def trash(self, item_id: str) -> None:
        """Into the trash, with all that is inside."""
        self._with_descendants(item_id, trashed=True)

    def restore(self, item_id: str) -> None:
        """Out of the trash."""
        self._with_descendants(item_id, trashed=False)

    def delete(self, item_id: str) -> None:
        """For good."""
        with self.state.lock:
            self.state.remove(self.state.items[item_id])

    def share_away(self, item_id: str) -> None:
        """The caller loses access to it and to all that is inside."""
        self.set_role(item_id, "none")

    def share_back(self, item_id: str) -> None:
        """Ends `share_away`."""
        self.set_role(item_id, None)

    def set_role(self, item_id: str, role: Role | None) -> None:
        """What callers may do with an item and all that is inside; None: what they may with its folder."""
        self._with_descendants(item_id, role=role)

    def replace_content(
        self, item_id: str, content: bytes | Path | Content | None = None, *, size: int | None = None
    ) -> None:
        """A new version of the same file."""
        with self.state.lock:
            item = self.state.items[item_id]
            inside = content_of(content) if content is not None else Generated(size or 0, item.version + 7_919)
            now = self.state.now()
            self.change(item_id, content=inside, revision=item.revision + 1, modified_at=now, declared_md5=None)

    def finish_upload(self, item_id: str) -> None:
        """Drive has taken in a file that was added with `checksums_ready=False`."""
        self.change(item_id, checksums_ready=True)

    def set_video(self, item_id: str, *, width: int, height: int, duration_ms: int) -> None:
        """Drive has looked into a video: `videoMediaMetadata` appears."""
        self.change(item_id, video={"width": width, "height": height, "durationMillis": str(duration_ms)})

    def change(self, item_id: str, **fields: Any) -> None:
        """Any field of `model.Item`."""
        with self.state.lock:
            self.state.put(replace(self.state.items[item_id], **fields))

    # ---------------------------------------------------------------------------------------- looking

    def item(self, item_id: str) -> Item:
        """The present state of an item. Raises KeyError when it is deleted."""
        return self.state.items[item_id]

    def content(self, item_id: str) -> bytes:
        """All bytes of a file."""
        content = self.state.items[item_id].content
        assert content is not None, f"{self.state.items[item_id].name} has no content"
        return content.read()

    def path(self, item_id: str) -> str:
        """Names from the root down, joined by `/`."""
        names = [item.name for item in self.state.ancestors(self.state.items[item_id]) if item.parent]
        return "/".join(reversed(names))

    def files(
        self,
        q: str | None = None,
        *,
        app_properties: Mapping[str, str] | None = None,
        name: str | None = None,
        parent: str | None = None,
        mime: str | None = None,
        trashed: bool | None = False,
    ) -> list[Item]:
        """All items that meet every condition, whoever can see them; `trashed=None` takes both. Roots are left out."""
        with self.state.lock:
            query = parse_query(q or "", self.state, self.root_id)
            ids = set(self.state.items) if query.ids is None else set(query.ids)
            for pair in (app_properties or {}).items():
                ids &= self.state.by_property.get(pair, set())
            if parent is not None:
                ids &= self.state.children.get(parent, set())
            items = [self.state.items[item_id] for item_id in sorted(ids)]
            return [
                item
                for item in items
                if item.parent is not None
                and query.test(item)
                and name in (None, item.name)
                and mime in (None, item.mime_type)
                and trashed in (None, self.state.is_trashed(item))
            ]

    # ---------------------------------------------------------------------------------------- helpers

    def _add(self, name: str, mime: str, parent: str | None, **fields: Any) -> str:
        with self.state.lock:
            folder = self.state.items[parent or self.root_id]
            now = self.state.now()
            made = {"modified_at": now, "owner": folder.owner, "drive_id": folder.drive_id} | fields
            return self.state.put(Item(self.state.new_id(), name, mime, folder.id, now, **made)).id

    def _with_descendants(self, item_id: str, **fields: Any) -> None:
        with self.state.lock:
            self.change(item_id, **fields)
            if self.state.descendants_in_log:
                for below in self.state.below(item_id):
                    self.state.log(below.id, below.drive_id)
