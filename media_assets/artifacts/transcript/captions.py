"""A transcript as captions (SubRip, WebVTT) and as plain text.

Sources: W3C WebVTT, section 4 (syntax) and 4.2.2 (cue text); SubRip has no standard, and no way to escape, so what
would break its framing is taken out of the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_assets.artifacts.transcript.hearing.readable import split_readably
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.writing import columns, unbroken_pieces

LINE_COLUMNS = 42
"""Netflix Timed Text Style Guide; a full-width character takes two."""
_ARROW = "\uffff"
"""Stands for `-->` while lines are chosen; Unicode keeps it for such use."""
_PARAGRAPH_PAUSE_SECONDS = 2.0
_LONG_PARAGRAPH_CHARACTERS = 600
"""A paragraph that has grown so long ends at the next short pause."""
_SHORT_PAUSE_SECONDS = 0.5
"""A pause of this length is a short one."""


@dataclass(frozen=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str


def to_srt(transcript: Transcript) -> str:
    """SubRip; empty for a transcript without speech."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(_cues(transcript, _srt_text), start=1)
    )


def to_vtt(transcript: Transcript) -> str:
    """WebVTT; the header alone for a transcript without speech."""
    cues = (
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{cue.text}\n"
        for cue in _cues(transcript, _vtt_text)
    )
    return "WEBVTT\n" + "".join(cues)


def to_txt(transcript: Transcript) -> str:
    """The note in brackets, and paragraphs, parted where the speaker pauses; empty where there is neither."""
    note = (f"[{transcript.note}.]",) if transcript.note else ()
    return "\n".join(f"{paragraph}\n" for paragraph in (*note, *_paragraphs(transcript)))


def _paragraphs(transcript: Transcript) -> Iterator[str]:
    parts: list[str] = []
    characters = 0
    end_seconds = 0.0
    for segment in transcript.segments:
        pause = segment.start_seconds - end_seconds
        long = characters >= _LONG_PARAGRAPH_CHARACTERS
        if parts and pause >= (_SHORT_PAUSE_SECONDS if long else _PARAGRAPH_PAUSE_SECONDS):
            yield " ".join(parts)
            parts, characters = [], 0
        if text := _clean(segment.text):
            characters += len(text) + bool(parts)
            parts.append(text)
        end_seconds = segment.end_seconds
    if parts:
        yield " ".join(parts)


def _cues(transcript: Transcript, to_text: Callable[[str], str]) -> Iterator[_Cue]:
    """The cues in order of time; each lasts a millisecond at least and ends before the next begins."""
    pieces = [piece for segment in transcript.segments for piece in split_readably(segment) if _clean(piece.text)]
    pieces.sort(key=lambda piece: piece.start_seconds)
    previous_end = 0
    for piece, following_start in zip(pieces, _following_starts(pieces), strict=True):
        start = max(previous_end, _milliseconds(piece.start_seconds))
        end = _milliseconds(piece.end_seconds)
        if following_start is not None:
            end = min(end, _milliseconds(following_start))
        previous_end = max(start + 1, end)
        yield _Cue(start, previous_end, to_text(_clean(piece.text)))


def _following_starts(pieces: list[TranscriptSegment]) -> list[float | None]:
    starts: list[float | None] = [following.start_seconds for _, following in pairwise(pieces)]
    return [*starts, None] if pieces else []


def _clean(text: str) -> str:
    """One line of characters that every player can show: no control characters, no lone surrogates."""
    shown = (" " if character.isspace() else character for character in text)
    kept = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in shown if unicodedata.category(c) != "Cc")
    return " ".join(kept.split())


def _with_arrows(text: str) -> str:
    """Each arrow in one piece, so that both forms have the same lines."""
    return text.replace(_ARROW, "\ufffd").replace("-->", _ARROW)


def _srt_text(text: str) -> str:
    return _in_lines(_with_arrows(text)).replace(_ARROW, "→")


def _vtt_text(text: str) -> str:
    lines = _in_lines(_with_arrows(text)).replace(_ARROW, "-->")
    return lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_lines(text: str) -> str:
    """Two lines when one would be too wide, as equal as spaces allow; without spaces by the rules of the script.

    Only what no caption can hold, such as a URL of a hundred characters, takes more lines.
    """
    if columns(text) <= LINE_COLUMNS:
        return text
    spaces = [index for index, character in enumerate(text) if character == " "]
    if spaces:
        middle = min(spaces, key=lambda index: abs(index - len(text) / 2))
        if max(columns(text[:middle]), columns(text[middle + 1 :])) <= LINE_COLUMNS:
            return f"{text[:middle]}\n{text[middle + 1 :]}"
    pieces = list(unbroken_pieces(text, LINE_COLUMNS))
    if len(pieces) == 1 or columns(text) > 2 * LINE_COLUMNS:
        return "\n".join(_filled(pieces))
    halves = [("".join(pieces[:i]).rstrip(), "".join(pieces[i:])) for i in range(1, len(pieces))]
    return "\n".join(min(halves, key=lambda half: max(map(columns, half))))


def _filled(pieces: Sequence[str]) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and columns((line + piece).rstrip()) > LINE_COLUMNS:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _clock(milliseconds: int, separator: str) -> str:
    """Hours have two digits or more."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{separator}{milliseconds:03d}"
