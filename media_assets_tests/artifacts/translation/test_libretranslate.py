"""Translations by a LibreTranslate server, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from media_assets.artifacts.translation.engines.libretranslate.settings import LibreTranslation
from media_assets.artifacts.translation.translator import Order, Translator
from media_assets.base.errors import BadMedia, Cancelled, Fatal, MediaAssetsError, Transient
from media_assets.base.secrets import Secrets
from media_assets.work.work import Work
from media_assets_tests.artifacts.translation.desk import Desk
from media_assets_tests.artifacts.translation.translations import BEES, order, texts_of, translated
from media_assets_tests.libretranslate_server import LibreTranslateServer, libretranslate_server
from media_assets_tests.openai_server import OpenAIServer

KEY = "a-secret-key-of-the-server"
GERMAN = [translated(text, "de") for text in BEES]


@pytest.fixture
def libre() -> Iterator[LibreTranslateServer]:
    with libretranslate_server() as running:
        yield running


def translator(libre: LibreTranslateServer, key: str = "", **settings: object) -> Translator:
    given = {"engine": "libretranslate", "base_url": libre.address, "max_retries": 1, **settings}
    return LibreTranslation.model_validate(given).open(Secrets(libretranslate_api_key=SecretStr(key) if key else None))


def all_of(engine: Translator, wanted: Order, work: Work) -> dict[int, str]:
    return {number: text for portion in engine.translate(wanted, work) for number, text in portion.texts.items()}


def test_lines_are_sent_as_a_list_and_come_back_in_order(libre: LibreTranslateServer, tmp_path: Path) -> None:
    assert texts_of(all_of(translator(libre), order(), Work(tmp_path))) == GERMAN
    assert libre.requests == [{"q": list(BEES), "source": "en", "target": "de", "format": "text"}]


def test_only_what_is_wanted_is_sent(libre: LibreTranslateServer, tmp_path: Path) -> None:
    texts = all_of(translator(libre), order(wanted=frozenset({2, 5})), Work(tmp_path))
    assert texts == {2: GERMAN[1], 5: GERMAN[4]}


def test_long_recordings_go_in_batches(libre: LibreTranslateServer, tmp_path: Path) -> None:
    said = [f"This is sentence number {number} of a very long talk." for number in range(120)]
    texts = all_of(translator(libre, batch_characters=500), order(said), Work(tmp_path))
    assert texts_of(texts) == [translated(text, "de") for text in said]
    assert len(libre.requests) > 5


@pytest.mark.parametrize("limit", [{"char_limit": 120}, {"batch_limit": 2}])
def test_a_server_with_lower_limits_gets_less_at_once(
    libre: LibreTranslateServer, tmp_path: Path, limit: dict[str, int]
) -> None:
    for name, value in limit.items():
        setattr(libre, name, value)
    assert texts_of(all_of(translator(libre), order(), Work(tmp_path))) == GERMAN


def test_a_line_above_the_limit_of_the_server_is_told(libre: LibreTranslateServer, tmp_path: Path) -> None:
    libre.char_limit = 20
    with pytest.raises(BadMedia, match=r"exceeds text limit \(20\)"):
        all_of(translator(libre), order(), Work(tmp_path))


def test_the_key_is_sent_and_never_told(libre: LibreTranslateServer, tmp_path: Path) -> None:
    libre.key = KEY
    all_of(translator(libre, KEY), order(), Work(tmp_path))
    assert libre.requests[0]["api_key"] == KEY
    with pytest.raises(Fatal, match="wants a key") as caught:
        all_of(translator(libre), order(), Work(tmp_path))
    assert "LIBRETRANSLATE_API_KEY" in caught.value.next_step
    libre.key = "another"
    with pytest.raises(Fatal, match="refuses the key") as caught:
        all_of(translator(libre, KEY), order(), Work(tmp_path))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"error": "Slowdown: 1 per minute"}),
        (500, {"error": "Cannot translate text"}),
        (502, "<html>bad gateway</html>"),
        (200, "{"),
        (200, {"translatedText": GERMAN[:2]}),
        (200, {"translatedText": "one text"}),
    ],
)
def test_a_busy_or_broken_server_is_asked_again(
    libre: LibreTranslateServer, tmp_path: Path, answer: tuple[int, object]
) -> None:
    libre.script = [answer]
    assert texts_of(all_of(translator(libre), order(), Work(tmp_path))) == GERMAN
    libre.script = [answer, answer]
    with pytest.raises(Transient, match="could not be translated"):
        all_of(translator(libre), order(), Work(tmp_path))


def test_a_run_that_is_to_stop_does_not_wait_for_the_server(libre: LibreTranslateServer, tmp_path: Path) -> None:
    libre.script = [(500, {"error": "busy"})] * 9
    work = Work(tmp_path)
    work.report = lambda _: None
    engine = translator(libre, max_retries=8)
    portions = engine.translate(order(), work)
    work.cancelled.set()
    with pytest.raises(Cancelled):
        list(portions)


def test_a_server_that_is_not_there(libre: LibreTranslateServer, tmp_path: Path) -> None:
    gone = translator(libre, base_url="http://127.0.0.1:9", max_retries=0)
    with pytest.raises(Transient, match=r"the connection to http://127\.0\.0\.1:9 failed"):
        all_of(gone, order(), Work(tmp_path))
    with pytest.raises(Fatal) as caught:
        gone.check()
    assert "Start the server" in caught.value.next_step


@pytest.mark.parametrize("target", ["sv", "en-GB"])
def test_a_language_that_the_server_does_not_know_stops_the_run(
    libre: LibreTranslateServer, tmp_path: Path, target: str
) -> None:
    libre.languages["en"].remove("en")
    with pytest.raises(Fatal, match=f"does not translate .*{target}"):
        all_of(translator(libre), order(target=target), Work(tmp_path))
    assert libre.requests == []


def test_codes_are_those_of_the_server(libre: LibreTranslateServer, tmp_path: Path) -> None:
    all_of(translator(libre), order(target="zh-Hans"), Work(tmp_path))
    assert libre.requests[0]["target"] == "zh"


def test_doctor_looks_for_every_language(libre: LibreTranslateServer) -> None:
    line = translator(libre, languages=["de", "fr"]).check()
    assert line == f"libretranslate at {libre.address}: reachable, knows 5 languages, translates into de, fr"
    with pytest.raises(Fatal, match="does not translate sv"):
        translator(libre, languages=["de", "sv"]).check()


def test_another_server_is_told_from_libretranslate(libre: LibreTranslateServer, server: OpenAIServer) -> None:
    with pytest.raises(MediaAssetsError) as caught:
        translator(libre, base_url=server.base_url).check()
    assert isinstance(caught.value, Fatal)


def test_the_stage_stores_what_it_translates(libre: LibreTranslateServer, server: OpenAIServer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, server)
    made = desk.make("de", engine="libretranslate", base_url=libre.address, glossary={"de": {"queen": "Weisel"}})
    assert [segment.translations["de"] for segment in made.segments] == GERMAN
    assert "translated from English by libretranslate" in desk.text("summary.de.md")
    assert made.languages[0].note == "the glossary has, and segments have not, queen as Weisel (2)"
    asked = len(libre.requests)
    desk.make("de", "fr", engine="libretranslate", base_url=libre.address, glossary={"de": {"queen": "Weisel"}})
    assert {request["target"] for request in libre.requests[asked:]} == {"fr"}


def test_what_the_server_gives_back_empty_stays_and_is_noted(
    libre: LibreTranslateServer, server: OpenAIServer, tmp_path: Path
) -> None:
    libre.script = [(200, {"translatedText": ["", *GERMAN[1:]]})]
    made = Desk(tmp_path, server).make("de", engine="libretranslate", base_url=libre.address)
    assert made.segments[0].translations["de"] == BEES[0]
    assert made.languages[0].note == "1 of 6 segments are as they were said"
