"""What a publication is about to do, kept on this machine until it is done: so a crash leaves nothing unknown in Drive.

<folder>/journal.json      the ids of all files that were or will be made, written before the first of them is
<folder>/<hash>.session    an upload under way; its content is a secret, as whoever has it can write the file
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from media_assets.base.files import private_folder, read_file, write_whole

_JOURNAL = "journal.json"


@dataclass(frozen=True)
class Coming:
    """Ids that were handed out for the files of an artifact."""

    manifest: str = ""
    """Id of its manifest; empty while there is none."""
    parts: dict[str, str] = field(default_factory=dict)
    """Ids of its files, by the names the asset has for them."""
    others: tuple[str, ...] = ()
    """Ids of files to be put away in the end: those of an earlier version, and of earlier attempts."""
    md5: str = ""
    """MD5 of the manifest's content: once it is there, only the tidying is left to do."""
    before: str = ""
    """MD5 of the manifest that was there at the beginning; empty when there was none."""

    @property
    def ids(self) -> set[str]:
        return {self.manifest, *self.parts.values(), *self.others} - {""}


class Journal:
    """The journal of one artifact. To be used under its lock; `exists` may be asked at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return self.folder.exists()

    def read(self) -> Coming:
        """What was about to be made. A journal that is not whole was never acted upon."""
        try:
            known = json.loads(read_file(self.folder / _JOURNAL))
        except FileNotFoundError:
            return Coming()
        return Coming(known["manifest"], known["parts"], tuple(known["others"]), known["md5"], known["before"])

    def write(self, coming: Coming) -> None:
        """Durable when it returns."""
        self.make()
        write_whole(self.folder / _JOURNAL, json.dumps(asdict(coming)).encode())

    def make(self) -> None:
        """Make the folder, which nobody else may look into."""
        private_folder(self.folder.parent)
        private_folder(self.folder)

    def session(self, part: str, md5: str) -> Path:
        """Where the upload of a file keeps how far it is; another content is another upload."""
        what = hashlib.sha256(f"{part}\n{md5}".encode()).hexdigest()
        return self.folder / f"{what[:32]}.session"

    def remove(self) -> None:
        """All is done."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
