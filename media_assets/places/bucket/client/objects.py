"""What is said of an object, in our terms and in the client's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode


@dataclass(frozen=True)
class ObjectInfo:
    """An object as the service describes it."""

    path: str
    size_bytes: int
    modified_at: datetime
    e_tag: str | None = None
    """The tag as the service tells it, quotes included."""
    version: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Content-Type and what the writer attached; only `Bucket.head` and `Bucket.read` tell it."""


def info_of(meta: ObjectMeta, attributes: Mapping[str, str] | None = None) -> ObjectInfo:
    """An object in our terms, from the client's."""
    return ObjectInfo(
        meta["path"], meta["size"], meta["last_modified"], meta["e_tag"], meta["version"], dict(attributes or {})
    )


def mode_of(only_if: Literal["absent"] | ObjectInfo | None) -> PutMode:
    """The condition of a write, in the client's terms."""
    if only_if is None:
        return "overwrite"
    if only_if == "absent":
        return "create"
    # Google Cloud Storage compares the version, the others the tag; the client takes no None for either.
    mode: Any = {
        name: value for name, value in (("e_tag", only_if.e_tag), ("version", only_if.version)) if value is not None
    }
    return mode  # type: ignore[no-any-return]
