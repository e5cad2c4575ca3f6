"""A transcript as captions (SubRip, WebVTT) and as plain text.

Sources: W3C WebVTT, section 4 (syntax) and 4.2.2 (cue text); SubRip has no standard, and no way to escape, so what
would break its framing is taken out of the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from media_assets.artifacts.transcript.cues import timed_cues
from media_assets.artifacts.transcript.lines import clean, in_lines
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.writing import blank_between

_ARROW = "\uffff"
"""Stands for `-->` while lines are chosen; Unicode keeps it for such use."""
_PARAGRAPH_PAUSE_SECONDS = 2.0
_LONG_PARAGRAPH_CHARACTERS = 600
"""A paragraph that has grown so long ends at the next short pause."""
_SHORT_PAUSE_SECONDS = 0.5
"""A pause of this length is a short one."""


def to_srt(transcript: Transcript, end_seconds: float | None = None) -> str:
    """SubRip; empty for a transcript without speech. For `end_seconds` see `timed_cues`."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_srt_text(cue.text)}\n\n"
        for number, cue in enumerate(timed_cues(transcript, end_seconds), start=1)
    )


def to_vtt(transcript: Transcript, end_seconds: float | None = None) -> str:
    """WebVTT; the header alone for a transcript without speech. For `end_seconds` see `timed_cues`."""
    cues = (
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue.text)}\n"
        for cue in timed_cues(transcript, end_seconds)
    )
    return "WEBVTT\n" + "".join(cues)


def to_txt(transcript: Transcript) -> str:
    """The note and several languages in brackets, and paragraphs, parted where the speaker pauses; empty where there
    is none of these."""
    note = (f"[{transcript.note}.]",) if transcript.note else ()
    languages = (f"[Languages: {shares}.]",) if (shares := transcript.language_shares) else ()
    return "\n".join(f"{paragraph}\n" for paragraph in (*note, *languages, *_paragraphs(transcript)))


def _paragraphs(transcript: Transcript) -> Iterator[str]:
    said = ""
    end_seconds = 0.0
    for segment in transcript.segments:
        pause = segment.start_seconds - end_seconds
        long = len(said) >= _LONG_PARAGRAPH_CHARACTERS
        if said and pause >= (_SHORT_PAUSE_SECONDS if long else _PARAGRAPH_PAUSE_SECONDS):
            yield said
            said = ""
        text = clean(segment.text)
        said += blank_between(said, text) + text
        end_seconds = segment.end_seconds
    if said:
        yield said


def _with_arrows(text: str) -> str:
    """Each arrow in one piece, so that both forms have the same lines."""
    return text.replace(_ARROW, "\ufffd").replace("-->", _ARROW)


def _srt_text(text: str) -> str:
    return in_lines(_with_arrows(text)).replace(_ARROW, "→")


def _vtt_text(text: str) -> str:
    lines = in_lines(_with_arrows(text)).replace(_ARROW, "-->")
    return lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(milliseconds: int, separator: str) -> str:
    """Hours have two digits or more."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{separator}{milliseconds:03d}"
