"""The Dagster instance of a library: one for the command line, the UI and the daemon."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from media_assets.base.files import private_folder
from media_assets.base.packaged import packaged
from media_assets.base.start_up import end_loading
from media_assets.config.private_state import make_state_private
from media_assets.config.settings import Settings
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.dagster_seams.database_trouble import explained


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME from the environment, else `<state_dir>/dagster`; made, with a dagster.yaml, if it is not there."""
    make_state_private(settings)
    home = Path(os.environ.get("DAGSTER_HOME") or settings.state_dir / "dagster").absolute()
    if not home.exists() or home.is_relative_to(settings.state_dir.absolute()):
        private_folder(home)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(packaged("dagster.yaml"), home / "dagster.yaml")
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance in `dagster_home`.

    Raises:
        Fatal: its database cannot be used, now or while the context lasts.
    """
    dagster_fixes.apply()
    home = dagster_home(settings)
    with explained(home), dg.DagsterInstance.from_config(str(home)) as instance:
        end_loading()
        yield instance
