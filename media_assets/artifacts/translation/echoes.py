"""Whether a text was given back as it was, or in the wrong script, instead of translated.

Short texts tell nothing: names, numbers and greetings are the same in many languages.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from media_assets.base.writing import columns

_FEW_WORDS = 4
_FEW_CHARACTERS = 8
"""So many of full width say as much."""
_LONG_CHARACTERS = 30
"""So many of any script."""
_LEAST_SHARE = 0.2
"""A translation has so many letters of its script, whatever names are in it."""
_ALPHABETS = {
    "Latn": ("LATIN",), "Cyrl": ("CYRILLIC",), "Grek": ("GREEK",), "Arab": ("ARABIC",), "Hebr": ("HEBREW",),
    "Deva": ("DEVANAGARI",), "Beng": ("BENGALI",), "Taml": ("TAMIL",), "Telu": ("TELUGU",), "Thai": ("THAI",),
    "Geor": ("GEORGIAN",), "Armn": ("ARMENIAN",), "Hang": ("HANGUL",), "Kore": ("HANGUL", "CJK"),
    "Jpan": ("HIRAGANA", "KATAKANA", "CJK"), "Hans": ("CJK",), "Hant": ("CJK",),
}  # fmt: skip
"""How Unicode's names of letters begin, by script."""


def is_telling(text: str) -> bool:
    """Whether a text is long enough to be another one in another language."""
    full_width = columns(text) - len(text)
    return len(text.split()) >= _FEW_WORDS or full_width >= _FEW_CHARACTERS or len(text) >= _LONG_CHARACTERS


def is_untranslated(text: str, translated: str, target: str) -> bool:
    """Whether a telling text was given back as it was, or in a script that the language is not written in."""
    if not is_telling(text):
        return False
    return _plain(text) == _plain(translated) or _is_in_another_script(translated, target)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _is_in_another_script(text: str, target: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    names = _ALPHABETS.get(_script_of(target))
    if names is None or len(letters) < 2 * _FEW_CHARACTERS:
        return False
    own = sum(unicodedata.name(letter, "").startswith(names) for letter in letters)
    return own < _LEAST_SHARE * len(letters)


@lru_cache(maxsize=64)
def _script_of(tag: str) -> str:
    import langcodes

    return langcodes.Language.get(tag).maximize().script or ""
