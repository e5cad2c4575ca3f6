"""`python -m media_assets.dagster_seams.dev_command`: `dagster dev`, without two remarks.

They tell nothing to somebody who has a library.

`dev_server` starts it in a process of its own.

Seen with Dagster 1.13, whose command has no option for either.
"""

from __future__ import annotations

import importlib
import logging
import runpy
import signal
import warnings


def _tells_something(record: logging.LogRecord) -> bool:
    # The dagster.yaml at the root of a checkout is what the instance is made from, not a second one.
    return not record.getMessage().startswith("Found a dagster instance configuration value")


if __name__ == "__main__":
    # Nothing is begun while Dagster is imported, which takes seconds: an interrupt just ends that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    importlib.import_module("dagster._cli.dev")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Dagster would rather have its `dg dev`: that calls the same function, and comes with 30 packages for projects.
    warnings.filterwarnings("ignore", "Function `dev_command` is superseded")
    logging.getLogger("dagster").addFilter(_tells_something)
    runpy.run_module("dagster", run_name="__main__", alter_sys=True)
