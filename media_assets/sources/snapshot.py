"""The memory of a source that is watched by listing it: what was there at the last look, and what was still growing."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Self

from media_assets.sources.base import State


@dataclass(frozen=True)
class Seen:
    """A file at the last look."""

    revision: str
    since: float
    """Unix time at which this revision was first seen."""
    reported: bool
    """Whether it was handed on as changed; False while it waits."""


@dataclass(frozen=True)
class Snapshot:
    """All files at one look, by key. A generation is written once and never changed, so that a tick that dies half-way
    is repeated from the generation before."""

    generation: int
    files: dict[str, Seen]

    @classmethod
    def load(cls, source: str, cursor: str | None, state: State) -> Self | None:
        """The snapshot a cursor stands for; None when there is none, so that all files are looked at anew."""
        if not (cursor and cursor.isdecimal()):
            return None
        text = state.read(_name(source, int(cursor)))
        if not text:
            return None
        stored = json.loads(zlib.decompress(base64.b85decode(text)))
        if stored["generation"] != int(cursor):
            return None
        return cls(int(cursor), {key: Seen(*row) for key, row in stored["files"].items()})

    def save(self, source: str, state: State) -> str:
        """Make it durable, let go of the generation before the last, and return its cursor."""
        rows = {key: (seen.revision, seen.since, seen.reported) for key, seen in self.files.items()}
        text = json.dumps({"generation": self.generation, "files": rows}, separators=(",", ":"))
        packed = zlib.compress(text.encode("ascii"), 6)
        state.write(_name(source, self.generation), base64.b85encode(packed).decode("ascii"))
        if self.generation >= 2:
            state.write(_name(source, self.generation - 2), "")
        return str(self.generation)


def slots(source: str) -> tuple[str, ...]:
    """Under which names the state of a source is kept."""
    return tuple(_name(source, number) for number in range(3))


def _name(source: str, generation: int) -> str:
    # Two generations are alive at most, so three slots are enough and the storage does not grow.
    return f"media_assets/source/{source}/{generation % 3}"
