"""Paths that somebody wrote down, in a manifest, an archive, a journal, a partition key: none leads out of its root.

Everything that reads such a path goes through here, before it opens, moves or deletes what lies there. A symbolic link
is not followed out of the root either, as far as links can be told at that moment: this is no defence against a program
that exchanges folders for links while we work, and needs the right to write there.
"""

from __future__ import annotations

from pathlib import Path


class LeadsOut(ValueError):
    """A path leads out of its root, or names nothing below it; who catches it says whose path it is."""


def plain(path: str) -> str:
    """The same path, relative and `/`-separated, if it is one of something below wherever it starts.

    Raises:
        LeadsOut: it is empty or absolute, or has parts like `..`, `.`, nothing, or a zero byte.
    """
    if "\0" in path or {"", ".", ".."} & set(path.split("/")):
        raise LeadsOut(f"{path!r} is no path of something below a folder")
    return path


def plain_name(name: str) -> str:
    """The same name, if it is one of a file in a folder.

    Raises:
        LeadsOut: it is none.
    """
    if "/" in name:
        raise LeadsOut(f"{name!r} is no name of a file")
    return plain(name)


def below(root: Path, path: str, *, follow_links: bool = False) -> Path:
    """Where a path leads to, from the folder it starts at.

    Args:
        follow_links: Whether a link on the way may lead out of the root, because its owner wants it so. What lies there
            may be a link itself in any case.

    Raises:
        LeadsOut: it does not lie below the root.
    """
    found = root / plain(path)
    if not follow_links and not found.parent.resolve().is_relative_to(root.resolve()):
        raise LeadsOut(f"{path!r} leads out of {root} through a link")
    return found
