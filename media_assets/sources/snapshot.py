"""The memory of a source that is watched by listing it: what was there at the last look, and what was still growing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from media_assets.sources.base import State
from media_assets.sources.packed import pack, unpack


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
        stored = unpack(text) if text else None
        if stored is None or stored.get("generation") != int(cursor):
            return None
        try:
            return cls(int(cursor), {key: Seen(*row) for key, row in stored["files"].items()})
        except (KeyError, TypeError, AttributeError):
            return None  # not what any version wrote

    def save(self, source: str, state: State) -> str:
        """Make it durable, let go of the generation before the last, and return its cursor."""
        rows = {key: (seen.revision, seen.since, seen.reported) for key, seen in self.files.items()}
        state.write(_name(source, self.generation), pack({"generation": self.generation, "files": rows}))
        if self.generation >= 2:
            state.write(_name(source, self.generation - 2), "")
        return str(self.generation)


def slots(source: str) -> tuple[str, ...]:
    """Under which names the state of a source is kept."""
    return tuple(_name(source, number) for number in range(3))


def _name(source: str, generation: int) -> str:
    # Two generations are alive at most, so three slots are enough and the storage does not grow.
    return f"media_assets/source/{source}/{generation % 3}"
