"""Text as one line of Markdown that means nothing else."""

from __future__ import annotations

import re

from media_assets.base.writing import one_direction

_INLINE = re.compile(r"[\\`*_\[\]|~#]")
_LINE_START = re.compile(r"^(\d*(?=[.)])|(?=[-+=:]))")
"""Where a line would begin a list, a heading or a table: not after the year of `2025-03-17`."""
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """The text as one line of plain Markdown text."""
    line = one_direction(_BREAKS.sub(" ", text))
    line = _INLINE.sub(r"\\\g<0>", " ".join(line.split()))
    line = "".join(_ENTITIES.get(char, char) for char in line)
    return _LINE_START.sub(r"\1\\", line)
