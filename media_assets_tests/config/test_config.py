"""Loading of library.yaml, `.env` and the environment."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.transcript.engines.faster_whisper.model import MODEL_MEGABYTES
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.base.errors import Fatal
from media_assets.config.errors import SettingsError
from media_assets.config.load import CONFIG_VARIABLE, config_path, load_secrets, load_settings
from media_assets.config.settings import Settings
from media_assets.pipeline.settings import USUAL_POOLS
from media_assets_tests.folders import folder_of
from media_assets_tests.toy_library import unprivileged_folder

SOURCES = "sources: {talks: {path: talks, include: ['*.mp4']}}\n"

Load = Callable[..., Settings]


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """What the tests set is gone afterwards, and what surrounds them is not seen by them."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("MEDIA_ASSETS_") or name == "OPENAI_API_KEY":
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a library.yaml with this text, in an environment with these variables."""

    def load(text: str, dotenv: str = "", **environment: str) -> Settings:
        (tmp_path / "library.yaml").write_text(text)
        if dotenv:
            (tmp_path / ".env").write_text(dotenv)
        os.environ.update({f"MEDIA_ASSETS_{name}": value for name, value in environment.items()})
        return load_settings(tmp_path / "library.yaml")

    return load


def problems(load: Load, text: str, dotenv: str = "", **environment: str) -> dict[str, str]:
    """The lines of the error, by key."""
    with pytest.raises(SettingsError) as caught:
        load(text, dotenv, **environment)
    lines = [line.strip() for line in str(caught.value).splitlines()[1:-1]]
    assert len(lines) == len(caught.value.problems)
    return dict(line.split(": ", 1) for line in lines)


# ------------------------------------------------------------------------------------------- where the file is


def test_the_file_is_the_argument_else_the_variable_else_in_the_working_directory(tmp_path: Path) -> None:
    assert config_path() == Path.cwd() / "library.yaml"
    os.environ[CONFIG_VARIABLE] = str(tmp_path / "else.yaml")
    assert config_path() == tmp_path / "else.yaml"
    assert config_path(tmp_path / "this.yaml") == tmp_path / "this.yaml"


def test_an_empty_variable_names_no_file() -> None:
    os.environ[CONFIG_VARIABLE] = ""
    assert config_path() == Path.cwd() / "library.yaml"


def test_the_variable_of_the_file_is_no_setting(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(SOURCES)
    os.environ[CONFIG_VARIABLE] = str(tmp_path / "library.yaml")
    settings = load_settings()
    assert settings.config_path == tmp_path / "library.yaml"
    assert folder_of(settings.sources["talks"]) == tmp_path / "talks"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "library.yaml")
    assert str(tmp_path / "library.yaml") in caught.value.reason
    assert "`media-assets init` writes one" in caught.value.next_step
    assert CONFIG_VARIABLE in caught.value.next_step


def test_a_folder_is_not_taken_for_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="directory"):
        load_settings(tmp_path)


# ------------------------------------------------------------------------------------------- the YAML


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("sources:\n  talks: {path: x\n", "line 3, column 1", "expected"),
        ("sources:\n  a:\n\tpath: x\n", "line 3, column 1", "tab|'\\\\t'"),
        ("audio: {}\nsources: {a: {path: x}}\naudio: {}\n", "line 3, column 1", "audio is there twice"),
        ("sources: {a: {path: x, path: y}}\n", "line 1, column 24", "path is there twice"),
        ("- a\n- b\n", "line 1, column 1", "mapping of sections"),
    ],
)
def test_a_mistake_in_the_yaml_is_told_with_file_line_and_column(
    load: Load, tmp_path: Path, text: str, place: str, reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason) as caught:
        load(text)
    assert f"{tmp_path / 'library.yaml'}, {place}: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("sources:\n  a:\n\tpath: x\n", "Indent with spaces"),
        ('sources: {a: {path: "C:\\Users\\me"}}\n', "Use single quotes"),
        ('sources: {a: {path: "\\media"}}\n', "Use single quotes"),
        ('sources: {a: {path: "C:\\new\\talks"}}\n', "Use single quotes"),
        ("sources:\n  a:\n    path:\tx\n    hidden:\t\n\t- y", "Indent with spaces"),
        ("sources:\n  a:\n    include: *.mp4\n", "quotes around text that begins with *"),
        ("sources: {a: {path: *x}}\n", "quotes around text that begins with *"),
        ("sources: {a: {path: x}}\n---\naudio: {}\n", "Take out the line `---`"),
        ("sources: {a: {path: x}}\nsources: {b: {path: x}}\n", "Keep one of them"),
        ("sources: {a: {path: 'it's here'}}\n", "between quotes"),
        ("sources: &a {m: *a}\n", "Write out what the aliases stand for"),
        ("? [1, 2]\n: 3\n", "Correct the YAML there"),
        ('sources: {a: {path: "x\\0y"}}\n', "Correct the YAML there"),
        ("audio: {channels: " + "9" * 5000 + "}\n", "Write a number"),
        ("a: " + "[" * 3000 + "\n", "Name the right file"),
        ("#" * 1_000_001, "Name the right file"),
    ],
)
def test_a_common_mistake_in_the_yaml_is_told_with_its_cure(load: Load, text: str, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert advice in caught.value.next_step


def bomb(member: str) -> str:
    """Nine lines that stand for a thousand million values."""
    names = [f"a{number}" for number in range(10)]
    lines = [f"{above}: &{above} {member.replace('…', f'*{below}')}" for below, above in itertools.pairwise(names)]
    return "\n".join(["a0: &a0 {k: x}", *lines, "sources: *a9", ""])


@pytest.mark.parametrize(
    "member",
    [
        f"[{', '.join(['…'] * 10)}]",
        f"{{{', '.join(f'k{number}: …' for number in range(10))}}}",
        f"{{<<: [{', '.join(['…'] * 10)}]}}",
    ],
    ids=["lists", "mappings", "merged"],
)
def test_aliases_that_unfold_without_end_are_refused_at_once(load: Load, member: str) -> None:
    with pytest.raises(SettingsError, match="unfolds to more than 100000 values"):
        load(bomb(member))


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: f"---\n{text}...\n".encode(),
    ],
    ids=["with a mark", "utf-16", "of Windows", "marked as a document"],
)
def test_text_is_read_however_editors_save_it(tmp_path: Path, encode: Callable[[str], bytes]) -> None:
    (tmp_path / "library.yaml").write_bytes(encode(SOURCES + "audio: {channels: 1}\n"))
    assert load_settings(tmp_path / "library.yaml").audio.channels == 1


def test_a_dotenv_that_is_a_folder_is_told(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env is a folder, not a file"):
        load(SOURCES)


def test_a_dotenv_that_may_not_be_read_is_told() -> None:
    with unprivileged_folder() as folder:
        (folder / "library.yaml").write_text(SOURCES)
        (folder / ".env").touch(mode=0)
        with pytest.raises(SettingsError, match=r"\.env may not be read"):
            load_settings(folder / "library.yaml")


def test_bytes_that_are_no_text_are_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_bytes(b"sources: \xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"library\.yaml is no YAML.*UTF-8"):
        load_settings(tmp_path / "library.yaml")


def test_a_merge_key_may_be_overridden_and_is_no_key_that_is_there_twice(load: Load) -> None:
    settings = load("sources:\n  a: &a {path: a, hidden: true}\n  b: {<<: *a, path: b}\n")
    assert settings.sources["b"].hidden
    assert folder_of(settings.sources["b"]).name == "b"


def test_a_section_without_content_has_its_defaults(load: Load) -> None:
    settings = load(f"{SOURCES}audio:\nassets:\n  summary:\n")
    assert settings.audio.bit_rate_kbps == 96
    assert settings.assets["summary"] == Settings.usual_tuning()["summary"]


# ------------------------------------------------------------------------------------------- paths


def test_relative_paths_start_at_the_folder_of_the_file(load: Load, tmp_path: Path) -> None:
    settings = load(
        """
        state_dir: state
        sources: {a: {path: ./a/../b}}
        stores: {s: {path: s}}
        ffmpeg: {path: bin/ffmpeg}
        transcription: {engine: faster-whisper, model: ./models/tiny, download_dir: ../models}
        """
    )
    assert settings.state_dir == tmp_path / "state"
    assert folder_of(settings.sources["a"]) == tmp_path / "b"
    assert folder_of(settings.stores["s"]) == tmp_path / "s"
    assert settings.ffmpeg.path == tmp_path / "bin/ffmpeg"
    assert isinstance(settings.transcription, FasterWhisperTranscription)
    assert settings.transcription.model == str(tmp_path / "models/tiny")
    assert settings.transcription.download_dir == tmp_path.parent / "models"


def test_default_paths_are_absolute_too(load: Load, tmp_path: Path) -> None:
    settings = load(SOURCES)
    assert settings.state_dir == tmp_path / ".media_assets"
    assert folder_of(settings.stores["artifacts"]) == tmp_path / "artifacts"


def test_the_engine_need_not_be_named_to_set_the_keys_of_the_default_one(load: Load) -> None:
    settings = load(f"{SOURCES}transcription: {{language: en}}").transcription
    assert settings == FasterWhisperTranscription(model="tiny.en", language="en", compute_type="auto")
    assert load(SOURCES).transcription == FasterWhisperTranscription()


@pytest.mark.parametrize(
    "section",
    [
        "transcription: {engine: pocketsphinx}",
        "transcription: {engine: pocketsphinx, model_dir: de, language: de}",
        "transcription_rules: [{when: {paths: ['*']}, use: {engine: pocketsphinx}}]",
    ],
)
def test_an_engine_of_earlier_versions_is_told_with_what_to_write_instead(load: Load, section: str) -> None:
    (problem,) = problems(load, f"{SOURCES}{section}").values()
    assert problem.startswith('"pocketsphinx" is an engine no longer; write faster-whisper')
    assert "stays readable" in problem


def test_an_engine_of_earlier_versions_is_told_of_a_variable_too(load: Load) -> None:
    found = problems(load, SOURCES, TRANSCRIPTION__ENGINE="pocketsphinx")
    assert "from the variable MEDIA_ASSETS_TRANSCRIPTION__ENGINE" in found["transcription.engine"]


def test_a_tilde_is_the_home_directory(load: Load, tmp_path: Path) -> None:
    os.environ["HOME"] = str(tmp_path / "home")
    assert folder_of(load("sources: {a: {path: ~/a}}").sources["a"]) == tmp_path / "home/a"


@pytest.mark.parametrize("model", ["small", "large-v3", "Systran/faster-whisper-small"])
def test_the_name_of_a_model_is_no_path(load: Load, model: str) -> None:
    settings = load(f"{SOURCES}transcription: {{engine: faster-whisper, model: {model}}}")
    assert isinstance(settings.transcription, FasterWhisperTranscription)
    assert settings.transcription.model == model


def test_a_relative_path_in_a_variable_starts_at_the_folder_of_the_file_too(load: Load, tmp_path: Path) -> None:
    assert load(SOURCES, STATE_DIR="elsewhere").state_dir == tmp_path / "elsewhere"


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


# ------------------------------------------------------------------------------------------- errors


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


# ------------------------------------------------------------------------------------------- rules between keys


@pytest.mark.parametrize(
    ("outer", "inner", "key"),
    [
        ("type: bucket, url: s3://b/talks", "type: bucket, url: s3://b/talks/2024", "url"),
        ("type: bucket, url: s3://b", "type: bucket, url: s3://b/talks", "url"),
        ("type: drive, folders: [My Drive/Talks]", "type: drive, folders: [X, My Drive/Talks/2024]", "folders"),
        ("type: drive_desktop", "type: drive_desktop, folder: My Drive/Talks", "folder"),
    ],
)
def test_places_elsewhere_may_not_lie_in_one_another_either(load: Load, outer: str, inner: str, key: str) -> None:
    found = problems(load, f"sources: {{more: {{{inner}}}, talks: {{{outer}}}}}")
    assert set(found) == {f"sources.more.{key}"}
    assert "processed twice" in found[f"sources.more.{key}"]


@pytest.mark.parametrize(
    "other",
    [
        "type: bucket, url: s3://b/talks2",
        "type: bucket, url: s3://other/talks",
        "type: bucket, url: gs://b/talks, endpoint: https://gs.example.com",
        "type: drive, folders: [b/talks]",
    ],
)
def test_places_that_only_look_alike_are_apart(load: Load, other: str) -> None:
    load(f"sources: {{talks: {{type: bucket, url: s3://b/talks}}, more: {{{other}}}}}")


def test_a_store_around_a_source_in_its_bucket_is_refused(load: Load) -> None:
    source, store = "type: bucket, url: s3://b/x/talks", "type: bucket, url: s3://b/x"
    found = problems(load, f"sources: {{talks: {{{source}}}}}\nstores: {{all: {{{store}}}}}")
    assert set(found) == {"stores.all.url"}
    assert "artifacts would be taken for sources" in found["stores.all.url"]


BESIDE = "outputs: {default: {store: s}, m4a_audio: {placement: beside_source}}"


@pytest.mark.parametrize(
    ("source", "store"),
    [
        ("type: drive, folders: [a]", "type: folder, path: x"),
        ("path: a", "type: drive, folder: x"),
        ("type: drive, folders: [a]", "type: drive, folder: x, api_endpoint: https://drive.example.com"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://c/x"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://b/x, endpoint: https://s3.example.com"),
    ],
)
def test_a_store_elsewhere_cannot_put_artifacts_beside_their_sources(load: Load, source: str, store: str) -> None:
    found = problems(load, f"sources: {{talks: {{{source}}}}}\nstores: {{s: {{{store}}}}}\n{BESIDE}")
    assert set(found) == {"outputs.m4a_audio.placement"}
    assert "the store s " in found["outputs.m4a_audio.placement"]


@pytest.mark.parametrize(
    ("source", "store"),
    [
        ("type: drive, folders: [a]", "type: drive, folder: x"),
        ("type: drive_desktop", "type: folder, path: x"),
        ("type: bucket, url: s3://b/a", "type: bucket, url: s3://b/x"),
    ],
)
def test_a_store_in_the_same_place_can(load: Load, source: str, store: str) -> None:
    settings = load(f"sources: {{talks: {{{source}}}}}\nstores: {{s: {{{store}}}}}\n{BESIDE}")
    assert settings.output_for("m4a_audio").placement == "beside_source"
    assert settings.output_for("transcript").placement == "folder"


@pytest.mark.parametrize("url", ["http://b/x", "b/x", "s3://", "s3://key:secret@b/x", "s3://b/x?token=hush"])
def test_what_is_no_address_of_a_bucket_is_refused_without_being_repeated(load: Load, url: str) -> None:
    found = problems(load, f"sources: {{talks: {{type: bucket, url: '{url}'}}}}")
    assert set(found) == {"sources.talks.url"}
    assert "s3://bucket/prefix" in found["sources.talks.url"]
    assert "secret" not in found["sources.talks.url"]
    assert "hush" not in found["sources.talks.url"]


def test_an_unknown_kind_of_place_names_the_known_ones(load: Load) -> None:
    found = problems(load, "sources: {talks: {type: dropbox, path: x}}")
    assert "'folder', 'drive_desktop', 'drive', 'bucket'" in found["sources.talks.type"]


@pytest.mark.parametrize("inner", ["talks", "talks/2024", "talks/x/../y"])
def test_a_source_inside_another_is_refused(load: Load, tmp_path: Path, inner: str) -> None:
    found = problems(load, f"sources: {{talks: {{path: talks}}, more: {{path: {inner}}}}}")
    assert set(found) == {"sources.more.path"}
    assert f"should not lie in the folder of source talks, {tmp_path / 'talks'}" in found["sources.more.path"]


def test_a_source_that_reaches_into_another_through_a_link_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "talks" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "talks" / "inner")
    found = problems(load, f"{SOURCES}", SOURCES__LINKED__PATH="link")
    assert found["sources.linked.path"].endswith("(from the variable MEDIA_ASSETS_SOURCES__LINKED__PATH)")


def test_sources_side_by_side_are_fine_even_when_one_name_begins_with_the_other(load: Load) -> None:
    assert len(load("sources: {a: {path: talks}, b: {path: talks2}}").sources) == 2


def test_two_assets_of_equal_batch_are_refused_with_the_reason(load: Load) -> None:
    found = problems(load, SOURCES, ASSETS__SUMMARY__BATCH="20")
    assert set(found) == {"assets.summary.batch"}
    assert found["assets.summary.batch"].startswith("20 should differ from that of transcript: Dagster puts assets")


def test_unknown_assets_are_refused_and_the_known_ones_listed(load: Load) -> None:
    known = "compressed_image, compressed_video, dedup_index, drive_file, m4a_audio, summary, thumbnail, transcript"
    found = problems(load, f"{SOURCES}assets: {{video: {{batch: 3}}}}\noutputs: {{video: {{}}}}\npools: {{gpu: 1}}")
    assert f"should be one of {known}" in found["assets.video"]
    with_default = known.replace("dedup_index", "dedup_index, default")
    assert f"should be one of {with_default}" in found["outputs.video"]
    assert "should be one of encoder, ffmpeg, source, summarizer, transcriber" in found["pools.gpu"]


def test_an_output_needs_a_store_that_exists(load: Load) -> None:
    found = problems(load, f"{SOURCES}outputs: {{summary: {{store: nowhere}}}}")
    assert found["outputs.summary.store"].startswith('"nowhere" should be one of artifacts')


def test_with_several_stores_the_default_has_to_be_named(load: Load) -> None:
    text = f"{SOURCES}stores: {{a: {{path: a}}, b: {{path: b}}}}\n"
    assert "should be one of a, b" in problems(load, text)["outputs.default.store"]
    assert load(text, OUTPUTS__DEFAULT__STORE="b").output_for("transcript") == ("b", "folder")


def test_an_output_takes_from_the_default_what_it_does_not_say(load: Load) -> None:
    settings = load(
        f"""{SOURCES}
stores: {{a: {{path: a}}, b: {{path: b}}}}
outputs:
  default: {{store: a, placement: beside_source}}
  summary: {{store: b}}
  transcript: {{placement: folder}}
"""
    )
    assert settings.output_for("summary") == ("b", "beside_source")
    assert settings.output_for("transcript") == ("a", "folder")
    assert settings.output_for("m4a_audio") == ("a", "beside_source")


def test_without_outputs_everything_goes_into_the_only_store(load: Load) -> None:
    assert load(SOURCES).output_for("summary") == ("artifacts", "folder")


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
