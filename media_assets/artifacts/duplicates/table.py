"""The groups of duplicates as a table, for people and other programs: pandas, CSV, Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.duplicates.values import DuplicateGroup, LookAlike
from media_assets.base.errors import Fatal
from media_assets.base.keys import readable

if TYPE_CHECKING:
    import pandas as pd

_DTYPES = {
    "group": "int64",
    "action": "string",
    "kind": "string",
    "key": "string",
    "path": "string",
    "size_bytes": "int64",
    "similarity": "float64",
    "offset_seconds": "float64",
    "reason": "string",
    "freed_bytes": "int64",
    "keep_key": "string",
}


NOT_THE_SAME = "not the same"
"""What stands as action and kind of the two files of a pair that looks the same and is not. Nothing is done to it."""


def to_table(groups: Iterable[DuplicateGroup], look_alikes: Iterable[LookAlike] = ()) -> pd.DataFrame:
    """One row per file of every group, the file to keep first; then two rows per pair that looks the same and is not,
    each with the other one as `keep_key`.

    `group` counts from 1, groups and then pairs. `path` is for people, with nothing encoded; `key` is exact.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    number = 0
    for number, group in enumerate(groups, start=1):
        common = {"group": number, "keep_key": group.keep_key}
        rows.append(
            {
                **common,
                "action": "keep",
                "kind": group.kind,
                "key": group.keep_key,
                "path": group.keep_path,
                "size_bytes": group.keep_size_bytes,
                "similarity": 1.0,
                "offset_seconds": 0.0,
                "reason": group.keep_because,
                "freed_bytes": 0,
            }
        )
        rows.extend({**common, "action": "review", **member.model_dump()} for member in group.members)
    for behind, pair in enumerate(look_alikes, start=number + 1):
        rows.extend({"group": behind, **row} for row in _both(pair))
    table = pd.DataFrame(rows, columns=list(_DTYPES)).astype(_DTYPES)
    table["path"] = table["path"].map(readable).astype("string")
    return table


def _both(pair: LookAlike) -> Iterator[dict[str, Any]]:
    """A row for each of two files that are not the same."""
    one, other = (pair.key, pair.path, pair.size_bytes), (pair.other_key, pair.other_path, pair.other_size_bytes)
    for (key, path, size_bytes), (other_key, _, _) in ((one, other), (other, one)):
        yield {
            "action": NOT_THE_SAME,
            "kind": NOT_THE_SAME,
            "key": key,
            "path": path,
            "size_bytes": size_bytes,
            "similarity": round(pair.similarity, 4),
            "offset_seconds": 0.0,
            "reason": pair.reason,
            "freed_bytes": 0,
            "keep_key": other_key,
        }


def write_csv(groups: Iterable[DuplicateGroup], path: Path, look_alikes: Iterable[LookAlike] = ()) -> None:
    """The table as CSV in UTF-8. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    table = to_table(groups, look_alikes)
    for column in [name for name, dtype in _DTYPES.items() if dtype == "string"]:
        table[column] = table[column].map(lambda text: f"'{text}" if text[:1] in ("=", "+", "-", "@") else text)
    table.to_csv(path, index=False, lineterminator="\n")


def write_parquet(groups: Iterable[DuplicateGroup], path: Path, look_alikes: Iterable[LookAlike] = ()) -> None:
    """The table as Parquet.

    Raises:
        Fatal: pyarrow is not installed.
    """
    table = to_table(groups, look_alikes)
    try:
        table.to_parquet(path, index=False, engine="pyarrow")
    except ImportError as error:
        raise Fatal("Parquet needs pyarrow, which is not installed", next_step="pip install pyarrow") from error
