"""What the sections of all sources have in common: which files are wanted, and how often it is looked for them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PositiveInt

from media_assets.base.section import Section
from media_assets.base.validators import Glob


class _OnThisMachine(Section):
    @property
    def neighbourhood(self) -> str:
        """Where files can lie beside one another: places of equal neighbourhood."""
        return "folders"


class _Filtered(Section):
    """A source whose files are chosen by their paths."""

    include: tuple[Glob, ...] = ("**",)
    """Globs on the path below the source; `**` crosses folders."""
    exclude: tuple[Glob, ...] = ()
    hidden: bool = False
    """Whether names that begin with a dot are looked at."""
    interval_seconds: PositiveInt | None = None
    """Time between two looks; absent: `automation.source_interval_seconds`, else what is usual for its kind."""

    usual_interval_seconds: ClassVar[int]
    looks_are_paid: ClassVar[bool] = True
    """A folder is listed in milliseconds; of a bucket each thousand objects cost a request, and Drive has a quota."""
