"""Language codes: containers hold ISO 639-2 (in two variants), people and speech engines write ISO 639-1."""

from __future__ import annotations

from functools import lru_cache

_NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Names of those that films and recordings mostly have; the package `langcodes` has the codes alone."""


def same_language(one: str, other: str) -> bool:
    """Whether two codes mean one language: `de`, `deu`, `ger` and `de-AT` are all German.

    What is no code of a language stands for itself.
    """
    return plain_language(one) == plain_language(other)


@lru_cache(maxsize=1024)
def plain_language(code: str) -> str:
    """The shortest code of a language: `de` for `deu`, `ger` and `de-AT`; what is no code stands for itself."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    language = code.lower().replace("_", "-").split("-")[0]
    try:
        return langcodes.standardize_tag(language).split("-")[0]
    except LanguageTagError:
        return language


def language_name(code: str) -> str:
    """The name of a language in English; the code itself where that is a rare one."""
    return _NAMES.get(plain_language(code), code)
