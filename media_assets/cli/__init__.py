"""The command line. Commands are functions of the modules here; what they do lies in the rooms below.

What does not belong here: anything that a sensor, a run or another program would need too.
"""

from __future__ import annotations


def main() -> None:
    """What `media-assets` starts. Everything else is imported here, so that importing this package costs nothing."""
    from media_assets.base.start_up import begin_loading

    begin_loading()
    from media_assets.cli.app import main as run

    run()
