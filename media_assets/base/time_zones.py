"""The time zone that a machine is in: schedulers want its name, and Python knows only its rules."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

logger = logging.getLogger("media_assets")

_LOCAL, _NAMED = Path("/etc/localtime"), Path("/etc/timezone")
UTC = "UTC"


@cache
def time_zone_of_this_machine() -> str:
    """Its IANA name, such as `Europe/Berlin`; `UTC`, which the log says, where it cannot be told."""
    found = machine_time_zone(os.environ)
    if found is None:
        logger.warning(
            "the time zone of this machine cannot be told, so schedules are in UTC; library.yaml: automation.time_zone"
        )
    return found or UTC


def machine_time_zone(
    environment: Mapping[str, str],
    *,
    local: Path = _LOCAL,
    named: Path = _NAMED,
    folders: tuple[str, ...] = TZPATH,
) -> str | None:
    """The IANA name; None where it cannot be told.

    Args:
        environment: `TZ` in it wins, as it does in the C library.
        local: What the system reads the rules from: mostly a link into one of `folders`; in containers often a copy.
        named: A file with the name, as Debian has it.
        folders: Where the rules of all zones lie.
    """
    if "TZ" in environment:
        wanted = environment["TZ"].removeprefix(":")
        # An empty one means UTC, a path is that of rules, and rules written out (`CET-1CEST`) have no name.
        return _known(wanted or UTC) or (_name_in(Path(wanted)) if wanted.startswith("/") else None)
    try:
        text = named.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        text = []
    name = _known(text[0]) if text else None
    return _name_in(local) or _same_rules(local, folders, first=name) or name


def _name_in(path: Path) -> str | None:
    """The name in the path of a zone's rules, `…/zoneinfo/Europe/Berlin`."""
    parts = Path(os.path.realpath(path)).parts
    # macOS keeps several versions, in folders such as `zoneinfo.default`.
    starts = [number for number, part in enumerate(parts) if part.split(".")[0] == "zoneinfo"]
    if not starts:
        return None
    inside = parts[starts[-1] + 1 :]
    return _known("/".join(inside[1:] if inside[:1] in (("posix",), ("right",)) else inside))


def _known(name: str) -> str | None:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # no such zone, or no name of one
        return None


def _same_rules(local: Path, folders: tuple[str, ...], *, first: str | None) -> str | None:
    """The zone whose rules the system's are a copy of. Of several, the one that is `first`, else by their names: the
    file of the name may be that of the image, and the rules those of the machine around the container."""
    try:
        rules = local.read_bytes()
    except OSError:
        return None
    for name in sorted(available_timezones(), key=lambda each: (each != first, "/" not in each, each)):
        for folder in folders:
            path = Path(folder, name)
            try:
                if path.stat().st_size == len(rules) and path.read_bytes() == rules:
                    return name
            except OSError:
                continue
    return None
