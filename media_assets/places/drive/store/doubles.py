"""That there is one of each artifact in Drive, also when several machines published it at the same moment.

Searches lag, so none of them saw the others. The oldest manifest counts, for all. Searches show older files before
younger ones: once a search shows what we published, it shows all that came before. So whoever published asks until it
is shown, for the artifacts of a batch together, and puts his own away when there is an older one. What a search does
not show in half a minute is told apart later: a double is not intact to whoever sees it, and the next run that looks at
it puts the younger one away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from filelock import FileLock

from media_assets.base.batches import batched
from media_assets.base.errors import MediaAssetsError, Transient
from media_assets.base.interruption import holding
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.store.index import ARTIFACTS_PER_SEARCH, DriveIndex, Found
from media_assets.places.drive.store.journal import Journal
from media_assets.places.drive.store.marks import DriveFile
from media_assets.places.drive.store.memory import Published
from media_assets.places.drive.store.writes import put_away
from media_assets.places.manifest import Manifest

logger = logging.getLogger("media_assets")

_LOOKS = 16


@dataclass(frozen=True)
class JustPublished:
    """An artifact that was just published, and is not known to be the only one."""

    artifact: str
    manifest: Manifest
    file_id: str
    """File id of the manifest."""
    md5: str
    """MD5 of the manifest."""
    others: frozenset[str]
    """Ids of files that are to be put away: of an earlier version, of earlier attempts."""
    journal: Journal


class Doubles:
    """Sees to it that of each published artifact there is one.

    Args:
        lock: The lock of an artifact, by its journal.
    """

    def __init__(self, api: DriveApi, index: DriveIndex, lock: Callable[[Journal], FileLock]) -> None:
        self._api = api
        self._index = index
        self._lock = lock

    def settle(self, asset: str, stored: Sequence[JustPublished]) -> dict[str, Manifest | MediaAssetsError]:
        """What is there in the end, by key, where it is not what was published: the artifact of another machine, or
        why there is none.

        Raises:
            Transient, Fatal: Drive cannot be asked.
        """
        left = {one.artifact: one for one in stored}
        results: dict[str, Manifest | MediaAssetsError] = {}
        for _ in islice(self._api.retries.polls(), _LOOKS):
            for some in batched(list(left), ARTIFACTS_PER_SEARCH):
                looked = self._index.searched(asset, some)
                for artifact in some:
                    if left[artifact].file_id in looked[artifact].files:
                        self._settle(left.pop(artifact), looked[artifact], results)
            if not left:
                return results
        for one in left.values():
            file = self._index.file(one.file_id)
            if file is None or file.trashed:  # another machine put it away, or somebody did
                self._settle(one, self._index.artifact(asset, one.artifact), results)
        logger.info("searches of Google Drive do not show %d new artifacts of %s yet", len(left), asset)
        return results

    def tidy(self, found: Found, manifest: Manifest) -> None:
        """Put away what younger manifests than the one that counts stand for."""
        if found.manifest and self._index.intact(manifest, found):
            self._put_away(found, manifest, frozenset())

    def _settle(self, one: JustPublished, found: Found, results: dict[str, Manifest | MediaAssetsError]) -> None:
        with holding(self._lock(one.journal)):
            counts = self._as_it_is(found.manifest, one)
            manifest = self._manifest_of(counts, one)
            key = one.manifest.key
            if counts is None or manifest is None or not self._index.intact(manifest, found):
                results[key] = Transient(
                    f"the {one.manifest.asset} was removed or changed in Google Drive as soon as it was stored",
                    next_step="See whether another machine works on the same library",
                )
            elif not is_equal(manifest, one.manifest):
                results[key] = Transient(
                    f"another machine stored another {one.manifest.asset} in Google Drive at the same time",
                    next_step="See whether another machine works on the same library with other settings",
                )
            else:
                if counts.id != one.file_id:
                    results[key] = manifest
                    self._index.published(manifest, one.artifact, Published(counts.id, counts.content_md5))
                self._put_away(found, manifest, one.others)
            one.journal.remove()

    def _as_it_is(self, file: DriveFile | None, one: JustPublished) -> DriveFile | None:
        """The manifest that counts; searches may show it as it was before."""
        if file is None or file.id != one.file_id or file.content_md5 == one.md5:
            return file
        now = self._index.file(file.id)
        return None if now is None or now.trashed else now

    def _manifest_of(self, file: DriveFile | None, one: JustPublished) -> Manifest | None:
        if file and (file.id, file.content_md5) == (one.file_id, one.md5):
            return one.manifest
        return self._index.read(file) if file else None

    def _put_away(self, found: Found, manifest: Manifest, others: Collection[str]) -> None:
        """What belongs to younger manifests and to what was there before. What no manifest names stays: it may belong
        to a publication under way."""
        assert found.manifest is not None
        kept = {found.manifest.id, *(stored.path for stored in manifest.files)}
        going = set(others)
        for younger in found.manifests[1:]:
            double = self._index.read(younger)
            going |= {younger.id, *(stored.path for stored in (double.files if double else ()))}
        self._index.complete(found, going - kept)
        for file_id in going - kept:
            if file_id in found.files:
                put_away(self._api, found.files[file_id])


def is_equal(one: Manifest, other: Manifest) -> bool:
    """Whether both are of one recipe, and their files lie in the same manner."""
    return (one.fingerprint, one.placement) == (other.fingerprint, other.placement)
