"""Reads subtitles of all kinds that people and players have: SubRip, WebVTT, SubStation Alpha and what else pysubs2
knows.

What cannot be read as it stands there is refused with its place: a cue that is passed over in silence would be lost
speech. Sources: W3C WebVTT, sections 4 and 6.4; SubRip has no standard.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.subtitles.belonging import require_belonging
from media_assets.artifacts.transcript.subtitles.decoding import UnknownEncoding, decoded_text
from media_assets.artifacts.transcript.subtitles.markup import without_markup, without_tags
from media_assets.places.source import MOST_SIDECAR_BYTES

if TYPE_CHECKING:
    import webvtt

_TIME = r"(?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3}"
_TWO_TIMES = re.compile(rf"\s*{_TIME}\D{{1,9}}{_TIME}\s*$")
_TIMES = re.compile(rf"\s*{_TIME}\s*--?>\s*{_TIME}(?:\s.*)?")
_ONLY_MINUTES = re.compile(r"(?<![\d:])\d{1,2}:\d{1,2}[.,]\d{1,3}")
_CUT_OFF = re.compile(rf"\s*{_TIME}\s*-[\s\d:.,>-]*")
"""A line with one time and the beginning of an arrow: what a program leaves that was stopped while it wrote."""
_PART_OF_TIME = re.compile(r"\s*\d+(:\d*){0,2}[.,]?\d{0,3}\s*")
_COMMAS = 9
"""A line of SubStation Alpha has so many before its text; an older one has them, too."""
_NUMBER = re.compile(r"\s*(\d{1,9})\s*")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s+(?P<name>[^<>]*))?>")
_MANY_BLANK_LINES = re.compile(r"\n{4,}")
_BLOCKS = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class SpokenCue:
    """What one person says in a caption."""

    start_seconds: float
    end_seconds: float
    text: str
    """One line or several, without markup."""
    speaker: str | None = None
    """What the captions call whoever says it."""


class UnreadableSubtitles(ValueError):
    """Subtitles that cannot be read as they stand: the message says where, and what is wrong."""


class TooLargeSubtitles(UnreadableSubtitles):
    """What is no text for its size alone."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {MOST_SIDECAR_BYTES >> 20} MiB")


def read_subtitles(path: Path, language: str | None, end_seconds: float) -> list[SpokenCue]:
    """The cues of a file, in the order of their starts; its ending tells which kind it is of.

    Args:
        language: That of the text; None where it is not known.
        end_seconds: When the recording ends that it would be of.

    Raises:
        UnreadableSubtitles: it is no such file, or a part of it cannot be read.
        ForeignSubtitles: it cannot be of this recording.
    """
    with path.open("rb") as file:
        content = file.read(MOST_SIDECAR_BYTES + 1)
    if len(content) > MOST_SIDECAR_BYTES:
        raise TooLargeSubtitles
    text, suffix = decoded(content, language), path.suffix.lower()
    require_belonging(text, suffix, end_seconds)
    return cues_of(text, suffix)


def cues_of(text: str, suffix: str) -> list[SpokenCue]:
    """The cues of a text, see `read_subtitles`.

    Args:
        suffix: The ending of its name, in small letters.
    """
    cues = list(_of_web_vtt(text) if suffix == ".vtt" else _of_others(text, suffix))
    for cue in cues:
        if not 0 <= cue.start_seconds <= cue.end_seconds:
            raise UnreadableSubtitles(f"the cue at {cue.start_seconds:.3f} s ends before it begins ({_begun(cue)})")
    return sorted((cue for cue in cues if cue.text), key=lambda cue: cue.start_seconds)


