"""The files in which stays, byte for byte, what people wrote into a transcript: `version-1.srt.txt` and so on.

Nothing takes one away but a person: what the transcript itself lists of them does not count, for a person may have put
an older transcript, or none of ours, in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from media_assets.artifacts.transcript.value import Correction, Transcript
from media_assets.base.errors import SourceChanged
from media_assets.pipeline.artifact import Stored

_FILE = re.compile(r"version-(\d+)\.(json|srt|txt|vtt)\.txt")


def all_versions(stored: Stored[Transcript], listed: Sequence[Correction]) -> tuple[Correction, ...]:
    """Every version there is, in order of time.

    Args:
        stored: The artifact as it was stored.
        listed: What the transcript lists that lies there now.
    """
    versions = {version.file: version for version in listed}
    for file in stored.manifest.files:
        if (found := _FILE.fullmatch(file.name)) and file.name not in versions:
            form = f"transcript.{found[2]}"
            versions[file.name] = Correction(by=None, at=stored.manifest.made_at, form=form, file=file.name)
    return tuple(sorted(versions.values(), key=number_of))


def number_of(version: Correction) -> int:
    """The number that its file bears."""
    found = _FILE.fullmatch(version.file)
    return int(found[1]) if found else 0


def next_number(versions: Sequence[Correction]) -> int:
    """The number of the next version; none is given twice."""
    return max(map(number_of, versions), default=0) + 1


def version_files(
    stored: Stored[Transcript], versions: Sequence[Correction], current: Correction | None
) -> Mapping[str, Path]:
    """The files of the versions, but those that a person took away.

    Args:
        current: The correction that holds. Where its file was taken away, the captions that it became have it still.
    """
    files = dict(_still_there(stored, [version.file for version in versions]))
    if current and current.file not in files:
        same = [file.name for file in stored.manifest.files if file.sha256 == _sha256(stored, current.file)]
        for _, path in _still_there(stored, [name for name in same if name == current.form]):
            files[current.file] = path
    return files


def _still_there(stored: Stored[Transcript], wanted: Sequence[str]) -> Iterator[tuple[str, Path]]:
    names = {file.name for file in stored.manifest.files}
    for name in wanted:
        with suppress(SourceChanged):
            path = stored.local_path(name) if name in names else None
            if path and path.is_file():
                yield name, path


def _sha256(stored: Stored[Transcript], name: str) -> str | None:
    return next((file.sha256 for file in stored.manifest.files if file.name == name), None)
