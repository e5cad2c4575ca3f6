"""From files to the rows of an index, as `drive_file` and `dedup_index` make them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from media_assets.artifacts.drive_file.recorded import recorded_at
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.duplicates.find.codes import unpacked
from media_assets.artifacts.duplicates.look.memory import LookMemory
from media_assets.artifacts.duplicates.look.second_look import SecondLook
from media_assets.artifacts.duplicates.rows import indexed_content, local_file_id
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.duplicates.values import DedupRow, FrameHashes
from media_assets.base.checksums import digests_of
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work


def source_file(path: Path, root: Path, work: Work) -> SourceFile:
    found = probe(path, work)
    state = path.stat()
    name = path.relative_to(root).as_posix()
    return SourceFile(
        key=f"films:{name}",
        source="films",
        path=name,
        name=path.name,
        folder=path.parent.name,
        size_bytes=state.st_size,
        recorded_at=recorded_at(found),
        modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
        revision=f"{state.st_size}-{state.st_mtime_ns}",
        kind=found.kind,
        mime_type=found.mime_type,
        media=found.media,
        link=path.as_uri(),
        **digests_of(path, "sha256", "md5"),
    )


def row_of(path: Path, root: Path | None = None, settings: FingerprintSettings | None = None) -> DedupRow:
    with tempfile.TemporaryDirectory() as scratch:
        work = Work(Path(scratch))
        file = source_file(path, root or path.parent, work)
        content = indexed_content(FFmpeg(), path, file, settings or FingerprintSettings(), work)
    return DedupRow(
        **dict(content), key=file.key, path=file.path, file_id=local_file_id(path), modified_at=file.modified_at
    )


def rows_of(paths: Iterable[Path], root: Path | None = None) -> list[DedupRow]:
    return [row_of(path, root) for path in paths]


@contextmanager
def second_look(paths: Iterable[Path], root: Path | None = None) -> Iterator[SecondLook]:
    """A look at files of `rows_of`."""
    known = {path.relative_to(root or path.parent).as_posix(): path for path in paths}
    with tempfile.TemporaryDirectory() as scratch:
        memory = LookMemory(Path(scratch) / "looks" / "looks.json")
        yield SecondLook(lambda row: nullcontext(known[row.path]), FFmpeg(), memory, Path(scratch))


def codes(frames: FrameHashes) -> np.ndarray:
    return unpacked(frames.codes, "<u8")
