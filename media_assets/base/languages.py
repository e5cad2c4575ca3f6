"""Language codes: containers hold ISO 639-2 (in two variants), people and speech engines write ISO 639-1."""

from __future__ import annotations

from functools import lru_cache


def same_language(one: str, other: str) -> bool:
    """Whether two codes mean one language: `de`, `deu`, `ger` and `de-AT` are all German.

    What is no code of a language stands for itself.
    """
    return _canonical(one) == _canonical(other)


@lru_cache(maxsize=1024)
def _canonical(code: str) -> str:
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    language = code.lower().replace("_", "-").split("-")[0]
    try:
        return langcodes.standardize_tag(language).split("-")[0]
    except LanguageTagError:
        return language
