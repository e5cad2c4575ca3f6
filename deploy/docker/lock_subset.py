"""Prints the part of requirements.lock that is needed to run media_assets (`runtime`), to build it (`build`), or both.

The lock holds what development needs too: type checkers, test servers, a whole PostgreSQL. uv notes below each package
who wants it (`# via …`); what can be reached that way from the right list in pyproject.toml stays, with its hashes.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

LISTS = {
    "runtime": lambda project: project["project"]["dependencies"] + project["dependency-groups"]["voices"],
    "build": lambda project: project["build-system"]["requires"],
}


def name_of(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-").replace(".", "-")


def subset(lock: str, wanted: list[str]) -> list[str]:
    """The entries of a lock that the named packages need, themselves included, each with its hashes."""
    entries = re.findall(r"^[a-z0-9][^\n]*\\\n(?: +[^\n]*\n?)+", lock, re.MULTILINE)
    wanted_by: dict[str, set[str]] = {}
    for entry in entries:
        comment = entry.partition("# via")[2]
        wanted_by.setdefault(name_of(entry), set()).update(re.findall(r"^ *#? *([\w.-]+)", comment, re.MULTILINE))
    kept = {name_of(requirement) for requirement in wanted}
    missing = kept - set(wanted_by)
    if missing:
        raise SystemExit(f"requirements.lock lacks {', '.join(sorted(missing))}: run `make lock`")
    while more := {name for name, parents in wanted_by.items() if name not in kept and parents & kept}:
        kept |= more
    return [entry for entry in entries if name_of(entry) in kept]


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    lock = Path("requirements.lock").read_text("utf-8")
    wanted = [requirement for which in sys.argv[1:] for requirement in LISTS[which](project)]
    sys.stdout.write("".join(subset(lock, wanted)))
