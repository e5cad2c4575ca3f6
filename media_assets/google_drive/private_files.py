"""Small JSON files with secrets in them: readable by their owner alone, and written whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from media_assets.files import private_folder, read_file


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
    staged = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
