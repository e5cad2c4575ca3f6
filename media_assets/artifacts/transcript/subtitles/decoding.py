"""Text in whichever encoding it was saved: Unicode where it is that, else by its language, else by what speaks for one.

A few bytes fit many encodings, and what is guessed from them alone is wrong mostly (`Möwe` is sound Big5). So text in
Latin letters is Western European unless the language, or words that are none there, say otherwise.

Sources: WHATWG Encoding Standard and its table of defaults by language (HTML, section 13.2.3.2).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from media_assets.base.languages import plain_language

_WESTERN = ("cp1252",)
_BY_LANGUAGES = {
    "pl cs sk hu sl hr bs ro sq": ("cp1250", "iso8859-2"),
    "ru bg be mk": ("cp1251", "koi8-r", "iso8859-5", "cp866"),
    "uk": ("cp1251", "koi8-u", "iso8859-5", "cp866"),
    "sr": ("cp1250", "cp1251"),
    "el": ("cp1253", "iso8859-7"),
    "tr az": ("cp1254",),
    "he yi": ("cp1255",),
    "ar fa ur": ("cp1256",),
    "et lv lt": ("cp1257",),
    "vi": ("cp1258",),
    "th": ("cp874",),
    "ja": ("cp932", "euc-jp"),
    "zh yue": ("gb18030", "big5hkscs"),
    "ko": ("cp949",),
}
_ENCODINGS = {language: names for some, names in _BY_LANGUAGES.items() for language in some.split()}
_NO_LANGUAGES = frozenset({"und", "mul", "zxx", "mis"})
"""Codes that say that it is not known, or that there are several."""
_OF_SEVERAL_BYTES = frozenset({"ja", "zh", "yue", "ko"})
_OF_ONE_BYTE = ("cp1251", "koi8_r", "cp1253", "cp1255")
_OTHER_SCRIPTS = (*_OF_ONE_BYTE, "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1256", "cp874")
_LETTERS_OF_ONE_BYTE = range(0xC0, 0x100)
"""Where Cyrillic, Greek and Hebrew have theirs; of characters of two bytes one is elsewhere mostly."""
_LETTERS_SHARE = 0.95
_FEW_BYTES = 16
"""Out of fewer nothing can be told but by the language."""
_SOME_LETTERS = 3
"""Fewer different ones may be of a word of Western Europe, such as `À` or `Où`."""
_MANY_LETTERS = 8
"""Text in another script than that of its language has as many different ones."""
_OLD_WESTERN = ("cp850", "mac_roman", "cp1250")
"""What text in Latin letters may be that has bytes which cp1252 does not know."""
_EASTERN_LANGUAGES = ("pl", "cs", "sk", "hu", "sl", "hr", "ro")
_WESTERN_LANGUAGES = ("fr", "de", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "ca")
_ENOUGH_WORDS = 2
_OTHER_SCRIPT_SHARE = 0.7
"""More of the letters than that are no ASCII in every script but the Latin one."""
_SAMPLE_BYTES = 1 << 18
"""The beginning of a text tells its encoding."""
_NO_LETTERS_IN_CP1252 = re.compile(r"[a-zß-ÿ][¹³¿£¥¼¾¯][a-zß-ÿ]|\b[¹³¯][a-z]{2}|[a-z]{2}[¹³¿](?!\w)")
"""The Polish ą, ł, ż and others, read as what they are not."""
_CUBED = re.compile(r"\b(mm|cm|dm|km|ft|in|yd)³")
_SIGNS = re.compile(r"^\W+|\W+$")
_BLANKS = re.compile(r"[ \r\n\t]+")
_SMALL_BEFORE_CAPITAL = re.compile(r"[а-я][А-Я]")
_ALPHABETS = {"sr": ("hr", "ru"), "be": ("ru", "uk"), "mk": ("ru", "uk"), "bs": ("hr",)}
"""Languages whose frequent words nobody lists have the letters of these."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ZEROS_FOR_ONE = 4


class UnknownEncoding(ValueError):
    """Bytes that are no text."""


def decoded_text(content: bytes, language: str | None = None) -> str:
    """Text without a byte order mark.

    Args:
        language: The code of its language, where that is known.

    Raises:
        UnknownEncoding: it is no text.
    """
    if (text := _by_mark(content)) is not None:
        return text
    if b"\0" in content[:_SAMPLE_BYTES]:
        return _wide(content)
    try:
        return content.decode("iso2022_jp" if b"\x1b$" in content else "utf-8")
    except UnicodeDecodeError:
        pass
    sample = content if len(content) <= _SAMPLE_BYTES else content[: content.rfind(b"\n", 0, _SAMPLE_BYTES) + 1]
    known = plain_language(language or "und")
    for encoding in _likely(sample, None if known in _NO_LANGUAGES else known):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnknownEncoding("it is no text in any known encoding")