def decoded(content: bytes, language: str | None = None) -> str:
    """Text with the ends of its lines as Unix has them, in whichever encoding it was saved.

    Args:
        language: That of the text, where it is known.

    Raises:
        UnreadableSubtitles: it is no text.
    """
    try:
        text = decoded_text(content, language)
    except UnknownEncoding as error:
        raise UnreadableSubtitles(str(error)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _of_others(text: str, suffix: str) -> Iterator[SpokenCue]:
    import pysubs2

    try:
        kind = suffix.removeprefix(".") if suffix in (".srt", ".ass", ".ssa") else None
        # It takes all between `<` and the next `>` for a tag.
        raw = {"keep_html_tags": True} if kind == "srt" else {}
        read = pysubs2.SSAFile.from_string(_with_hours(text) if kind == "srt" else text, format_=kind, **raw)
        events = [event for event in read if not event.is_comment]
    except (pysubs2.Pysubs2Error, ValueError) as error:
        raise UnreadableSubtitles(f"it is of no known kind ({error})") from error
    if kind == "srt":
        _require_whole(text)
        _require_all(text, len(events))
    else:
        _require_whole_lines(text)
    for event in events:
        words = without_markup(event.text.replace("\\N", "\n").replace("\\n", "\n"))
        yield SpokenCue(event.start / 1000, event.end / 1000, _tidied(words), event.name or None)


def _of_web_vtt(text: str) -> Iterator[SpokenCue]:
    import webvtt

    try:
        captions = webvtt.from_buffer(io.StringIO(text)).captions
    except webvtt.errors.MalformedFileError as error:
        raise UnreadableSubtitles("its first line is not WEBVTT") from error
    except webvtt.errors.MalformedCaptionError as error:
        raise UnreadableSubtitles(str(error)) from error
    _require_whole(_without_notes(text))
    _require_all(_without_notes(text), len(captions))
    for caption in captions:
        yield from _by_voice(_seconds(caption.start_time), _seconds(caption.end_time), caption.raw_text)


def _seconds(time: webvtt.models.Timestamp) -> float:
    """Its own `in_seconds` leaves the milliseconds out."""
    return (time.in_seconds() * 1000 + time.milliseconds) / 1000


def _by_voice(start: float, end: float, raw: str) -> Iterator[SpokenCue]:
    """What each voice says in a caption: they share its time by the length of their texts."""
    marks = list(_VOICE.finditer(raw))
    borders = [0, *(mark.start() for mark in marks), len(raw)]
    names = [None, *(_tidied(html.unescape(mark["name"] or "")) or None for mark in marks)]
    texts = [_tidied(without_tags(raw[first:last])) for first, last in pairwise(borders)]
    spans = [(name, text) for name, text in zip(names, texts, strict=True) if text]
    if len(spans) > 1 and all(text.startswith("-") for _, text in spans):
        spans = [(name, text[1:].lstrip()) for name, text in spans if text[1:].strip()]
    total, said = sum(len(words) for _, words in spans), 0
    for name, words in spans:
        begun, said = said, said + len(words)
        yield SpokenCue(
            round(start + (end - start) * begun / total, 3), round(start + (end - start) * said / total, 3), words, name
        )


def _require_all(text: str, count: int) -> None:
    """Both libraries pass over what they cannot read; each pair of times is a cue, though."""
    lines = list(enumerate(text.split("\n"), start=1))
    arrows = [(number, line) for number, line in lines if "-->" in line]
    if wrong := next((number for number, line in arrows if not _TIMES.fullmatch(line)), None):
        raise UnreadableSubtitles(f"line {wrong} has an arrow, and not two times as 00:01:02,345 --> 00:01:04,000")
    if wrong := next((number for number, line in lines if _TWO_TIMES.match(line) and not _TIMES.fullmatch(line)), None):
        raise UnreadableSubtitles(f"line {wrong} has two times, and no arrow as in 00:01:02,345 --> 00:01:04,000")
    if count < len(arrows):
        raise UnreadableSubtitles(f"it has {len(arrows)} pairs of times, and only {count} cues can be read")
    if not count and text.strip().partition("\n")[0] not in ("", "WEBVTT"):
        raise UnreadableSubtitles("it has text, and no times as 00:01:02,345 --> 00:01:04,000")


def _require_whole(text: str) -> None:
    """What a program was stopped while it wrote ends with a part of a line of times, which would be taken for text, or
    passed over."""
    lines = text.rstrip().split("\n")
    number, before = None, ["", ""]
    for place, line in enumerate(lines, start=1):
        last = place == len(lines)
        part = bool(_PART_OF_TIME.fullmatch(line))
        cut_off = bool(_CUT_OFF.fullmatch(line)) or (last and part and ":" in line and not before[1].strip())
        if (numbered := _NUMBER.fullmatch(before[1])) and not before[0].strip():
            follows = number is None or int(numbered[1]) == number + 1
            cut_off |= follows and part and (last or ":" in line)
            number = int(numbered[1]) if "-->" in line else number
        if cut_off and not _TIMES.fullmatch(line):
            raise _not_whole(place, "two times, such as 00:01:02,345 --> 00:01:04,000")
        before = [before[1], line]


def _require_whole_lines(text: str) -> None:
    """SubStation Alpha whose writer was stopped ends with a part of a line, which pysubs2 passes over."""
    lines = text.rstrip().split("\n")
    for place, line in enumerate(lines, start=1):
        part = line.startswith("Dialogue:") and line.count(",") < _COMMAS
        if part or (place == len(lines) and line and "Dialogue:".startswith(line)):
            raise _not_whole(place, "a line of dialogue")


def _not_whole(place: int, what: str) -> UnreadableSubtitles:
    return UnreadableSubtitles(f"line {place} has a part of {what}: it was not written to its end")


def _with_hours(text: str) -> str:
    """SubRip whose times all have hours, as pysubs2 wants them; it takes long for what has blank lines in a row."""
    lines = _MANY_BLANK_LINES.sub("\n\n\n", text).split("\n")
    return "\n".join(_ONLY_MINUTES.sub(r"00:\g<0>", line) if _TIMES.fullmatch(line) else line for line in lines)


def _without_notes(text: str) -> str:
    """WebVTT without its comments and styles; as many lines."""
    blocks = _BLOCKS.split(text)
    kept = ["\n" * block.count("\n") if re.match(r"\s*(NOTE|STYLE|REGION)\b", block) else block for block in blocks]
    return "\n\n".join(kept)


def _tidied(text: str) -> str:
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split("\n")) if line)


def _begun(cue: SpokenCue) -> str:
    return cue.text.replace("\n", " ")[:40]
