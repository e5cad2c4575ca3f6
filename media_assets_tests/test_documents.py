"""The documents say what the code does: docs/configuration.md, library.yaml and .env.example."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypeGuard, get_args, get_origin

import pytest
import yaml
from dagster import DagsterInstance
from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from media_assets.base.secrets import Secrets
from media_assets.config.load import CONFIG_VARIABLE, config_path, load_secrets, load_settings
from media_assets.config.settings import Settings
from media_assets.pipeline.settings import USUAL_POOLS
from media_assets_tests.folders import folder_of

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLE = (ROOT / "library.yaml").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()

Row = tuple[str, str]
"""Type and default, as the document writes them."""


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("MEDIA_ASSETS_") or name == "DAGSTER_HOME" or name.lower() in Secrets.model_fields:
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


# ------------------------------------------------------------------------------------------- the keys of the model

# How the document calls the keys of a mapping whose names it does not know.
NAMES = {
    "sources": "<name>",
    "stores": "<name>",
    "channels": "<name>",
    "webhooks": "<name>",
    "outputs": "<asset>",
    "assets": "<asset>",
    "prices": "<model>",
    "rules": "<rule>",
    "transcription_rules": "<rule>",
    "summary_rules": "<rule>",
    "vocabulary": "<entry>",
    "summary_templates": "<name>",
    "translation_rules": "<rule>",
}


def model_rows() -> dict[tuple[str, str], Row]:
    """What the document has to say: by engine (empty where there is no choice) and key."""
    rows = dict(_rows(Settings, "", ""))
    rows |= {("", f"pools.{name}"): ("integer", f"`{steps}`") for name, steps in USUAL_POOLS.items()}
    for tuning in ("enabled", "batch", "workers", "time_limit_seconds", "time_limit_per_media_second"):
        key = ("", f"assets.<asset>.{tuning}")
        rows[key] = (rows[key][0], "see below")
    return rows


def _rows(section: type[BaseModel], prefix: str, engine: str) -> Iterator[tuple[tuple[str, str], Row]]:
    for name, field in section.model_fields.items():
        annotation = field.annotation
        key = f"{prefix}{field.alias or name}"
        variants = [member for member in get_args(annotation) if _is_section(member)]
        members = get_args(annotation) if get_origin(annotation) is tuple else ()
        if members and _is_section(members[0]):
            yield ("", key), ("list of sections", "see below")
            yield from _rows(members[0], f"{key}.{NAMES[name]}.", engine)
        elif _is_section(annotation):
            yield from _rows(annotation, f"{key}.", engine)
        elif get_origin(annotation) is dict:
            value = get_args(annotation)[1]
            choices = get_args(get_args(value)[0]) if get_args(value) else ()
            places = [member for member in choices if _is_section(member)]
            if _is_section(value):
                yield from _rows(value, f"{key}.{NAMES[name]}.", engine)
            elif places:
                types = [get_args(place.model_fields["type"].annotation)[0] for place in places]
                yield ("", f"{key}.{NAMES[name]}.type"), (", ".join(f"`{each}`" for each in types), "`folder`")
                for each, place in zip(types, places, strict=True):
                    yield from _rows(place, f"{key}.{NAMES[name]}.", f"{name} {each}")
            elif name not in ("pools", "efficient_bits_per_pixel"):  # whose names are known
                yield (engine, key), ("mapping", "required" if field.is_required() else "`{}`")
        elif variants and field.is_required():  # by a rule: a section that is described elsewhere
            yield ("", key), ("section", "required")
        elif variants and field.default is None:
            yield from _rows(variants[0], f"{key}.", engine)
        elif variants:
            engines = [get_args(variant.model_fields["engine"].annotation)[0] for variant in variants]
            yield ("", f"{key}.engine"), (", ".join(f"`{each}`" for each in engines), f"`{field.default.engine}`")
            for each, variant in zip(engines, variants, strict=True):
                yield from _rows(variant, f"{key}.", each)
        elif not (engine and name in ("engine", "type")):
            yield (engine, key), (_type_words(annotation), _default_words(field))


def _is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _type_words(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _type_words(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"list of {_type_words(get_args(annotation)[0])}"
    if str in get_args(annotation) and tuple[str, ...] in get_args(annotation):
        return "text or list of text"
    if NoneType in get_args(annotation):
        return _type_words(next(member for member in get_args(annotation) if member is not NoneType))
    return {Path: "path", str: "text", int: "integer", float: "number", bool: "boolean"}[annotation]


def _default_words(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return "absent"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, tuple):
        return "`[" + ", ".join(json.dumps(value) for value in field.default) + "]`"
    return f"`{field.default}`"


# ------------------------------------------------------------------------------------------- docs/configuration.md


def document_rows() -> dict[tuple[str, str], Row]:
    rows = {}
    engine = ""
    for line in CONFIGURATION.splitlines():
        if line.startswith("#"):
            chosen = re.search(r"`engine: (\S+)`", line)
            place = re.search(r"(Sources|Stores) with `type: (\S+)`", line)
            engine = chosen[1] if chosen else f"{place[1].lower()} {place[2]}" if place else ""
        row = re.fullmatch(r"\| `([a-z_.<>0-9]+)` \| (.+?) \| (.+?) \| (.+) \|", line)
        if row:
            key, type_words, default, meaning = row.groups()
            assert meaning.strip(), f"{key} has no meaning"
            assert (engine, key) not in rows, f"{key} is there twice"
            rows[engine, key] = (type_words, default)
    return rows


def tuning_rows() -> dict[str, list[float]]:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", CONFIGURATION, re.MULTILINE)
    return {asset: [float(number) for number in numbers] for asset, *numbers in rows}


def test_the_document_names_every_key_and_no_key_that_does_not_exist() -> None:
    documented = {key for key in document_rows() if key[1] not in Settings.usual_tuning()}
    assert documented == set(model_rows())


def test_types_and_defaults_of_the_document_are_those_of_the_model() -> None:
    documented = document_rows()
    assert {key: documented.get(key) for key in model_rows()} == model_rows()


def test_the_tuning_of_the_document_is_the_default_one() -> None:
    assert tuning_rows() == {
        asset: [
            tuning.batch,
            tuning.workers,
            tuning.time_limit_seconds,
            tuning.time_limit_per_media_second,
        ]
        for asset, tuning in Settings.usual_tuning().items()
    }


def test_the_store_of_the_document_is_the_default_one() -> None:
    stores = Settings.model_validate({"sources": {"a": {"path": "a"}}}).stores
    (told,) = re.findall(r"Without `stores` there is one: `(.+)`", CONFIGURATION)
    assert yaml.safe_load(told) == {name: {"path": str(folder_of(s))} for name, s in stores.items()}


def test_the_document_names_every_secret_and_no_other() -> None:
    section = CONFIGURATION.split("## Secrets")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE) == [name.upper() for name in Secrets.model_fields]


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", CONFIGURATION, re.DOTALL))
def test_every_example_of_the_document_can_be_loaded(block: str, tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(block)
    given = yaml.safe_load(block)
    assert set(load_settings(tmp_path / "library.yaml").sources) == set(given["sources"])


def test_every_variable_of_the_document_changes_a_setting(tmp_path: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", CONFIGURATION, re.DOTALL)
    (tmp_path / "library.yaml").write_text("sources: {talks: {path: talks}}\naudio: {channels: 2}\n")
    for line in block.splitlines():
        assert _effect_of(line, tmp_path), f"{line} changes nothing"


def _effect_of(line: str, folder: Path) -> bool:
    """Whether a line in `.env` makes other settings or secrets."""
    file, env_file = folder / "library.yaml", folder / ".env"
    env_file.unlink(missing_ok=True)
    without = (load_settings(file), load_secrets(file))
    env_file.write_text(f"{line}\n")
    return (load_settings(file), load_secrets(file)) != without


def test_the_links_of_the_document_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", CONFIGURATION):
        assert (ROOT / "docs" / target).exists(), target


# ------------------------------------------------------------------------------------------- library.yaml


def test_the_example_works_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(EXAMPLE)
    settings = load_settings(tmp_path / "library.yaml")
    assert {name: folder_of(source) for name, source in settings.sources.items()} == {"media": tmp_path / "media"}


def test_what_is_commented_out_in_the_example_is_the_default_of_every_key(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text(EXAMPLE)
    as_it_is = load_settings(tmp_path / "library.yaml")
    uncommented = re.sub(r"^(\s*)#(?=[a-z])", r"\1", EXAMPLE, flags=re.MULTILINE)
    (tmp_path / "library.yaml").write_text(uncommented)
    settings = load_settings(tmp_path / "library.yaml")
    assert settings.output_for("summary") == as_it_is.output_for("summary")
    assert settings.model_dump(exclude={"outputs"}) == as_it_is.model_dump(exclude={"outputs"})

    shown = _paths(yaml.safe_load(uncommented))
    engines = {
        "transcription": settings.transcription.engine,
        "summary": settings.summary.engine,
        "translation": settings.translation.engine,
    }
    # By default there is none of these.
    of_no_rule = re.compile(
        r"(\w+_rules\.<rule>|vocabulary\.<entry>|summary_templates\.<name>|alerts\.channels\.<name>|webhooks\.<name>)\."
    )
    of_no_model = re.compile(r"translation\.prices\.")
    wanted = {
        key
        for engine, key in model_rows()
        if engine in ("", engines.get(key.split(".")[0])) and not (of_no_rule.match(key) or of_no_model.match(key))
    }
    assert wanted - shown == set()


def _paths(data: Any, prefix: str = "", section: str = "") -> set[str]:
    """The keys of a library.yaml as the document writes them."""
    if isinstance(data, list) and data and isinstance(data[0], dict):
        found = {prefix.removesuffix(".")}
        return found.union(*(_paths(item, f"{prefix}{NAMES[section]}.") for item in data))
    if not isinstance(data, dict) or not data:
        return {prefix.removesuffix(".")}
    names = {name: NAMES.get(section, name) for name in data}
    return set().union(*(_paths(value, f"{prefix}{names[name]}.", name) for name, value in data.items()))


def test_the_alternatives_of_the_example_can_be_loaded(tmp_path: Path) -> None:
    lines = [match[1] for match in re.finditer(r"^#     (.*)$", EXAMPLE, re.MULTILINE)]
    alternatives = re.split(r"\n(?=\w)", "\n".join(lines))
    loaded: set[str] = set()
    for alternative in alternatives:
        (tmp_path / "library.yaml").write_text(f"{EXAMPLE}\n{alternative}\n")
        settings = load_settings(tmp_path / "library.yaml")
        loaded |= {settings.transcription.engine, settings.summary.engine, settings.output_for("summary").placement}
        loaded.add(settings.translation.engine)
    engines = {"faster-whisper", "modal", "extractive", "openai", "libretranslate"}
    assert loaded == {*engines, "folder", "beside_source"}


# ------------------------------------------------------------------------------------------- .env.example


def env_example_lines() -> list[str]:
    return re.findall(r"^#([A-Z][A-Z_]+=.*)$", ENV_EXAMPLE, re.MULTILINE)


@pytest.mark.thorough
def test_every_variable_of_the_env_example_is_really_read(tmp_path: Path) -> None:
    lines = env_example_lines()
    assert len(lines) >= len(Secrets.model_fields) + 2
    file = tmp_path / "library.yaml"
    for line in lines:
        name, value = line.split("=", 1)
        if name == CONFIG_VARIABLE:
            os.environ[name] = value
            assert config_path() == Path(value)
            del os.environ[name]
        elif name == "DAGSTER_HOME":
            os.environ[name] = str(tmp_path)
            with DagsterInstance.get() as instance:
                assert Path(instance.root_directory) == tmp_path
        else:
            file.write_text("sources: {talks: {path: talks}}\naudio: {channels: 2}\n")
            if name.startswith("MEDIA_ASSETS_TRANSCRIPTION__"):
                file.write_text("sources: {talks: {path: talks}}\ntranscription: {engine: faster-whisper}\n")
            if name == "MEDIA_ASSETS_TRANSCRIPTION__ENGINE":
                file.write_text("sources: {talks: {path: talks}}\ntranscription: {engine: openai}\n")
            assert _effect_of(line, tmp_path), f"{name} changes nothing"


def test_the_env_example_with_everything_uncommented_can_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("sources: {talks: {path: talks}}\n")
    (tmp_path / ".env").write_text("\n".join(env_example_lines()))
    assert len(dotenv_values(tmp_path / ".env")) == len(env_example_lines())
    settings = load_settings(tmp_path / "library.yaml")
    assert settings.transcription.model_dump()["model"] == "large-v3"
    assert isinstance(load_secrets(tmp_path / "library.yaml").openai_api_key, SecretStr)


def test_the_env_example_names_every_secret() -> None:
    assert {name.upper() for name in Secrets.model_fields} <= {line.split("=")[0] for line in env_example_lines()}
