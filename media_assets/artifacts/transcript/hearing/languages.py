"""The languages that Whisper knows, by code and English name, and what people and servers write for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from pydantic import BeforeValidator

# From `LANGUAGES` in whisper/tokenizer.py of openai/whisper.
_NAMES = """
af=afrikaans am=amharic ar=arabic as=assamese az=azerbaijani ba=bashkir be=belarusian bg=bulgarian bn=bengali
bo=tibetan br=breton bs=bosnian ca=catalan cs=czech cy=welsh da=danish de=german el=greek en=english es=spanish
et=estonian eu=basque fa=persian fi=finnish fo=faroese fr=french gl=galician gu=gujarati ha=hausa haw=hawaiian he=hebrew
hi=hindi hr=croatian ht=haitian_creole hu=hungarian hy=armenian id=indonesian is=icelandic it=italian ja=japanese
jw=javanese ka=georgian kk=kazakh km=khmer kn=kannada ko=korean la=latin lb=luxembourgish ln=lingala lo=lao
lt=lithuanian lv=latvian mg=malagasy mi=maori mk=macedonian ml=malayalam mn=mongolian mr=marathi ms=malay mt=maltese
my=myanmar ne=nepali nl=dutch nn=nynorsk no=norwegian oc=occitan pa=punjabi pl=polish ps=pashto pt=portuguese
ro=romanian ru=russian sa=sanskrit sd=sindhi si=sinhala sk=slovak sl=slovenian sn=shona so=somali sq=albanian sr=serbian
su=sundanese sv=swedish sw=swahili ta=tamil te=telugu tg=tajik th=thai tk=turkmen tl=tagalog tr=turkish tt=tatar
uk=ukrainian ur=urdu uz=uzbek vi=vietnamese yi=yiddish yo=yoruba yue=cantonese zh=chinese
"""
# From `TO_LANGUAGE_CODE` there.
_OTHER_NAMES = """
my=burmese ca=valencian nl=flemish ht=haitian lb=letzeburgesch ps=pushto pa=panjabi ro=moldavian ro=moldovan
si=sinhalese es=castilian zh=mandarin
"""


def _by_name(rows: str) -> dict[str, str]:
    return {name.replace("_", " "): code for code, name in (row.split("=") for row in rows.split())}


_CODES = _by_name(_NAMES) | _by_name(_OTHER_NAMES)
KNOWN = tuple(sorted(set(_CODES.values())))
"""The codes of Whisper's languages: of ISO 639-1 where there is one. `jw` is its own for Javanese."""
AUTO = "auto"
_OF_WHISPER = {"jv": "jw", "nb": "no", "fil": "tl"}
"""What others call languages that Whisper knows by another code: Javanese, Bokmål, Filipino."""


def whisper_code(written: str) -> str | None:
    """Whisper's code for a language: by name (`english`), code (`de`, `deu`, `iw`) or tag (`zh-CN`, `pt_BR`).

    None for what is no language that Whisper knows.
    """
    language = " ".join(written.strip().lower().split())
    if language in _CODES or language in KNOWN:
        return _CODES.get(language, language)
    code = _iso_code(language)
    code = _OF_WHISPER.get(code or "", code)
    return code if code in KNOWN else None


def any_code(written: str) -> str | None:
    """The same, or the ISO 639 code of a language that Whisper does not know, and a server may."""
    return whisper_code(written) or _iso_code(written.strip().lower())


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
    return code if code != "und" and langcodes.Language.get(code).is_valid() else None


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
