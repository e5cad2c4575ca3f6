"""The key `language` of the transcript: one language, several, or auto."""

from __future__ import annotations

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.languages import KNOWN, whisper_code
from media_assets_tests.config.loading import SOURCES, Load, problems

WRITTEN = {
    "zh": ["zh", "zh-CN", "zh_Hans", "ZH-tw", "cmn", "Chinese", "mandarin", "Simplified Chinese", "中文", "zho_Hans"],
    "yue": ["yue", "zh-yue", "cantonese", "粵語"],
    "pt": ["pt-BR", "pt_br", "por", "portuguese", "Portuguese (Brazil)", "Brazilian Portuguese", "Português"],
    "en": ["EN", "english", " en-US ", "eng", "English (US)", "<|en|>", "en_US.UTF-8", "en/English"],
    "de": ["deu", "ger", "de-AT", "German", "Deutsch"],
    "he": ["iw", "he", "עברית"],
    "id": ["in", "ind", "Indonesian"],
    "jw": ["jv", "jw", "javanese"],
    "no": ["nb", "no", "nor", "nob", "Norwegian Bokmål", "Bokma\u030al"],
    "el": ["Greek, Modern (1453-)"],
    "fa": ["Farsi", "prs", "pes", "فارسی"],
    "ht": ["haitian creole", "Haitian"],
}


@pytest.mark.parametrize(("code", "written"), [(code, each) for code, forms in WRITTEN.items() for each in forms])
def test_a_language_is_known_in_every_form(code: str, written: str):
    assert whisper_code(written) == code


def test_the_codes_are_those_of_the_installed_whisper():
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(KNOWN) == set(_LANGUAGE_CODES)
    assert all(whisper_code(code) == code for code in KNOWN)


@pytest.mark.parametrize(
    ("yaml", "language"),
    [
        ("auto", None),
        ("", None),
        ("[auto]", None),
        ("zh-CN", "zh"),
        ("[de]", "de"),
        ("[de, de-AT]", "de"),
        ("[de, english]", ("de", "en")),
        ("de, en", ("de", "en")),
    ],
)
@pytest.mark.parametrize("engine", ["faster-whisper", "modal", "openai"])
def test_one_language_or_several_are_set(load: Load, engine: str, yaml: str, language: object):
    assert (
        load(
            f"{SOURCES}transcription: {{engine: {engine}, language: {yaml or 'null'}}}".replace(
                "language: de, en", "language: 'de, en'"
            )
        ).transcription.language
        == language
    )


def test_variables_set_lists_too(load: Load):
    several = load(SOURCES, TRANSCRIPTION__LANGUAGE='["de", "en"]').transcription
    assert several.language == ("de", "en")
    assert load(SOURCES, TRANSCRIPTION__LANGUAGE="pt-BR").transcription.language == "pt"


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("xx", "('xx') is no language that is known here; write auto, one of af, am, ar"),
        ("[de, klingon]", "('klingon') is no language"),
        ("[]", "is an empty list; write auto, a language such as en, or a list such as [de, en]"),
        ("''", "('') is no language"),
        ("unknown", "('unknown') is no language"),
        ("und", "('und') is no language"),
        ("mul", "('mul') is no language"),
        ("[auto, de]", "has auto beside other languages"),
        ("no", "YAML takes yes, no, on and off for true and false: put it in quotes"),
        ("[de, no]", "put it in quotes"),
        ("5", "(5) is no language"),
        ("{de: 1}", "is no language"),
    ],
)
def test_what_is_no_language_is_told_with_its_key_and_those_that_are(load: Load, yaml: str, says: str):
    assert says in problems(load, f"{SOURCES}transcription: {{language: {yaml}}}")["transcription.language"]


def test_settings_of_before_have_the_fingerprint_of_before():
    plain = FasterWhisperTranscription().result_settings()
    assert plain["language"] is None
    assert FasterWhisperTranscription(language="auto").result_settings() == plain
    assert FasterWhisperTranscription(language="de").result_settings() == plain | {"language": "de"}
    assert FasterWhisperTranscription(language=["de"]).result_settings() == plain | {"language": "de"}
    assert FasterWhisperTranscription(language=["de", "en"]).result_settings() == plain | {"language": ["de", "en"]}


def test_a_server_may_know_languages_that_whisper_does_not():
    assert OpenAITranscription(engine="openai", language="ga").language == "ga"
