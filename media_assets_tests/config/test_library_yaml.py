"""Where library.yaml is looked for, how it is read as YAML, and what its paths mean."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.config.errors import SettingsError
from media_assets.config.load import CONFIG_VARIABLE, config_path, load_settings
from media_assets.config.settings import Settings
from media_assets_tests.config.loading import SOURCES, Load, problems
from media_assets_tests.folders import folder_of
from media_assets_tests.unprivileged import unprivileged_folder

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
