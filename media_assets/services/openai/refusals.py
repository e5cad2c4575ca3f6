"""What a server says when it refuses a request, in whatever form, and which part of the request it means.

Errors come as OpenAI's object, as a string, as FastAPI's list of details, as an object in a string in an object
(gateways), as a web page, and with status 200.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.services.openai.gateways import decoded

if TYPE_CHECKING:
    import openai

_DEPTH = 8
_LONGEST = 4000
"""Characters of a refusal that are looked at; some servers send the whole request back behind that."""
_TEXT_KEYS = ("message", "msg", "detail", "details", "error", "errors", "error_description", "error_msg", "reason",
              "raw", "metadata", "description", "title", "status_message",
              "base_resp", "status_msg", "type")  # fmt: skip
_MARKUP = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)

_FORMAT = (
    r"response[_ ]?format|json[_ ]?(schema|object|mode)|structured[_ ]?output|\bschema\b|grammar|guided"
    r"|failed to generate json"
)
_LENGTH = r"max[_ -]?(completion[_ -]?|output[_ -]?|new[_ -]?)?tokens?\b"
NAMES = {
    "json_schema": _FORMAT,
    "json_object": _FORMAT,
    "temperature": r"temperature",
    "system": r"system[ _-]?(role|message|prompt|instruction)|developer instruction|role\W{0,6}system"
    r"|['\"`]system['\"`]|roles? must alternate|messages\W+0\W+role",
    "timestamp_granularities": r"granularit|word[- _]?(level )?timestamps?",
    "verbose_json": r"response[_ ]?format|verbose[_ ]?json",
    "json": r"response[_ ]?format",
    "default": r"response[_ ]?format",
    "include": r"\binclude\b|logprobs",
    "prompt": r"\b(initial_)?prompt\b",
    "language": r"\blanguage\b",
    "srt": r"response[_ ]?format",
    "vtt": r"response[_ ]?format",
    "flac": r"\bflac\b|(file|audio|media|content|mime)[ _-]?(format|type|extension)|unsupported (audio|file|media)"
    r"|format\b[^.]{0,30}support|mime",
    # What is not sent at first, and demanded by some.
    "untyped": _FORMAT,
    "long_answer": r"max[_ ]?\w*tokens?\b.{0,80}(>|<=|too (large|big|high)|at most|less than|exceed|range|between"
    r"|greater|larger|\[\d+, ?\d+\])",
    "max_tokens": _LENGTH,
    "open_length": _LENGTH,
    "stream_options": r"stream_options|include_usage",
    "whole": r"\bstream(ing|ed)?\b",
    "text_content": r"content\b.{0,80}\b(list|array|sequence|vec|parts?|objects?)\b",
    "turns": r"alternat|(multi|single)[ -]?(turn|round)|last message|\bassistant\b",
    "one_piece": r"chunking",
}
"""Under the name that a server gives it, each part of a request that can be done without, or can be other than it is at
first: `open_length` is a request that sets no limit, and without it, it sets one."""

_UNSUPPORTED = re.compile(
    r"(un|not |n't |in)(supported|available|permitted|allowed|recogni[sz]ed|expected|known|valid|implemented)"
    r"|unknown|extra (inputs|fields|keys|parameters)|no endpoints found|requested parameters|cannot be (used|set)"
    r"|failed to (parse|deserialize)|不支持|参数",
    re.IGNORECASE,
)
_DEMANDED = re.compile(r"required|missing|mandatory|must (be|set)|not (set|given|provided|specified)", re.IGNORECASE)
_MAY_BE_A_PART = frozenset({400, 404, 405, 406, 415, 422, 500, 501})


@dataclass(frozen=True)
class Refusal:
    """An error of a server, in its words."""

    status: int
    words: str
    """One line without markup; may be empty."""
    code: str | None = None
    param: str | None = None

    @property
    def text(self) -> str:
        """All there is to look for words in."""
        return " ".join(part for part in (self.words, self.code, self.param) if part)


def refusal_of(error: openai.APIStatusError) -> Refusal:
    """What an answer with an error's status says."""
    return read_refusal(error.body if error.body is not None else error.response.text, error.status_code)


def read_refusal(body: object, status: int) -> Refusal:
    """What a body says; of an object that holds `error`, that is looked at.

    Args:
        status: HTTP's. With 200, the code in the body stands for it, if that is a status.
    """
    body = decoded(body)
    inner = decoded(body.get("error")) if isinstance(body, dict) and body.get("error") else body
    code = inner.get("code") if isinstance(inner, dict) else None
    param = inner.get("param") if isinstance(inner, dict) else None
    if code is None and isinstance(body, dict):
        code = body.get("code")
    if status < 400 and isinstance(code, int | str) and str(code).isdigit() and 400 <= int(code) < 600:
        status = int(code)
    words = " ".join(dict.fromkeys(_words(body, _DEPTH)))[:_LONGEST]
    return Refusal(status, " ".join(words.split()), None if code is None else str(code), _text_or_none(param))


def refused_part(refusal: Refusal, parts: Sequence[str]) -> tuple[str | None, bool]:
    """Which part of a request a refusal means, and whether it names it.

    Args:
        parts: Those of `NAMES` that were sent, what is missed least first.

    Returns:
        None when it means none of them. Of a refusal that names nothing, the first.
    """
    if refusal.status not in _MAY_BE_A_PART or not parts:
        return None, False
    unsupported = bool(_UNSUPPORTED.search(refusal.words))
    if refusal.param == "model":
        return None, False
    if refusal.status == 415 and "flac" in parts:
        return "flac", True
    for text in (refusal.param or "", refusal.words[:1000]):
        named = next((part for part in parts if re.search(NAMES[part], text, re.IGNORECASE)), None)
        if named is not None and (refusal.status < 500 or unsupported or _DEMANDED.search(refusal.words)):
            return named, True
    if refusal.param or refusal.status in (404, 405, 500, 501):
        return (parts[0], False) if "requested parameters" in refusal.words.lower() else (None, False)
    blank = len(refusal.words) < 4 or refusal.words.lower() in ("bad request", "unprocessable entity")
    unnamed = (
        refusal.status == 422 or blank or re.search(r"param|argument|field|input|参数", refusal.words, re.IGNORECASE)
    )
    return (parts[0], False) if unnamed and (unsupported or blank or refusal.status == 422) else (None, False)


def _words(value: object, depth: int) -> Iterator[str]:
    """What is said, without what was sent: FastAPI gives the refused `input` back."""
    value = decoded(value)
    if depth == 0 or value is None:
        return
    if isinstance(value, str):
        yield _MARKUP.sub(" ", value[: 4 * _LONGEST]).strip()
    elif isinstance(value, list):
        for each in value[:20]:
            yield from _words(each, depth - 1)
    elif isinstance(value, dict):
        location = value.get("loc")
        if isinstance(location, list):
            yield ".".join(str(step) for step in location)
        for key in _TEXT_KEYS:
            yield from _words(value.get(key), depth - 1)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
