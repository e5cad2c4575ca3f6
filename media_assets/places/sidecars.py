"""Files that belong to a recording by their names: `talk.srt` and `talk.de.vtt` beside `talk.mp4`.

They are asked for while thousands of recordings are planned. So a source that was just listed keeps the names that it
came by, of files that may be some, and asks nobody again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from media_assets.places.source import Sidecar, SourceEntry

SUBTITLE_ENDINGS = (".srt", ".vtt", ".ass", ".ssa")
"""How the names end that are kept from a listing, whatever is before them. For others a source asks."""
_MOST_NOTED = 300_000
"""They take 80 MB or so: less than a listing of as many recordings."""


class LyingFile(NamedTuple):
    """A file that may be a sidecar; the order of these is that of their names."""

    name: str
    file_id: str
    """Empty where the name says which one it is."""
    size_bytes: int
    revision: str


Fetch = Callable[[SourceEntry, Path, Callable[[], None]], None]
"""`Source.fetch`."""


def has_sidecar_size(size_bytes: int) -> bool:
    """Whether a file may be one: an empty one says nothing. What is too large is told, for whoever looks for it."""
    return size_bytes > 0


def start_of(recording: str) -> str:
    """How the names of all sidecars of a recording begin."""
    return f"{PurePosixPath(recording).stem}."


def marks_in(name: str, recording: str, endings: Collection[str]) -> str | None:
    """What the name of a sidecar says beyond that of its recording; None for what is no sidecar of it.

    With or without the recording's own ending: `en` for `talk.en.srt` and for `talk.mp4.en.srt`.

    Args:
        endings: In small letters, with their dots.
    """
    if not name.lower().endswith(tuple(endings)) or name == recording:
        return None
    stem, own = name[: name.rfind(".")], PurePosixPath(recording).stem
    if stem not in (own, recording) and not stem.startswith((f"{own}.", f"{recording}.")):
        return None
    return stem.removeprefix(recording).removeprefix(own).strip(".")


def belonging(files: Sequence[LyingFile], recording: str, endings: Collection[str]) -> Iterator[tuple[LyingFile, str]]:
    """The sidecars of a recording among the files of its folder, which are in order, with what their names say."""
    start = start_of(recording)
    first = bisect_left(files, start, key=lambda file: file.name)
    for file in takewhile(lambda file: file.name.startswith(start), islice(files, first, None)):
        marks = marks_in(file.name, recording, endings)
        if marks is not None:
            yield file, marks


def sidecar(file: LyingFile, marks: str, recording: SourceEntry, key: str, md5: str | None, fetch: Fetch) -> Sidecar:
    """A file beside a recording as something that can be fetched.

    Args:
        key: The one that it would have in the source, were it a source file.
        md5: That of its content, where the source knows it.
        fetch: That of the source.
    """
    entry = replace(
        recording,  # whose time it bears: nobody asks for that of a sidecar
        key=key,
        path=path_beside(recording, file.name),
        size_bytes=file.size_bytes,
        revision=file.revision,
        checksums={"md5": md5} if md5 else {},
    )
    return Sidecar(
        file.name, marks, file.revision, file.size_bytes, lambda destination, check: fetch(entry, destination, check)
    )


def path_beside(recording: SourceEntry, name: str) -> str:
    """The path in the source of what lies beside a file."""
    folder, slash, _ = recording.path.rpartition("/")
    return f"{folder}{slash}{name}"


class NotedFiles:
    """The files that may be sidecars and that one listing came by, by folder.

    Args:
        folders: Those of which all is known, be it that there is nothing; None: all folders of the source.
        endings: How the names end that are kept.
        most: How many are kept. Of more, nothing is, so that they are asked for.
    """

    def __init__(
        self,
        folders: Collection[str] | None = None,
        endings: Collection[str] = SUBTITLE_ENDINGS,
        most: int = _MOST_NOTED,
    ) -> None:
        self._by_folder: dict[str, list[LyingFile]] = {folder: [] for folder in folders or ()}
        self._elsewhere: list[LyingFile] | None = [] if folders is None else None
        self._endings = tuple(endings)
        self._most = most
        self.count = 0
        """How many there were, kept or not."""

    def wants(self, name: str, size_bytes: int) -> bool:
        """Whether a file may be a sidecar."""
        return name.lower().endswith(self._endings) and has_sidecar_size(size_bytes)

    def note(self, folder: str, file: LyingFile) -> None:
        """Keep a file."""
        self.count += 1
        if self.count <= self._most:
            self._by_folder.setdefault(folder, []).append(file)
        else:
            self._by_folder.clear()

    def close(self) -> NotedFiles:
        """The same, once the listing has ended."""
        for files in self._by_folder.values():
            files.sort()
        return self

    def of(self, folder: str, endings: Collection[str]) -> Sequence[LyingFile] | None:
        """The files of a folder, in order; None where they are not known."""
        if self.count > self._most or not set(endings) <= set(self._endings):
            return None
        return self._by_folder.get(folder, self._elsewhere)
