"""`drive_file`, the first stage, of every file of the library: identity, checksums, times, and what a probe finds."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from media_assets.artifacts.drive_file.recorded import recorded_at
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.base.checksums import digests_of
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.base.keys import encode_path
from media_assets.base.wording import counted
from media_assets.media.info import MediaKind, Stream
from media_assets.media.probe import Probe, probe
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.library import Library
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.places.source import SourceEntry
from media_assets.work.work import Work

_HOLLOW_BYTES = 100_000_000
"""A smaller file is read through in a moment."""
_UNCOMPRESSED = ("pcm_", "dsd_", "rawvideo")
"""Beginnings of the names of codecs that write silence or black as zeros."""


def describe(stored: Stored[SourceFile]) -> Metadata:
    file = stored.value
    from media_assets.pipeline.shown import link

    shown: dict[str, Any] = {
        "kind": file.kind.value,
        "source_size_bytes": file.size_bytes,
        "modified_at": file.modified_at.isoformat(),
        "sha256": file.sha256,
        "source_link": link(file.link),
    }
    if file.recorded_at:
        shown["recorded_at"] = file.recorded_at.isoformat()
    if file.media:
        shown["container"] = file.media.container
        shown["duration_seconds"] = file.media.duration_seconds or 0.0
        shown["streams"] = "; ".join(_describe_stream(stream) for stream in file.media.streams)
    return shown


def _describe_stream(stream: Stream) -> str:
    size = stream.display_size
    parts = [
        stream.type,
        stream.codec,
        f"{size[0]}×{size[1]}" if size else "",
        f"{stream.frame_rate:.5g} fps" if stream.frame_rate and not stream.attached_picture else "",
        stream.hdr or "",
        counted(stream.channels, "channel") if stream.channels else "",
        stream.language or "",
    ]
    return " ".join(part for part in parts if part)


@file_asset(
    group="library",
    kinds={"ffmpeg"},
    code_version="1",
    pool="source",
    tuning=AssetTuning(batch=100, workers=4, time_limit_seconds=300, time_limit_per_media_second=0.5),
    describe=describe,
    shared_by_content=False,
    reads_source=True,
)
def drive_file(entry: SourceEntry, library: Library, work: Work) -> Artifact[SourceFile]:
    """Every file of the library, wherever it lies: in a folder, in Google Drive or in a bucket.

    It says where the file lies, how large it is, its checksums and times, and what is in it. The content tells what a
    file is, not its name. An artifact of this project is no file of the library, wherever it lies. Later stages depend
    on the content alone: to move or to touch a file re-makes nothing.
    """
    stored_bytes = library.stored_bytes(entry)
    lies_at = library.lies_at(entry)
    if lies_at and entry.size_bytes >= _HOLLOW_BYTES and stored_bytes < entry.size_bytes / 2:
        # To copy and to read nothing from its holes may take hours.
        _require_filled(probe(lies_at, work, PurePosixPath(entry.path).name), entry.size_bytes - stored_bytes)
    with library.local_file(entry, work.check_cancelled) as path:
        checksums = digests_of(path, "md5", "sha256", check=work.check)
        if any(checksums.get(name, known) != known for name, known in entry.checksums.items()):
            library.require_sound_copy(entry, "", work.check_cancelled)
        library.know_content(entry, checksums["sha256"])
        if origin := library.origin_of(checksums["sha256"]):
            raise NotApplicable(f"is an artifact of media_assets itself: {origin}")
        found = probe(path, work, PurePosixPath(entry.path).name)
    if found.media is not None and found.kind is not MediaKind.IMAGE:
        work.require_length(found.media.longest_seconds)
    where = PurePosixPath(entry.path)
    file = SourceFile(
        key=entry.key,
        source=library.source(entry.key).name,
        path=encode_path(entry.path),
        name=_readable(where.name),
        folder=_readable(where.parent.as_posix()) if where.parent.name else "",
        size_bytes=entry.size_bytes,
        sha256=checksums["sha256"],
        md5=checksums["md5"],
        modified_at=entry.modified_at,
        recorded_at=recorded_at(found),
        revision=entry.revision,
        kind=found.kind,
        mime_type=found.mime_type,
        media=found.media,
        link=library.source(entry.key).link(entry),
    )
    return Artifact(file, version=file.sha256, media_seconds=found.media.duration_seconds if found.media else None)


def _require_filled(found: Probe, holes_bytes: int) -> None:
    """Refuse media full of holes, which stand for zeros: only what is uncompressed may be zeros for the most part.

    Raises:
        BadMedia: it is media that cannot be.
    """
    if found.media is None or found.kind is MediaKind.IMAGE:
        return
    if not any(stream.codec.startswith(_UNCOMPRESSED) for stream in found.media.streams):
        raise BadMedia(
            f"{holes_bytes / 1e9:.1f} GB of it are holes, more than half: a download that was never filled",
            next_step="Fetch it again from where it was recorded",
        )


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
