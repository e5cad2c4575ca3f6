"""Sound that an edit list puts together: several stretches, pauses between them, stretches at another speed.

FFmpeg keeps the time of each stretch, and plays the beginning of the recording where the list has a pause: it takes
the -1 that stands for nothing as a place (`mov_fix_index` in mov.c). It knows no speed. A copy of several stretches
would be longer than they are, since it has frames in front of each that are to be decoded and not to be heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from media_assets.base.errors import BadMedia
from media_assets.media.edit_lists import edited_tracks
from media_assets.media.ffmpeg import KEEP_TIME
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.untrusted import ISO

_STEP_SAMPLES = 256
"""So many samples at once are silent or not: 5 ms at 48 kHz."""
_MOST_PAUSES = 1000
"""FFmpeg looks at all of them at each step."""
_NEXT_STEP = "Export it anew from the program that cut it, so that its sound is written as it plays"


@dataclass(frozen=True)
class Edited:
    """How a stream of sound is put together; nothing where it is not."""

    pauses: tuple[tuple[float, float], ...] = ()
    """When each begins and ends, in seconds from the first sound."""
    seconds: float = 0.0
    """How long all of it plays, pauses too."""
    pieces: int = 1
    """How many stretches are played."""
    other_speeds: int = 0
    """How many of them at another speed."""

    @property
    def is_copied(self) -> bool:
        """Whether a copy of it plays the same."""
        return self.pieces < 2 and not self.pauses

    @property
    def filter(self) -> str | None:
        """What makes its pauses silent, one of which may be its end; None where there are none."""
        if not self.pauses:
            return None
        when = "+".join(f"gte(t,{start:.4f})*lt(t,{end:.4f})" for start, end in self.pauses)
        return (
            f"aresample={KEEP_TIME},apad=whole_dur={self.seconds:.4f},asetnsamples=n={_STEP_SAMPLES}:p=0,"
            f"volume=volume=0:enable='{when}'"
        )

    @property
    def said(self) -> str | None:
        """What a person has to know of it."""
        said = []
        if self.pauses:
            silent = sum(end - start for start, end in self.pauses)
            said.append(
                f"its edit list has pauses ({len(self.pauses)} ×, {silent:.1f} s in all, the first at "
                f"{self.pauses[0][0]:.1f} s): silence stands there"
            )
        if self.other_speeds:
            said.append(
                f"its edit list plays stretches at another speed ({self.other_speeds} ×), which ffmpeg cannot: they "
                "are heard at their own, cut off or short of their time"
            )
        return "; ".join(said) or None


def edited(source: Path, media: MediaInfo, stream: Stream) -> Edited:
    """How the edit list of a stream puts it together. A stretch at speed 0 is no sound, and so a pause.

    Raises:
        BadMedia: it has more pauses than anybody makes.
    """
    if media.container != ISO:
        return Edited()
    with source.open("rb") as file:
        tracks = edited_tracks(file)
    track = tracks[stream.index] if stream.index < len(tracks) else None
    if track is None or track.handler != b"soun" or not track.ticks_per_second:
        return Edited()
    at, pauses, pieces, speeds = 0.0, list[tuple[float, float]](), 0, 0
    for edit in track.edits:
        seconds = edit.length / track.ticks_per_second
        if edit.begin is None or not edit.speed:
            if pieces and seconds:
                begin = pauses.pop()[0] if pauses and pauses[-1][1] == at else at
                pauses.append((begin, at + seconds))
        else:
            pieces += 1
            speeds += edit.speed != 1
        at += seconds if pieces else 0.0
    if len(pauses) > _MOST_PAUSES:
        raise BadMedia(f"its edit list has {len(pauses)} pauses in its sound", next_step=_NEXT_STEP)
    return Edited(tuple(pauses), at, max(1, pieces), speeds)
