"""The totals of `History` in a file, so that a restart reads only what happened since.

The file is a cache: one that is missing, of another format or of another Dagster instance is left aside, and the event
log is read from its beginning.
"""

from __future__ import annotations

import base64
import json
import zlib
from array import array
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole
from media_assets.operation.metrics.cells import Cause, StageCells
from media_assets.operation.metrics.history import DURATION_BUCKETS_SECONDS, History, StageTotals

_FORMAT = 1
_ARRAYS = ("made", "failed", "fingerprint", "saved_bytes")
_COUNTERS = ("cost_usd", "failures")


def save(history: History, path: Path, storage_id: str) -> None:
    """Write the file anew; it appears whole or not at all.

    Args:
        storage_id: Names the database that the totals are about.
    """
    files = history.files
    data = {
        "format": _FORMAT,
        "storage": storage_id,
        "buckets": DURATION_BUCKETS_SECONDS,
        "keys": files.keys,
        "registered": _packed(files.registered),
        "removed_at": list(files.removed_at.items()),
        "keys_cursor": history.keys_cursor,
        "stages": {asset: vars(totals) for asset, totals in history.stages.items()},
        "cells": {asset: _cells(cells) for asset, cells in files.stages.items()},
        "runs": {**vars(history.runs), "counted": list(history.runs.counted)},
    }
    write_whole(path, json.dumps(data).encode("ascii"), mode=PRIVATE_MODE)


def restore(history: History, path: Path, storage_id: str) -> bool:
    """Fill an empty history from the file; whether there was one that fits.

    An asset that the file does not know is counted from the beginning, one that is no longer made is forgotten.
    """
    try:
        data = json.loads(read_if_file(path) or b"")
    except (FileNotFoundError, ValueError):
        return False
    expected = (_FORMAT, storage_id, list(DURATION_BUCKETS_SECONDS))
    if not isinstance(data, dict) or (data.get("format"), data.get("storage"), data.get("buckets")) != expected:
        return False
    history.files.restore(data["keys"], _unpacked(data["registered"]))
    history.files.removed_at = dict(data["removed_at"])
    history.keys_cursor = data["keys_cursor"]
    for asset in history.stages.keys() & data["stages"].keys():
        counters = {name: Counter(data["stages"][asset][name]) for name in _COUNTERS}
        history.stages[asset] = StageTotals(**(data["stages"][asset] | counters))
        _restore_cells(history.files.stages[asset], data["cells"][asset])
    runs = data["runs"]
    history.runs.ended, history.runs.cache = Counter(runs["ended"]), Counter(runs["cache"])
    history.runs.changed_to = runs["changed_to"]
    history.runs.counted = OrderedDict.fromkeys(runs["counted"])
    return True


def _cells(cells: StageCells) -> dict[str, Any]:
    return {
        **{name: _packed(getattr(cells, name).tobytes()) for name in _ARRAYS},
        "not_applicable": _packed(cells.not_applicable),
        "states": _packed(cells.states),
        "causes": [(position, cause.error, cause.reason) for position, cause in cells.causes.items()],
    }


def _restore_cells(cells: StageCells, data: dict[str, Any]) -> None:
    for name in _ARRAYS:
        numbers = getattr(cells, name)
        setattr(cells, name, array(numbers.typecode, _unpacked(data[name])))
    cells.not_applicable = bytearray(_unpacked(data["not_applicable"]))
    cells.states = bytearray(_unpacked(data["states"]))
    cells.causes = {position: Cause(error, reason) for position, error, reason in data["causes"]}


def _packed(content: bytes | bytearray) -> str:
    return base64.b64encode(zlib.compress(content, 1)).decode("ascii")


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
