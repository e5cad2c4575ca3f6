"""Python's search for garbage while a process loads what it needs.

Modules and their classes stay for as long as the process does, and there is next to no garbage among them; yet it is
looked for after every few hundred objects, over all of them again and again. That is a fifth of the time it takes to
load Dagster and what is ours.
"""

from __future__ import annotations

import gc

_WHILE_LOADING = (200_000, 50, 100)
_USUAL = gc.get_threshold()


def begin_loading() -> None:
    """Look for garbage rarely from here on."""
    gc.set_threshold(*_WHILE_LOADING)


def end_loading() -> None:
    """Look for it as usual, but no more among what is there by now; nothing where no loading was begun."""
    if gc.get_threshold() == _WHILE_LOADING:
        gc.freeze()
        gc.set_threshold(*_USUAL)
