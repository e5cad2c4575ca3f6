"""Sentences in which somebody is asked or promises to do something, found by the words such sentences use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_assets.base.words import word_count

_MAX_WORDS = 40

_CUES = {
    "en": r"""
        action\ items? | to-?do\b | follow\ up\ (?:with|on) | remember\ to | don['’]?t\ forget
        | make\ sure\ (?:to|you|we|that)
        | (?:we|you|they|he|she|i|someone|somebody)(?:['’]ll)?\ (?:still\ |all\ |will\ )?(?:need|have|has|needs)\ to
        | (?:we|you|they|he|she|i)\ (?:must|should|ought\ to)(?!\ (?:be|have|see|hear|know)\b)
        | i(?:['’]ll|\ will)\ (?:send|write|check|prepare|schedule|follow|take\ care|get\ back|set\ up|organi[sz]e
        |share)
        | please(?!\ (?:welcome|note\ that|excuse|forgive)) | (?:your|our|the|my)\ (?:homework|assignment|next\ steps?)
        | (?:is|are)\ due\ (?:on|by|next|this|tomorrow) | deadline | can\ you\ (?:please|also|send|check|prepare|share)
    """,
    "de": r"""
        wir\ (?:müssen|sollten) | (?:du|ihr)\ (?:musst|müsst|solltest|solltet) | sie\ (?:müssen|sollten)
        | bitte | denk(?:t|en\ sie)?\ daran | nicht\ vergessen | hausaufgaben? | bis\ (?:montag|dienstag|mittwoch|
        donnerstag|freitag|morgen)\b
    """,
    "fr": r"""
        il\ faut | (?:nous|vous)\ dev(?:ons|ez) | (?:on|tu)\ doi[ts] | n['’]oubliez?\ pas | n['’]oublie\ pas
        | s['’]il\ (?:vous|te)\ pla[iî]t | veuillez | pensez\ à
    """,
    "es": r"""
        tenemos\ que | hay\ que | (?:debemos|debes|deben|deberíamos) | tienes?\ que | por\ favor | recuerd(?:a|en|e)\b
        | no\ (?:olvides|olviden|se\ olviden)
    """,
}
_PATTERNS = {code: re.compile(rf"\b(?:{cues})", re.IGNORECASE | re.VERBOSE) for code, cues in _CUES.items()}


def action_items(texts: Sequence[str], language: str) -> list[int]:
    """Positions of the sentences that sound like something to do; questions about it are left out.

    Empty for a language whose cues are not known.
    """
    pattern = _PATTERNS.get(language.lower().split("-")[0])
    if pattern is None:
        return []
    return [
        i
        for i, text in enumerate(texts)
        if pattern.search(text) and word_count(text) <= _MAX_WORDS and not _is_idle_question(text)
    ]


def _is_idle_question(text: str) -> bool:
    """Whether it asks instead of asking for: "can you send it, please?" is a request all the same."""
    return text.rstrip(" \"'”’").endswith("?") and re.search(r"\b(?:please|can you|could you)\b", text, re.I) is None
