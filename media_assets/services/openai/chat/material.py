"""What a model is to work on, kept apart from what it is told to do."""

from __future__ import annotations

import hashlib


def with_material(task: str, material: str) -> str:
    """One request: the task, and the material between tags.

    The tags carry a hash of the material, which the material cannot contain: nothing said in it can close them.
    """
    tag = f"material-{hashlib.sha256(material.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return f"{task}\nThe material stands between <{tag}> and </{tag}>.\n\n<{tag}>\n{material}\n</{tag}>"