def _by_mark(content: bytes) -> str | None:
    """Text by its byte order mark; None without one."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return _whole(content.removeprefix(mark).decode(encoding))
            except UnicodeDecodeError as error:
                raise UnknownEncoding(f"it begins as {encoding.upper()}, and is none ({error.reason})") from error
    return None


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: the zeros of its ASCII characters, such as those of times, are each second byte."""
    zeros = [content[first:_SAMPLE_BYTES:2].count(0) for first in (0, 1)]
    encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    if len(content) % 2 == 0 and max(zeros) > _ZEROS_FOR_ONE * min(zeros):
        try:
            return _whole(content.decode(encoding))
        except UnicodeDecodeError:
            pass
    raise UnknownEncoding("it is no text: it has bytes that are zero")


def _whole(text: str) -> str:
    if "\0" in text:
        raise UnknownEncoding("it is no text: it has bytes that are zero")
    return text


def _likely(sample: bytes, language: str | None) -> Iterator[str]:
    """The encodings that a text may have, the most likely first."""
    beyond = [byte for byte in sample if byte > 127]
    few = len(beyond) < _FEW_BYTES
    known = _ENCODINGS.get(language or "", ())
    if language in _OF_SEVERAL_BYTES:
        yield from known[:1] if few else ()
        yield from _by_characters(sample, known)
    elif known:
        yield from _by_letters(sample, known, language)
    elif _is_of_another_script(sample) and len(set(beyond)) >= (_MANY_LETTERS if language else _SOME_LETTERS):
        of_one_byte = sum(byte in _LETTERS_OF_ONE_BYTE for byte in beyond) >= _LETTERS_SHARE * len(beyond)
        if of_one_byte and not few:
            yield from _by_characters(sample, _OF_ONE_BYTE)
        elif of_one_byte:
            yield from _by_letters(sample, _OF_ONE_BYTE, "ru")
        yield from _by_characters(sample, _OTHER_SCRIPTS)
    elif language is None and _is_eastern(sample):
        yield from _by_letters(sample, _ENCODINGS["pl"], None)
    yield from _WESTERN
    yield from _by_characters(sample, _OLD_WESTERN)


def _by_characters(sample: bytes, encodings: Sequence[str]) -> Iterator[str]:
    """The encodings that charset-normalizer takes it for."""
    from charset_normalizer import from_bytes

    yield from (match.encoding for match in from_bytes(sample, cp_isolation=list(encodings)))


def _by_letters(sample: bytes, encodings: Iterable[str], language: str | None) -> list[str]:
    """The encodings in which the letters are those of the language, and small ones do not stand before capitals."""
    alphabet = _letters_of(_ALPHABETS.get(language, (language,)) if language else _EASTERN_LANGUAGES)
    fits: dict[str, int] = {}
    for encoding in encodings:
        text = sample.decode(encoding, errors="replace")
        odd = sum(not character.isascii() and character.lower() not in alphabet for character in text)
        fits[encoding] = odd + sum(1 for _ in _SMALL_BEFORE_CAPITAL.finditer(text))
    return sorted(fits, key=lambda encoding: fits[encoding])


def _is_of_another_script(sample: bytes) -> bool:
    other = sum(byte > 127 for byte in sample)
    latin = sum(bytes([byte]).isalpha() for byte in sample)
    return other > _OTHER_SCRIPT_SHARE * (other + latin)


def _is_eastern(sample: bytes) -> bool:
    """Whether text in Latin letters is clearly of Central or Eastern Europe."""
    west, east = (sample.decode(encoding, errors="replace") for encoding in ("cp1252", "cp1250"))
    if "\ufffd" not in west and "\ufffd" in east:
        return False
    if _NO_LETTERS_IN_CP1252.search(_CUBED.sub("", west)):
        return True
    different = [(one, other) for one, other in zip(_words(west), _words(east), strict=False) if one != other]
    western, eastern = _function_words(_WESTERN_LANGUAGES), _function_words(_EASTERN_LANGUAGES)
    speak_for_west = sum(one in western for one, _ in different)
    speak_for_east = sum(other in eastern for _, other in different)
    return speak_for_east >= _ENOUGH_WORDS and speak_for_east > speak_for_west


def _words(text: str) -> list[str]:
    """What stands between blanks, as many in each encoding, without signs at its ends."""
    return [_SIGNS.sub("", word) for word in _BLANKS.split(text.lower())]


def _function_words(languages: Iterable[str]) -> Collection[str]:
    import stopwordsiso

    return frozenset().union(*(stopwordsiso.stopwords(language) for language in languages))


def _letters_of(languages: Iterable[str]) -> Collection[str]:
    """The letters that the frequent words of languages have, beyond ASCII; the words of some are not known."""
    return {letter for word in _function_words(languages) for letter in word.lower() if not letter.isascii()}
