"""Small JSON files with secrets in them: readable by their owner alone, and written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from media_assets.base.files import PRIVATE_MODE, private_folder, read_file, write_whole


def read_private(path: Path) -> dict[str, Any] | None:
    """What is in the file; None when there is none.

    Raises:
        ValueError: it holds something else than a JSON object. The message does not quote it.
        OSError: it cannot be read.
    """
    try:
        text = read_file(path).decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no JSON object")
    return content


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file, with mode 0600 from its first byte on."""
    private_folder(path.parent)
    write_whole(path, json.dumps(dict(content)).encode(), mode=PRIVATE_MODE)
