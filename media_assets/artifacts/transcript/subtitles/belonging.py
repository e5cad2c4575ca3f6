"""Whether subtitles can be of the recording that they lie beside, or inside: told before any of them is believed.

One that begins behind the end of a recording is of another; and no one says a book in five seconds. It is told line by
line, and no more of a text is read than it takes.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.subtitles.markup import without_markup
from media_assets.media.info import MediaInfo

_MOST_CHARACTERS_PER_SECOND = 50.0
"""Whoever speaks fast comes to 25, and two languages in one caption to twice as many."""
_MOST_CHARACTERS_BESIDES = 4000
"""What a short recording may have beyond that, such as notes of who wrote them."""
_MOST_BEHIND_THE_END = 0.1
"""The share of captions that may begin behind the end: such as the one that names who wrote them."""
_ROLLED_UP_LINES = 3
"""A line that stood among so many before it is shown again, as live captions are, and not said again."""
_AGAIN = 4
"""It counts as so much less: there is an end to that, too."""
_START = re.compile(r"\s*(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_FIELDS_BEFORE_TEXT = 9
"""Those of a line of SubStation Alpha; the second of them is when it begins."""


class ForeignSubtitles(ValueError):
    """Subtitles that cannot be of a recording: the message says why."""


def end_of(track: AudioTrack, media: MediaInfo | None) -> float:
    """When a recording ends: with its sound, or later with its picture.

    Args:
        track: The sound.
        media: What is in its file. Its own length is no other's only where no subtitles are part of it.
    """
    ends = [track.offset_seconds + track.duration_seconds]
    if media:
        ends += [stream.duration_seconds or 0.0 for stream in media.video_streams]
        if not any(stream.type == "subtitle" for stream in media.streams):
            ends.append(media.longest_seconds)
    return max(ends)


def require_belonging(text: str, suffix: str, end_seconds: float) -> None:
    """See that subtitles can be of a recording.

    Args:
        suffix: The ending of its name, in small letters.
        end_seconds: When the recording ends.

    Raises:
        ForeignSubtitles: they are of another, or of none.
    """
    most = round(_MOST_CHARACTERS_BESIDES + _MOST_CHARACTERS_PER_SECOND * end_seconds)
    characters = cues = behind = 0
    shown: deque[str] = deque(maxlen=_ROLLED_UP_LINES)
    for start, line in _lines(text, suffix):
        characters += 1
        if start is not None:
            cues += 1
            behind += start >= end_seconds
        said = without_markup(line[: most + 1]).strip()
        if said and not said.isdecimal():
            characters += len(said) // _AGAIN if said in shown else len(said)
            shown.append(said)
        if characters > most:
            raise ForeignSubtitles(f"it has more text than can be said in {_length(end_seconds)}")
    if behind > _MOST_BEHIND_THE_END * cues:
        raise ForeignSubtitles(
            f"{behind} of its {cues} captions begin behind the end of the recording, which lasts {_length(end_seconds)}"
        )


def _lines(text: str, suffix: str) -> Iterator[tuple[float | None, str]]:
    """Each line that may be shown, and when that begins where the line says it; of SubStation Alpha nothing else."""
    for line in io.StringIO(text):
        if suffix not in (".ass", ".ssa"):
            start = _start(line) if "-->" in line else None
            yield start, "" if start is not None else line
        elif line.startswith("Dialogue:"):
            fields = line.split(",", _FIELDS_BEFORE_TEXT)
            yield _start(fields[1]) if len(fields) > 1 else None, fields[-1]


def _start(line: str) -> float | None:
    found = _START.match(line)
    if found is None:
        return None
    hours, minutes, seconds, fraction = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
