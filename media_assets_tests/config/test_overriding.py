"""What the environment and `.env` say over library.yaml, and the secrets that stand there alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_secrets
from media_assets.config.settings import Settings
from media_assets.pipeline.settings import USUAL_POOLS
from media_assets_tests.config.loading import SOURCES, Load
from media_assets_tests.folders import folder_of

# ------------------------------------------------------------------------------------------- overriding


def test_a_variable_overrides_one_value_and_keeps_the_others_of_its_section(load: Load) -> None:
    settings = load(
        f"{SOURCES}audio: {{bit_rate_kbps: 128, languages: [de]}}", AUDIO__BIT_RATE_KBPS="64", AUDIO__CHANNELS="1"
    )
    assert settings.audio.model_dump() == {"bit_rate_kbps": 64, "languages": ("de",), "channels": 1}


def test_a_variable_overrides_one_value_of_the_transcription_engine(load: Load) -> None:
    settings = load(
        f"{SOURCES}transcription: {{engine: faster-whisper, model: tiny, guards: {{max_repetitions: 5}}}}",
        TRANSCRIPTION__BEAM_SIZE="1",
        TRANSCRIPTION__GUARDS__MAX_COMPRESSION_RATIO="3",
    )
    assert isinstance(settings.transcription, FasterWhisperTranscription)
    assert (settings.transcription.model, settings.transcription.beam_size) == ("tiny", 1)
    assert settings.transcription.guards.max_repetitions == 5
    assert settings.transcription.guards.max_compression_ratio == 3


def test_a_variable_overrides_one_value_of_the_summary_engine(load: Load) -> None:
    settings = load(
        f"{SOURCES}summary: {{engine: openai, model: m, prices: {{m: {{input: 1, output: 2}}}}}}",
        SUMMARY__PRICES__M__OUTPUT="4",
        SUMMARY__PRICES__N='{"input": 5, "output": 6}',
    )
    assert isinstance(settings.summary, OpenAISummary)
    assert settings.summary.model == "m"
    prices = {model: (price.input, price.output) for model, price in settings.summary.prices.items()}
    assert prices == {"m": (1, 4), "n": (5, 6)}


def test_a_variable_alone_is_about_the_default_engine(load: Load) -> None:
    assert load(SOURCES, SUMMARY__KEY_POINTS="7").summary.model_dump()["key_points"] == 7


def test_a_variable_that_chooses_another_engine_leaves_the_keys_of_the_first_behind(load: Load) -> None:
    settings = load(
        f"{SOURCES}transcription: {{engine: faster-whisper, model: large-v3}}\nsummary: {{key_points: 9}}",
        TRANSCRIPTION__ENGINE="openai",
        SUMMARY__ENGINE="openai",
    )
    assert settings.transcription.model_dump()["model"] == "whisper-1"
    assert settings.summary.model_dump()["model"] == "gpt-4o-mini"


def test_a_variable_that_repeats_the_engine_keeps_its_keys(load: Load) -> None:
    settings = load(
        f"{SOURCES}transcription: {{engine: faster-whisper, model: tiny}}\nsummary: {{key_points: 9}}",
        TRANSCRIPTION__ENGINE="faster-whisper",
        SUMMARY__ENGINE="extractive",
    )
    assert settings.transcription.model_dump()["model"] == "tiny"
    assert settings.summary.model_dump()["key_points"] == 9


def test_variables_override_and_add_sources(load: Load, tmp_path: Path) -> None:
    settings = load(
        SOURCES, SOURCES__TALKS__HIDDEN="true", SOURCES__MY_PHONE__PATH="phone", SOURCES__MY_PHONE__INCLUDE='["*.jpg"]'
    )
    assert settings.sources["talks"].include == ("*.mp4",)
    assert settings.sources["talks"].hidden
    assert folder_of(settings.sources["my_phone"]) == tmp_path / "phone"
    assert settings.sources["my_phone"].include == ("*.jpg",)


def test_a_variable_overrides_the_path_of_a_store(load: Load, tmp_path: Path) -> None:
    settings = load(
        f"{SOURCES}stores: {{a: {{path: a}}, b: {{path: b}}}}\noutputs: {{default: {{store: a}}}}", STORES__A__PATH="c"
    )
    assert {name: folder_of(store).name for name, store in settings.stores.items()} == {"a": "c", "b": "b"}


def test_a_variable_overrides_one_value_of_an_output(load: Load) -> None:
    settings = load(
        f"{SOURCES}stores: {{a: {{path: a}}}}\noutputs: {{m4a_audio: {{store: a}}}}",
        OUTPUTS__M4A_AUDIO__PLACEMENT="beside_source",
    )
    assert settings.outputs["m4a_audio"].store == "a"
    assert settings.output_for("m4a_audio") == ("a", "beside_source")


def test_a_variable_overrides_one_value_of_an_asset(load: Load) -> None:
    settings = load(f"{SOURCES}assets: {{transcript: {{batch: 7}}}}", ASSETS__TRANSCRIPT__WORKERS="3")
    tuning = settings.assets["transcript"]
    assert (tuning.batch, tuning.workers, tuning.time_limit_per_media_second) == (7, 3, 6.0)
    assert set(settings.assets) == set(Settings.usual_tuning())


def test_a_variable_overrides_one_pool(load: Load) -> None:
    assert load(f"{SOURCES}pools: {{source: 9}}", POOLS__FFMPEG="5").pools == {
        **USUAL_POOLS,
        "source": 9,
        "ffmpeg": 5,
    }


def test_a_whole_section_and_a_list_are_json_in_a_variable(load: Load) -> None:
    settings = load(
        f"{SOURCES}audio: {{bit_rate_kbps: 128}}",
        AUDIO='{"channels": 2}',
        AUDIO__LANGUAGES='["de", "en"]',
        OWNERS='["team:av"]',
    )
    assert settings.audio.model_dump() == {"bit_rate_kbps": 128, "languages": ("de", "en"), "channels": 2}
    assert settings.owners == ("team:av",)


def test_null_takes_a_value_away_and_an_empty_variable_is_as_if_not_set(load: Load) -> None:
    settings = load(
        f"{SOURCES}audio: {{channels: 2, bit_rate_kbps: 128}}", AUDIO__CHANNELS="null", AUDIO__BIT_RATE_KBPS=""
    )
    assert settings.audio.channels is None
    assert settings.audio.bit_rate_kbps == 128


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(load: Load) -> None:
    settings = load(
        f"{SOURCES}limits: {{min_free_bytes: 1}}\ncache: {{max_bytes: 1, max_age_days: 1}}",
        "MEDIA_ASSETS_LIMITS__MIN_FREE_BYTES=2\nMEDIA_ASSETS_CACHE__MAX_BYTES=2\n",
        LIMITS__MIN_FREE_BYTES="3",
    )
    assert (settings.limits.min_free_bytes, settings.cache.max_bytes, settings.cache.max_age_days) == (3, 2, 1)


def test_settings_built_by_hand_do_not_see_the_environment(tmp_path: Path) -> None:
    os.environ["MEDIA_ASSETS_AUDIO__BIT_RATE_KBPS"] = "64"
    settings = Settings.model_validate({"sources": {"a": {"path": tmp_path}}})
    assert settings.audio.bit_rate_kbps == 96
    assert settings.config_path is None


# ------------------------------------------------------------------------------------------- secrets


def test_secrets_come_from_dotenv_beside_the_file_and_the_environment_wins(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "library.yaml"
    assert load_secrets(file).openai_api_key is None
    load(SOURCES, 'OPENAI_API_KEY="sk-file"\nOTHER=1\n')
    from_file = load_secrets(file).openai_api_key
    assert from_file is not None
    assert from_file.get_secret_value() == "sk-file"
    os.environ["OPENAI_API_KEY"] = "sk-environment"
    from_environment = load_secrets(file).openai_api_key
    assert from_environment is not None
    assert from_environment.get_secret_value() == "sk-environment"


def test_an_empty_secret_is_none(tmp_path: Path) -> None:
    os.environ["OPENAI_API_KEY"] = ""
    assert load_secrets(tmp_path / "library.yaml").openai_api_key is None


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    os.environ["OPENAI_API_KEY"] = "sk-hush"
    secrets = load_secrets(tmp_path / "library.yaml")
    assert "hush" not in f"{secrets!r}{secrets!s}{secrets.model_dump()}{secrets.model_dump_json()}"


def test_a_dotenv_that_is_no_text_is_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load(SOURCES)
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load_secrets(tmp_path / "library.yaml")
