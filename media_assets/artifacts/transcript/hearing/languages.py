"""The languages that Whisper knows, and what people and servers write for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from pydantic import BeforeValidator

from media_assets.artifacts.transcript.hearing.language_names import CODES, WHISPER_CODES

KNOWN = tuple(sorted(WHISPER_CODES))
"""The codes of Whisper's languages."""
AUTO = "auto"
_OF_WHISPER = {"jv": "jw", "nb": "no", "fil": "tl"}
"""What others call languages that Whisper knows by another code: Javanese, Bokmål, Filipino."""
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
"""ISO 639-2: undetermined, several, none that has a code, no speech."""
_UNTOLD = _NO_LANGUAGE | {
    "",
    AUTO,
    "unknown",
    "undefined",
    "undetermined",
    "null",
    "none",
    "n/a",
    "na",
    "multi",
    "multilingual",
}
_LABEL = re.compile(r"<\|(.*)\|>|__label__(.*)|(.*)\.utf-?8", re.DOTALL)
"""Around a code: tokens of Whisper, labels of fastText, locales of POSIX."""
_LONGEST_NAME_WORDS = 4


def whisper_code(written: str) -> str | None:
    """Whisper's code for a language: by name in English or its own (`english`, `Deutsch`, `Portuguese (Brazil)`), code
    (`de`, `deu`, `iw`) or tag (`zh-CN`, `pt_BR`).

    None for what is no language that Whisper knows.
    """
    code = any_code(written)
    return code if code in KNOWN else None


def any_code(written: str) -> str | None:
    """The same, or the ISO 639 code of a language that Whisper does not know, and a server may."""
    line = unicodedata.normalize("NFC", " ".join(written.casefold().split())).strip(" \"'.")
    if label := _LABEL.fullmatch(line):
        line = next(filter(None, label.groups()), "")
    for name in (line, *re.split(r"[,;:/|]", re.split(r"[(\[\uff08]", line)[0])):
        if code := _named(name.strip()) or _iso_code(name.strip()):
            return code
    words = re.findall(r"[^\W\d_]+", line)
    # `Brazilian Portuguese`, `Chinese Simplified`: a name among words that are none.
    return next(filter(None, map(CODES.get, reversed(words))), None) if len(words) <= _LONGEST_NAME_WORDS else None


def strange_name(written: str) -> str:
    """What an engine calls a language where that is no language, as it can be quoted; empty for `unknown` and such."""
    line = " ".join(written.split())
    return "" if line.casefold() in _UNTOLD else line[:40]


def _named(name: str) -> str | None:
    return CODES.get(name) or (name if name in WHISPER_CODES else None)


def _iso_code(written: str) -> str | None:
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    tag = written.replace("_", "-")
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", tag):
        return None
    try:
        # `macro`: `cmn` is written `zh`, and `zsm` `ms`.
        code = langcodes.standardize_tag(tag, macro=True).split("-")[0]
    except LanguageTagError:
        return None
    code = _OF_WHISPER.get(code, code)
    if code in _NO_LANGUAGE or "qaa" <= code <= "qtz":
        return None
    return code if langcodes.Language.get(code).is_valid() else None


Languages = str | tuple[str, ...] | None
"""The language that is spoken; those of which each part is in one; None: any, to be detected."""


def _languages(code_of: Callable[[str], str | None], value: object) -> Languages:
    """The setting in its one form: what means the same is written the same, and so has the same fingerprint."""
    if value is None:
        return None
    entries = value if isinstance(value, list | tuple) else str(value).split(",") if isinstance(value, str) else [value]
    if not entries:
        raise ValueError("is an empty list; write auto, a language such as en, or a list such as [de, en]")
    codes = dict.fromkeys(_code(code_of, entry) for entry in entries)
    if AUTO in codes:
        if len(codes) > 1:
            raise ValueError("has auto beside other languages; write auto alone, or the languages alone")
        return None
    return next(iter(codes)) if len(codes) == 1 else tuple(codes)


def _code(code_of: Callable[[str], str | None], entry: object) -> str:
    if isinstance(entry, bool):
        raise ValueError("should be text; YAML takes yes, no, on and off for true and false: put it in quotes")
    if isinstance(entry, str) and entry.strip().lower() == AUTO:
        return AUTO
    code = code_of(entry) if isinstance(entry, str) else None
    if code is None:
        raise ValueError(
            f"({entry!r}) is no language that is known here; write auto, one of {', '.join(KNOWN)}, or a list of these"
        )
    return code


WhisperLanguages = Annotated[Languages, BeforeValidator(partial(_languages, whisper_code))]
"""The key `language` of an engine that runs Whisper."""
ServerLanguages = Annotated[Languages, BeforeValidator(partial(_languages, any_code))]
"""The key `language` of an engine behind a server, whose model may know languages that Whisper does not."""


def the_one(languages: Languages) -> str | None:
    """The language that is set; None where it is to be detected."""
    return languages if isinstance(languages, str) else None


def choices(languages: Languages) -> Sequence[str]:
    """The languages of which one is to be found; none: any."""
    return languages if isinstance(languages, tuple) else ()
