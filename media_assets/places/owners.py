"""Whose a file beside a source is, as stores write it down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PartOfArtifact:
    """A file of an artifact."""

    name: str
    """What the asset calls it."""
    asset: str
    key: str

    def __str__(self) -> str:
        return f"{self.name} of {self.asset} of {self.key}"


def key_of(owner: str) -> str:
    """The key of the file whose artifact an owner is part of, empty for what is none: neither files of artifacts nor
    assets have a space in their names.
    """
    return owner.partition(" of ")[2].partition(" of ")[2]
