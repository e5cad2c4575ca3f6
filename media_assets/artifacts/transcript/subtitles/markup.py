"""The markup that subtitles have in their text: tags, entities, and the instructions of SubStation Alpha."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"</?[A-Za-z0-9][^<>]*>")
_STYLE = re.compile(r"\{[^{}]*\}")
"""An instruction of SubStation Alpha, which SubRip has taken over."""


def without_tags(text: str) -> str:
    """The words that WebVTT shows."""
    return html.unescape(_TAG.sub("", text))


def without_markup(text: str) -> str:
    """The words that SubRip and SubStation Alpha show."""
    return without_tags(_STYLE.sub("", text))
