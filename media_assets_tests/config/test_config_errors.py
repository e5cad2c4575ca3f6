"""Mistakes in library.yaml: all are told at once, each with its key, where it stands, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.model import MODEL_MEGABYTES
from media_assets.base.errors import Fatal
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets_tests.config.loading import SOURCES, Load, problems
from media_assets_tests.folders import folder_of


def test_settings_errors_are_fatal() -> None:
    assert issubclass(SettingsError, Fatal)


def test_each_problem_is_told_with_its_key_its_value_what_is_allowed_and_where_it_came_from(
    load: Load, tmp_path: Path
) -> None:
    file = tmp_path / "library.yaml"
    found = problems(
        load,
        f"{SOURCES}audio: {{bit_rate_kbps: 5}}\ntranscription: {{engine: faster-whisper, device: gpu}}\nowners: [me]",
        "MEDIA_ASSETS_RETRIES__MAX_RETRIES=-1\n",
        TRANSCRIPTION__COMPUTE_TYPE="int9",
        AUDIO__LANGUAGES="de",
    )
    assert found["audio.bit_rate_kbps"] == f"5 should be greater than or equal to 16 (from {file})"
    assert found["transcription.device"] == f"\"gpu\" should be 'auto', 'cpu' or 'cuda' (from {file})"
    assert found["owners.0"] == f'"me" should be an e-mail address, or team:<name> (from {file})'
    assert found["retries.max_retries"].startswith('"-1" should be greater than or equal to 0')
    assert found["retries.max_retries"].endswith(
        f"(from the variable MEDIA_ASSETS_RETRIES__MAX_RETRIES in {tmp_path / '.env'})"
    )
    assert found["transcription.compute_type"].startswith("\"int9\" should be 'default', 'auto', 'int8'")
    assert found["transcription.compute_type"].endswith("(from the variable MEDIA_ASSETS_TRANSCRIPTION__COMPUTE_TYPE)")
    assert found["audio.languages"].startswith('"de" should be a list; in a variable it is written as JSON')
    assert len(found) == 6


@pytest.mark.parametrize(
    ("text", "key", "form"),
    [
        ("sources: {talks: ../lib}", "sources.talks", "write talks: {path: …}"),
        ("sources: [a]", "sources", "write sources: {name: {…}}"),
        (f"{SOURCES}assets: {{dedup_index: true}}", "assets.dedup_index", "write dedup_index: {enabled: true}"),
        (f"{SOURCES}audio: 5", "audio", "write audio: {languages: …}"),
        ("sources: {a: {path: b, include: '*.mp4'}}", "sources.a.include", 'write include: ["*.mp4"]'),
        ("sources: {a: {path: b, exclude: 5}}", "sources.a.exclude", "write exclude: [a, b]"),
        (f"{SOURCES}transcription: faster_whisper", "transcription", "write transcription: {engine: faster-whisper}"),
        (f"{SOURCES}duplicates: true", "duplicates", "write duplicates: {fingerprints: …}"),
        (f"{SOURCES}stores: {{out: ../out}}", "stores.out", "write out: {path: …}"),
        (f"{SOURCES}outputs: {{summary: artifacts}}", "outputs.summary", "write summary: {store: …}"),
        ("", "sources", "write sources: {name: {path: …}}"),
    ],
)
def test_another_form_than_is_due_is_told_with_the_right_one(load: Load, text: str, key: str, form: str) -> None:
    assert form in problems(load, text)[key]


def test_a_key_nobody_knows_is_an_error_that_lists_the_known_ones(load: Load) -> None:
    found = problems(load, f"{SOURCES}transcripton: {{}}\naudio: {{bitrate: 5}}\nsources2: {{}}")
    assert "did you mean transcription?" in found["transcripton"]
    assert "only languages, bit_rate_kbps, channels; did you mean bit_rate_kbps?" in found["audio.bitrate"]


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        (f"{SOURCES}transcripton: {{}}", "transcripton", "transcription"),
        ("source: {a: {path: x}}", "source", "sources"),
        ("sources: {a: {pth: x}}", "sources.a.pth", "path"),
        ("sources: {a: {type: drive, folder: [x]}}", "sources.a.folder", "folders"),
        ("sources: {a: {type: drve, folders: [x]}}", "sources.a.type", "drive"),
        (f"{SOURCES}assets: {{transcrpt: {{enabled: true}}}}", "assets.transcrpt", "transcript"),
        (f"{SOURCES}assets: {{summary: {{bach: 5}}}}", "assets.summary.bach", "batch"),
        (f"{SOURCES}pools: {{ffmeg: 1}}", "pools.ffmeg", "ffmpeg"),
        (f"{SOURCES}stores: {{out: {{path: y}}}}\noutputs: {{default: {{store: ot}}}}", "outputs.default.store", "out"),
        (f"{SOURCES}outputs: {{sumary: {{placement: folder}}}}", "outputs.sumary", "summary"),
        (f"{SOURCES}transcription: {{engine: faster_whisper}}", "transcription.engine", "faster-whisper"),
        (f"{SOURCES}webhooks: {{b: {{url: 'http://x', assets: [sumary]}}}}", "webhooks.b.assets", "summary"),
    ],
)
def test_a_slip_is_one_error_with_the_name_that_was_meant(load: Load, text: str, key: str, meant: str) -> None:
    found = problems(load, text)
    assert list(found) == [key]
    assert f"did you mean {meant}?" in found[key]


def test_many_names_are_not_listed_where_one_is_close(load: Load) -> None:
    assert "budgets" not in problems(load, f"{SOURCES}transcripton: {{}}")["transcripton"]
    assert "budgets" in problems(load, f"{SOURCES}zzz: {{}}")["zzz"]


@pytest.mark.parametrize(
    ("text", "key", "form"),
    [
        ("cache: {max_bytes: 10GB}", "cache.max_bytes", "a whole number of bytes, without a unit: write 10000000000"),
        ("cache: {max_bytes: 10 GiB}", "cache.max_bytes", "write 10737418240"),
        ("cache: {max_bytes: '1,5 GB'}", "cache.max_bytes", "write 1500000000"),
        ("cache: {max_bytes: 1e9}", "cache.max_bytes", "write 1000000000"),
        ("cache: {max_bytes: lots}", "cache.max_bytes", "a whole number of bytes, without a unit (from"),
        ("cache: {max_age_days: 2 weeks}", "cache.max_age_days", "write 14"),
        ("cache: {max_age_days: '1,5'}", "cache.max_age_days", "write 1.5"),
        ("limits: {max_media_hours: 1h30}", "limits.max_media_hours", "a number of hours, without a unit: write 1.5"),
        ("limits: {max_media_hours: 90 min}", "limits.max_media_hours", "write 1.5"),
        ("automation: {settle_seconds: 2 min}", "automation.settle_seconds", "write 120"),
        (
            "automation: {condition_interval_seconds: 1:30}",
            "automation.condition_interval_seconds",
            "number of seconds",
        ),
        ("automation: {live_files: 2.5}", "automation.live_files", "should be a whole number"),
        ("assets: {summary: {enabled: maybe}}", "assets.summary.enabled", "should be true or false"),
        ("ffmpeg: {path: 7}", "ffmpeg.path", "write it in quotes: '7'"),
        ("audio: {languages: [no]}", "audio.languages.0", "YAML takes yes, no, on and off for true and false"),
        ("alerts: {digest_at: 7:30}", "alerts.digest_at", '"7:30" should be a time of day such as 07:00'),
        ("images: {exclude: x}", "images.exclude", "there is no such key"),
        ("ui_base_url: ${HOST}", "ui_base_url", "nothing is filled in here; write it out, or set MEDIA_ASSETS_UI_BASE"),
        ("sources: {a: {path: x, include: ['[z-a]']}}", "sources.a.include.0", "([z-a]) should be a glob"),
        ("sources: {a: {path: x, exclude: ['']}}", "sources.a.exclude.0", "should be a glob such as **/*.mp4"),
        (
            "transcription_rules: [{when: {paths: ['[9-1]']}, use: {engine: openai}}]",
            "transcription_rules.0.when.paths.0",
            "should be a glob",
        ),
        ("sources: {1: {path: x}}", "sources.1", '"1" should be a name of a-z'),
        ("sources: {2024-01-01: {path: x}}", "sources.2024-01-01", "should be a name of a-z"),
        ("assets: {yes: {enabled: true}}", "assets.yes", '"yes" should be one of'),
        ("2: x", "2", "there is no such key"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_the_right_form(load: Load, text: str, key: str, form: str) -> None:
    found = problems(load, text if text.startswith("sources") else f"{SOURCES}{text}")
    assert form in found[key]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sources: {talks: {path: ''}}\n", "sources.talks.path"),
        ("sources: {talks: {path: '  '}}\n", "sources.talks.path"),
        ("sources: {talks: {path: a}}\nstores: {out: {path: ''}}\n", "stores.out.path"),
        ("sources: {talks: {path: a}}\nstate_dir: ' '\n", "state_dir"),
        ("sources: {talks: {path: a}}\nffmpeg: {path: ''}\n", "ffmpeg.path"),
        ("sources: {talks: {type: drive, folders: ['']}}\n", "sources.talks.folders"),
    ],
)
def test_an_empty_path_names_no_place(load: Load, text: str, key: str) -> None:
    found = problems(load, text)
    assert list(found) == [key]
    assert "is empty; name " in found[key]


def test_a_path_of_windows_is_told_as_such(load: Load) -> None:
    found = problems(load, "sources: {talks: {path: C:\\Users\\me\\media}}\n")
    assert "is a path of Windows" in found["sources.talks.path"]


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("[abc", "has no `]`"),
        ("x/[a]b[", "has no `]`"),
        ("/abs/**", "below the source"),
        ("~/x", "below the source"),
        ("../x", "leads out"),
        ("a/../b", "leads out"),
        ("", "should be a glob"),
    ],
)
@pytest.mark.parametrize("list_of_globs", ["include", "exclude"])
def test_a_glob_that_can_match_nothing_is_told_with_the_reason(
    load: Load, list_of_globs: str, glob: str, why: str
) -> None:
    found = problems(load, f"sources: {{talks: {{path: a, {list_of_globs}: ['ok', '{glob}']}}}}\n")
    assert list(found) == [f"sources.talks.{list_of_globs}.1"]
    assert why in found[f"sources.talks.{list_of_globs}.1"]


def test_rules_without_an_engine_are_told_the_engines_and_with_what_other_rules_lack(load: Load) -> None:
    text = (
        "sources: {talks: {path: a}}\n"
        "transcription_rules: [{when: {}, use: {}}, {when: {sources: [foo]}, use: {engine: openai}}]\n"
        "summary_rules: [{when: {sources: [talks]}, use: {}}, {when: {sources: [bar]}, use: {}}]\n"
    )
    found = problems(load, text)
    assert set(found) == {
        "transcription_rules.0.when",
        "transcription_rules.0.use",
        "transcription_rules.1.when.sources",
        "summary_rules.0.use",
        "summary_rules.1.use",
        "summary_rules.1.when.sources",
    }
    engines = "'faster-whisper', 'modal', 'openai'"
    assert f"has no `engine`; should be one of {engines}" in found["transcription_rules.0.use"]


def test_text_that_yaml_takes_for_something_else_is_text(load: Load, tmp_path: Path) -> None:
    settings = load("sources: {a: {path: 2024-01-01}}\nautomation: {live_files: 010, source_interval_seconds: 1_000}")
    assert folder_of(settings.sources["a"]) == tmp_path / "2024-01-01"
    assert settings.automation.live_files == 10
    assert settings.automation.source_interval_seconds == 1000
    assert load(f"{SOURCES}assets: {{dedup_index: {{enabled: on}}}}").assets["dedup_index"].enabled


def test_everything_that_is_wrong_is_told_at_once(load: Load) -> None:
    text = (
        "sources: {talks: {path: talks, include: ['[z-a]']}, other: {path: [1]}}\n"
        "assets: {transcript: {batch: 50}, nosuch: {}, summary: {workers: 0}}\n"
        "transcription: {engine: faster-whisper, model: large-v9}\n"
        "transcription_rules: [{when: {sources: [nosuch]}, use: {engine: faster-whisper, model: huge}}]\n"
        "outputs: {default: {store: nosuch}, summary: {placement: beside_source}}\n"
        "alerts: {channels: {team: {}, pager: {}}}\n"
        "webhooks: {b: {url: 'http://x', assets: [nosuch]}}\n"
        "automatoin: {}\n"
    )
    found = problems(load, text, "ALERT_URLS__PAGER=json://x\n")
    assert set(found) == {
        "sources.talks.include.0",
        "sources.other.path",
        "assets.transcript.batch",
        "assets.nosuch",
        "assets.summary.workers",
        "transcription.model",
        "transcription_rules.0.use.model",
        "transcription_rules.0.when.sources",
        "outputs.default.store",
        "alerts.channels.team",
        "webhooks.b.assets",
        "automatoin",
    }
    assert "ALERT_URLS__TEAM" in found["alerts.channels.team"]
    assert "there is no model large-v9" in found["transcription.model"]


def test_keys_that_are_there_twice_places_in_one_another_and_stages_without_theirs_are_told_with_the_rest(
    load: Load,
) -> None:
    text = (
        "sources: {My Talks: {path: a}, no: {path: a}}\n"
        "assets: {summary: {batch: 50}, m4a_audio: {enabled: false}}\n"
        "audio: {channels: 1}\n"
        "audio: {channels: 0, channels: 0}\n"
    )
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert sorted((".".join(problem.key), problem.text.split()[1]) for problem in caught.value.problems) == [
        ("assets.summary.batch", "should"),
        ("assets.transcript.enabled", "be"),
        ("audio", "there"),
        ("audio.channels", "should"),
        ("audio.channels", "there"),
        ("sources.My Talks", 'Talks"'),
        ("sources.no.path", "should"),
    ]


def test_a_control_character_is_told_by_its_code_and_line(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("# ä\nsources: {a: {path: 'x\a'}}\n")
    with pytest.raises(SettingsError, match=r"line 2 holds a control character \(\\x07\).*\n?.*Remove it"):
        load_settings(tmp_path / "library.yaml")


def test_what_is_taken_away_to_find_the_rest_makes_no_error_of_its_own(load: Load) -> None:
    text = (
        "sources: {talks: {path: [1]}}\nstores: {out: 5}\noutputs: {default: {store: out, placement: beside_source}}\n"
        "transcription_rules: [{when: {sources: [talks]}, use: {engine: openai}}]\naudio: {channels: 0}\n"
    )
    assert set(problems(load, text)) == {"sources.talks.path", "stores.out", "audio.channels"}


def test_the_models_that_are_known_are_those_of_faster_whisper() -> None:
    faster_whisper = pytest.importorskip("faster_whisper")
    assert set(MODEL_MEGABYTES) == set(faster_whisper.available_models())


def test_a_key_of_another_engine_is_an_error_that_names_the_engine(load: Load) -> None:
    found = problems(load, f"{SOURCES}summary: {{model: gpt-4o}}")
    assert found["summary.model"].startswith("there is no such key with engine: extractive, only engine, abstract_")


@pytest.mark.parametrize("engine", ["whisper", "", "[1]"])
def test_an_engine_nobody_knows_is_an_error_that_lists_the_known_ones(load: Load, engine: str) -> None:
    found = problems(load, f"{SOURCES}transcription: {{engine: {engine}}}")
    assert "should be one of 'faster-whisper', 'modal'" in found["transcription.engine"]


def test_variables_that_lead_to_no_key_are_errors(load: Load) -> None:
    found = problems(
        load, SOURCES, "MEDIA_ASSETS_FOO=1\n", AUDI__X="1", STATE_DIR__X="2", AUDIO__CHANNELS="1", AUDIO__Y="3"
    )
    assert set(found) == {"foo", "audi", "state_dir.x", "audio.y"}
    assert found["audi"].endswith("did you mean audio? (from the variable MEDIA_ASSETS_AUDI__X)")
    assert found["foo"].endswith("/.env)")


def test_what_a_new_source_lacks_is_told_with_the_variable_that_made_it(load: Load) -> None:
    found = problems(load, SOURCES, SOURCES__PHONE__HIDDEN="true")
    assert found == {"sources.phone.path": "is missing (from the variable MEDIA_ASSETS_SOURCES__PHONE__HIDDEN)"}


def test_there_must_be_a_source(load: Load) -> None:
    assert problems(load, "")["sources"].startswith("is missing")
    assert problems(load, "sources: {}")["sources"].startswith("should have at least one entry")


@pytest.mark.parametrize("name", ["Talks", "my talks", "2nd", "a-b", "a__b", "a_", "ä"])
def test_a_source_needs_a_name_that_can_be_part_of_keys_and_variables(load: Load, name: str) -> None:
    found = problems(load, f"sources: {{{name}: {{path: x}}}}")
    assert "should be a name of a-z" in found[f"sources.{name}"]


def test_infinite_numbers_are_refused(load: Load) -> None:
    assert "finite" in problems(load, f"{SOURCES}retries: {{delay_seconds: .inf}}")["retries.delay_seconds"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("openai_api_key: sk-hush", "openai_api_key"),
        ("summary: {engine: openai, api_key: sk-hush}", "summary.api_key"),
        ("summary: {engine: openai, base_url: 'https://me:sk-hush@host/v1'}", "summary.base_url"),
        ("summary: {engine: openai, base_url: 'https://host/v1?key=sk-hush'}", "summary.base_url"),
        ("openai: {api_key: sk-hush}", "openai"),
        ("audio: [sk-hush]", "audio"),
    ],
)
def test_a_secret_in_the_file_is_an_error_that_does_not_show_it(load: Load, text: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(SOURCES + text)
    assert [".".join(problem.key) for problem in caught.value.problems] == [key]
    assert "hush" not in f"{caught.value!s}{caught.value!r}{caught.value.__cause__}"


def test_a_secret_in_the_file_is_sent_to_the_environment(load: Load) -> None:
    found = problems(load, f"{SOURCES}openai_api_key: sk-hush", OPENAI_API_KEY="sk-hush")
    assert "environment or in .env beside library.yaml, by the names OPENAI_API_KEY" in found["openai_api_key"]
