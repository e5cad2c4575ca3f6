"""Who speaks when in a recording, and what each voice is like."""

from __future__ import annotations

from collections.abc import Mapping

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

    def called(self, names: Mapping[str, str]) -> Diarization:
        """The same with other names for the speakers; those that get none are called by the numbers behind."""
        rest = [voice.speaker for voice in self.voices if voice.speaker not in names]
        every = {**names, **{old: f"S{number}" for number, old in enumerate(rest, start=len(names) + 1)}}
        voices = [voice.model_copy(update={"speaker": every[voice.speaker]}) for voice in self.voices]
        return Diarization(
            turns=tuple(turn.model_copy(update={"speaker": every[turn.speaker]}) for turn in self.turns),
            voices=tuple(sorted(voices, key=lambda voice: int(voice.speaker[1:]))),
        )

    def later(self, seconds: float) -> Diarization:
        """The same, so much later."""
        turns = tuple(
            turn.model_copy(
                update={
                    "start_seconds": round(turn.start_seconds + seconds, 3),
                    "end_seconds": round(turn.end_seconds + seconds, 3),
                }
            )
            for turn in self.turns
        )
        return self.model_copy(update={"turns": turns})
