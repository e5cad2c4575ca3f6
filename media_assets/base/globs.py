"""Which paths of a source are wanted, by globs with `**`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_assets.base.errors import Fatal


class PathFilter:
    """Accepts a path that matches one of `include` and none of `exclude`; letters' case does not matter.

    Globs are matched against the whole relative path: `*` and `?` stay within a folder, `**` crosses folders.

    Raises:
        Fatal: one of them is no glob.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = [_compile(glob) for glob in include]
        self._exclude = [_compile(glob) for glob in exclude]

    def accepts(self, path: str) -> bool:
        return any(p.fullmatch(path) for p in self._include) and not self.excludes(path)

    def excludes(self, path: str) -> bool:
        """Whether `exclude` matches a path; with a slash at its end it is that of a folder."""
        return any(p.fullmatch(path) for p in self._exclude)


def _compile(glob: str) -> re.Pattern[str]:
    # glob.translate would do from Python 3.13 on.
    parts: list[str] = []
    # What is said twice means no more, and each star takes its time.
    glob = re.sub(r"\*{2,}", "**", re.sub(r"(\*\*/)+", "**/", glob.removeprefix("./")))
    for token in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", glob):
        match token:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _ if token.startswith("[") and token.endswith("]"):
                parts.append(token.replace("[!", "[^"))
            case _:
                parts.append(re.escape(token))
    try:
        return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise Fatal(f"{glob!r} is no glob: {error}", next_step="Put what stands in [ ] in order") from error
