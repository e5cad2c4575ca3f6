"""A store in a bucket with files made from texts, for tests and for the processes they kill."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from media_assets.base.checksums import sha256_of
from media_assets.places.bucket.client import open_bucket
from media_assets.places.bucket.settings import BucketStore
from media_assets.places.bucket.store.store import BucketArtifacts
from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.settings import CacheSettings
from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.s3_server import SECRETS, Place, Request

KEY, OTHER_KEY = "box:talk.mp4", "box:other.mp4"
IN_FOLDER = Target("folder")
BESIDE = Target("beside_source", Beside("box", "in", "talk.mp4"))

# Of one size, so that sizes cannot tell them apart.
OLD = {"transcript.json": "old json", "transcript.srt": "old srt."}
NEW = {"transcript.srt": "new srt."}
OTHER = {"transcript.json": "oth json", "transcript.srt": "oth srt."}
VERSIONS = {"old": OLD, "new": NEW, "other": OTHER}


USERS = {"in/talk.mp4": b"recording", "in/talk.vtt": b"typed by hand"}
"""What the user has beside his recording, and the recording."""


class Store(BucketArtifacts):
    """See the module.

    Args:
        settings: Of the store, as JSON values, so that they can be handed to another process.
        work: A folder on this machine.
    """

    def __init__(self, settings: Mapping[str, Any], work: Path) -> None:
        known = BucketStore(type="bucket", **settings)
        work.mkdir(parents=True, exist_ok=True)
        self.cache = FetchCache(work / "cache", CacheSettings(), 0)
        super().__init__("artifacts", known, open_bucket(known, SECRETS), self.cache)
        self._work = work

    def put(self, manifest: Manifest, contents: Mapping[str, str | bytes], target: Target = IN_FOLDER) -> Manifest:
        files = {name: self._work / name for name in contents}
        for name, content in contents.items():
            files[name].write_bytes(content.encode() if isinstance(content, str) else content)
        published = self.publish(manifest, files, {name: sha256_of(path) for name, path in files.items()}, target)
        assert not any(path.exists() for path in files.values()), "files are taken, not copied"
        return published

    def texts(self, manifest: Manifest) -> dict[str, str]:
        texts = {}
        for stored in manifest.files:
            with self.lease(stored) as path:
                texts[stored.name] = path.read_text()
        return texts

    def get(self, key: str = KEY, asset: str = ASSET) -> Manifest:
        manifest = self.manifest(asset, key)
        assert manifest is not None
        return manifest


def step(store: Store, name: str) -> None:
    """What happens to a store, by a name that can be handed to another process."""
    for part in name.split(" + "):
        action, _, place = part.partition(" ")
        target = BESIDE if place == "beside" else IN_FOLDER
        if action == "other":
            store.put(draft(OTHER_KEY, "other"), OTHER, target)
        elif action == "copy":
            store.copy(store.get(OTHER_KEY), draft(KEY, "other"), target)
        elif action in VERSIONS:
            store.put(draft(KEY, action), VERSIONS[action], target)


def fork_for_each_step(connection: Connection) -> None:
    """The target of a child process: runs each step it is sent in a process forked off for it, and tells that one's id
    and, when it has ended, its exit code."""
    while job := connection.recv():
        settings, work, name = job
        child = os.fork()
        if child == 0:
            try:
                step(Store(settings, work), name)
                os._exit(0)
            finally:
                os._exit(1)
        connection.send(child)
        connection.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def anonymous(objects: Mapping[str, bytes]) -> dict[str, bytes]:
    """Objects without what differs from one publication to the next: the names of the writers."""
    writer = re.compile(r"/[0-9a-f]{12}/")
    return {writer.sub("/…/", path): writer.sub("/…/", content.decode()).encode() for path, content in objects.items()}


def with_users_objects(place: Place) -> Place:
    for path, content in USERS.items():
        place.put_object(path, content)
    return place


def another(place: Place, tmp_path: Path) -> Store:
    """The store as another machine sees it: with nothing in its cache."""
    return Store(place.settings("out"), tmp_path / "another")


def below(place: Place, prefix: str) -> list[str]:
    return [path.removeprefix(prefix) for path in place.paths(prefix)]


def is_manifest(request: Request) -> bool:
    return request.method == "PUT" and request.path.endswith("/manifest.json")
