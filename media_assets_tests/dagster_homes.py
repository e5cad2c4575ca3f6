"""Dagster homes with empty databases: to make them takes a second, to copy them does not."""

from __future__ import annotations

import os
import shutil
import uuid
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from media_assets.pipeline.partitions import registered


def empty_home(root: Path) -> Path:
    """`root`/home: a Dagster home with empty databases."""
    home = root / "home"
    if not home.exists():
        copy_of_empty_home(home)
    return home


def copy_of_empty_home(home: Path) -> None:
    """A Dagster home with empty databases where there is nothing yet."""
    home.parent.mkdir(parents=True, exist_ok=True)
    home.symlink_to(shutil.copytree(_empty_home().name, Path(_homes().name) / uuid.uuid4().hex))


@cache
def _homes() -> TemporaryDirectory[str]:
    """Where Dagster's databases lie: in memory if possible, for each event waits for the disk."""
    memory = Path("/dev/shm")
    return TemporaryDirectory(prefix="media_assets-homes-", dir=memory if os.access(memory, os.W_OK) else None)


@cache
def _empty_home() -> TemporaryDirectory[str]:
    """A Dagster home with empty databases: to make them takes a second, to copy them does not."""
    home = TemporaryDirectory(prefix="empty-", dir=_homes().name)
    with dg.DagsterInstance.local_temp(home.name) as instance:
        registered(instance)
    return home
