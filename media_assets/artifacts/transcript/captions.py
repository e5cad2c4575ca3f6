"""A transcript as captions: SubRip and WebVTT, with the same cues.

Who speaks is said where several do, or one whom somebody has named. WebVTT has a tag for it (`<v Anna>`), which players
and programs read and nobody sees. SubRip has none: there the name stands in the text, wherever another begins to speak,
as in a play. Where two share a cue, each has a line that begins with a hyphen, in both forms: so players show it
as viewers know it.

Sources: W3C WebVTT, section 4 (syntax), 4.2.2 (cue text, annotations of start tags); Netflix Timed Text Style Guide,
English, "Dual Speakers" (a hyphen without a space, one speaker a line). SubRip has no standard, and no way to escape,
so what would break its framing is taken out of the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from media_assets.artifacts.transcript.cues import Cue, timed_cues
from media_assets.artifacts.transcript.lines import in_lines, named
from media_assets.artifacts.transcript.value import Transcript

_ARROW = "\uffff"
"""Stands for `-->` while lines are chosen; Unicode keeps it for such use."""


def to_srt(transcript: Transcript, end_seconds: float | None = None) -> str:
    """SubRip; empty for a transcript without speech. For `end_seconds` see `timed_cues`."""
    texts = _srt_texts(cues := timed_cues(transcript, end_seconds))
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{text}\n\n"
        for number, (cue, text) in enumerate(zip(cues, texts, strict=True), start=1)
    )


def to_vtt(transcript: Transcript, end_seconds: float | None = None) -> str:
    """WebVTT; the header alone for a transcript without speech. For `end_seconds` see `timed_cues`."""
    cues = (
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue)}\n"
        for cue in timed_cues(transcript, end_seconds)
    )
    return "WEBVTT\n" + "".join(cues)


def _srt_texts(cues: list[Cue]) -> Iterator[str]:
    """The text of each cue, with a name wherever another speaks than before."""
    before = ""
    for cue in cues:
        lines = []
        for speaker, text in cue.turns:
            lines.append(in_lines(_with_arrows(_hyphen(cue) + named("" if speaker == before else speaker, text))))
            before = speaker
        yield "\n".join(lines).replace(_ARROW, "→")


def _vtt_text(cue: Cue) -> str:
    lines = []
    for speaker, text in cue.turns:
        line = _escaped(in_lines(_with_arrows(_hyphen(cue) + text)).replace(_ARROW, "-->"))
        lines.append(f"<v {_escaped(speaker)}>{line}</v>" if speaker else line)
    return "\n".join(lines)


def _hyphen(cue: Cue) -> str:
    """What a line of a cue begins with."""
    return "-" if len(cue.speakers) > 1 else ""


def _escaped(text: str) -> str:
    """Text that is no markup; in an annotation of a tag neither `&` nor `>` may stand as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _with_arrows(text: str) -> str:
    """Each arrow in one piece, so that both forms have the same lines."""
    return text.replace(_ARROW, "\ufffd").replace("-->", _ARROW)


def _clock(milliseconds: int, separator: str) -> str:
    """Hours have two digits or more."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{separator}{milliseconds:03d}"
