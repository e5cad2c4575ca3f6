"""What is said of a failure that is no file's fault, so that whoever repairs it knows what was at work.

What does not belong here: what an exception means (`base.errors`), and whether a source or a store is behind it
(`file_work`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media_assets.base.errors import FaultOfCode, MediaAssetsError, NoMemory
from media_assets.base.keys import display_name

if TYPE_CHECKING:
    from media_assets.pipeline.stage import FileAsset


def with_its_file(error: MediaAssetsError, stage: FileAsset[Any], key: str, workers: int) -> MediaAssetsError:
    """The same failure with the file at which it was met, where that helps to repair it.

    Args:
        workers: How many files the stage works on at once.
    """
    name = display_name(key)
    if isinstance(error, FaultOfCode):
        return FaultOfCode(f"{error.reason}; seen at {name}", next_step=error.next_step)
    if isinstance(error, NoMemory):
        return NoMemory(f"{error.reason}; at work was {stage.name} of {name}", next_step=_more_memory(stage, workers))
    return error


def _more_memory(stage: FileAsset[Any], workers: int) -> str:
    """What helps where memory is used up: fewer files at once, as long as there are several."""
    if workers > 1:
        return f"Lower assets.{stage.name}.workers in library.yaml, which is {workers}, or give the machine more memory"
    other = "choose a smaller model or another engine for this file, or " if stage.rules else ""
    return (
        "It works on one file at a time already: give the machine more memory, or, in library.yaml, "
        f"{other}leave the file out (`exclude` of its source)"
    )
