"""File names that broke other tools."""

from __future__ import annotations

import os
from pathlib import Path

_AWKWARD = {
    "leading dash": b"-i",
    "colon": b"http:clip",
    "quotes": b'it\'s "quoted"',
    "newline": b"two\nlines",
    "dots": b"..",
    "percent": b"%03d",
    "backslash and brackets": b"a\\b[0]{1}*?",
    "no UTF-8": b"caf\xe9",
    "pipe": b"pipe:1|concat:a",
    "shell": b"$(touch pwned); `id`",
}
NAMES = sorted(_AWKWARD)


def awkward(folder: Path, name: str, ending: str) -> Path:
    """A path in `folder` with one of the awkward names."""
    return folder / os.fsdecode(_AWKWARD[name] + ending.encode())
