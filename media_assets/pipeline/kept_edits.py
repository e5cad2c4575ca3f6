"""What people wrote into artifacts whose stage takes no edits over: it stays beside what is written anew.

An artifact that is not what was stored is made again, so that damage heals. A text may have been changed on purpose, as
far as anybody knows: `summary.md` then stays as `edited-1.summary.md`, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from media_assets.base.errors import SourceChanged
from media_assets.base.files import copy_file
from media_assets.places.manifest import Manifest
from media_assets.places.source import no_check
from media_assets.places.store import ArtifactStore, ShowsEdits

_TEXTS = (".md", ".txt", ".json", ".csv", ".srt", ".vtt", ".html")
_KEPT = re.compile(r"edited-(\d+)\..+")


def kept_edits(store: ArtifactStore, own: Manifest | None, directory: Path) -> Mapping[str, Path]:
    """Files to store with an artifact that is made anew, by their names: what people wrote into it before.

    Args:
        own: What is stored of the file at present.
        directory: Where copies may lie, within the work directory.

    Raises:
        Transient: the store cannot be read.
    """
    if own is None or own.not_applicable:
        return {}
    before = [stored for stored in own.files if _KEPT.fullmatch(stored.name)]
    is_changed = isinstance(store, ShowsEdits) and not store.intact(own)
    if not (before or is_changed):
        return {}
    directory.mkdir(exist_ok=True)
    kept: dict[str, Path] = {}
    # Sound and pictures are not even fetched to be compared.
    texts = own.model_copy(update={"files": tuple(file for file in own.files if file.name.lower().endswith(_TEXTS))})
    edited = store.edited(texts, directory) if is_changed and isinstance(store, ShowsEdits) else {}
    for stored in before:
        if stored.name in edited:
            kept[stored.name] = edited[stored.name].path
            continue
        with suppress(FileNotFoundError, SourceChanged), store.lease(stored) as path:  # a person took it away
            copy_file(path, directory / stored.name, no_check)
            kept[stored.name] = directory / stored.name
    number = max((_number(name) for name in kept), default=0)
    for name in sorted(set(edited) - set(kept)):
        number += 1
        kept[f"edited-{number}.{name}"] = edited[name].path
    return kept


def _number(name: str) -> int:
    found = _KEPT.fullmatch(name)
    return int(found[1]) if found else 0
