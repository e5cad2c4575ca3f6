"""Who speaks when in a recording, and what each voice is like."""

from __future__ import annotations

from media_assets.base.model import Model


class SpokenTurn(Model):
    """Somebody speaks, from one second of the recording to another."""

    start_seconds: float
    end_seconds: float
    speaker: str


class Voice(Model):
    """One who speaks in a recording."""

    speaker: str
    """`S1` for the first that is heard, `S2` for the next, and so on."""
    seconds: float
    """How long, all turns together."""
    embedding: tuple[float, ...]
    """256 numbers, none negative, of length 1: near to those of the same voice elsewhere."""


class Diarization(Model):
    """Who speaks when. Turns are in order of time and do not overlap; without speech there are neither."""

    turns: tuple[SpokenTurn, ...] = ()
    voices: tuple[Voice, ...] = ()
