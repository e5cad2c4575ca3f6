"""Subtitles in the encodings that people saved them in, of few words and of many, with their language and without."""

from __future__ import annotations

import pytest

from media_assets.artifacts.transcript.subtitles.decoding import UnknownEncoding, decoded_text

WESTERN = {
    "de": (
        "Gärten für Käse",
        "Möwe",
        "Ja.",
        "Grüße, schön, daß Sie uns hören – über alles",
        "„Wie heißt du?“ – „Jörg.“",
    ),
    "fr": (
        "Très bien, ça va",
        "L’été",
        "À",
        "Où êtes-vous allés hier ? À l’école, où le garçon était très heureux. Cœur.",
    ),
    "es": ("¿Qué tal, señor?", "Año", "Sí.", "Mañana por la mañana iremos al jardín, ¿verdad? ¡Qué alegría!"),
    "en": ("It’s a café.", "5 m³ at £5, that is ½", "Chloë said “no” – twice."),
    "sv": ("Är du från Malmö? Då är vi två.",),
}
OTHERS = {
    ("pl", "cp1250"): ("Żółć", "Zażółć gęślą jaźń", "Dzień dobry, nazywam się Łukasz. Gdzie są moje książki?"),
    ("pl", "iso8859-2"): ("Zażółć gęślą jaźń", "Dzień dobry, nazywam się Łukasz. Gdzie są moje książki?"),
    ("cs", "cp1250"): ("Dobrý den", "Příliš žluťoučký kůň", "Děkuji, dobře. Kde je nejbližší nádraží?"),
    ("cs", "iso8859-2"): ("Příliš žluťoučký kůň", "Děkuji, dobře. Kde je nejbližší nádraží?"),
    ("ru", "cp1251"): ("Да", "Доброе утро", "Доброе утро, дамы и господа. Сегодня мы говорим о погоде."),
    ("ru", "koi8-r"): ("Доброе утро", "Доброе утро, дамы и господа. Сегодня мы говорим о погоде."),
    ("uk", "cp1251"): ("Її", "Добрий ранок, як ваші справи?"),
    ("ja", "cp932"): ("はい", "おはようございます", "皆さん、おはようございます。今日は天気について話します。"),
    ("ja", "euc-jp"): ("おはようございます", "皆さん、おはようございます。今日は天気について話します。"),
    ("zh", "gb18030"): ("是", "大家早上好", "大家早上好,今天我们来谈谈天气。"),
    ("ko", "cp949"): ("네", "안녕하세요", "여러분, 안녕하세요. 오늘은 날씨에 대해 이야기하겠습니다."),
    ("el", "cp1253"): ("Ναι", "Καλημέρα σας, τι κάνετε;"),
    ("tr", "cp1254"): ("Değil", "Günaydın, nasılsınız? Şimdi başlıyoruz."),
}
CLEAR = {
    ("pl", "cp1250"): "Dzień dobry, nazywam się Łukasz. Gdzie są moje książki? ",
    ("cs", "cp1250"): "Děkuji, dobře. Když se vrátíme, bude ještě světlo, protože není pozdě. ",
    ("ru", "cp1251"): "Доброе утро, дамы и господа. Сегодня мы говорим о погоде. ",
    ("ru", "koi8-r"): "Доброе утро, дамы и господа. Сегодня мы говорим о погоде. ",
    ("ja", "cp932"): "皆さん、おはようございます。今日は天気について話します。",
    ("ja", "euc-jp"): "皆さん、おはようございます。今日は天気について話します。",
    ("zh", "gb18030"): "大家早上好,今天我们来谈谈天气。",
    ("ko", "cp949"): "여러분, 안녕하세요. 오늘은 날씨에 대해 이야기하겠습니다. ",
}


def captions(text: str, count: int = 1) -> str:
    return "".join(f"{n}\r\n00:00:{n:02},000 --> 00:00:{n:02},900\r\n{text}\r\n\r\n" for n in range(1, count + 1))


def cases(texts: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, text) for language, several in texts.items() for text in several]


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(("language", "text"), cases(WESTERN))
def test_latin_letters_are_western_european_whether_or_not_their_language_is_known(
    language: str, text: str, count: int
) -> None:
    written = captions(text, count)
    for known in (language, None, "und"):
        assert decoded_text(written.encode("cp1252"), known) == written, known


def test_one_umlaut_among_many_captions_is_one() -> None:
    written = captions("There is nothing here.", 50) + captions("A Möwe.") + captions("It is gone.", 9)
    assert decoded_text(written.encode("cp1252")) == written


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    ("language", "encoding", "text"), [(*known, text) for known, several in OTHERS.items() for text in several]
)
def test_the_language_tells_the_encoding(language: str, encoding: str, text: str, count: int) -> None:
    written = captions(text, count)
    assert decoded_text(written.encode(encoding), language) == written


@pytest.mark.parametrize(("known", "text"), CLEAR.items())
def test_without_a_language_clear_evidence_tells_it(known: tuple[str, str], text: str) -> None:
    written = captions(text, 30)
    for language in (None, "und"):
        assert decoded_text(written.encode(known[1]), language) == written


def test_a_script_that_is_not_that_of_the_language_is_seen() -> None:
    written = captions(CLEAR["ru", "cp1251"], 30)
    assert decoded_text(written.encode("cp1251"), "en") == written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp"])
@pytest.mark.parametrize("language", ["ja", "ru", None])
def test_unicode_comes_before_any_language(encoding: str, language: str | None) -> None:
    written = captions("はい")
    assert decoded_text(written.encode(encoding), language) == written


@pytest.mark.parametrize("content", [b"\0\1\2" * 100, b"\xff\xfe\0\xd8a\0", b"talk\0", b"\xef\xbb\xbf\xff"])
def test_what_is_no_text_is_told(content: bytes) -> None:
    with pytest.raises(UnknownEncoding):
        decoded_text(content)
