"""Reads library.yaml and what overrides it: `.env` beside it, and over both the environment.

Every value has a variable: `MEDIA_ASSETS_` and the path to its key, joined with `__`, e.g.
`MEDIA_ASSETS_TRANSCRIPTION__MODEL=large-v3`. Nothing is read at import, and nobody writes settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSecretError

from media_assets.base.files import read_file
from media_assets.base.secrets import Secrets
from media_assets.base.section import NAME_OR_PATH
from media_assets.config.errors import Key, Origins, Problem, SettingsError, explain, holds, unread_variable
from media_assets.config.overlaps import overlaps
from media_assets.config.rest import other_problems, section_of, without_upstream
from media_assets.config.settings import Settings
from media_assets.config.yaml_text import THERE_TWICE, read_yaml
from media_assets.places.settings import with_types

CONFIG_VARIABLE = "MEDIA_ASSETS_CONFIG"
"""Names library.yaml; the only variable of this prefix that is no setting."""

_PREFIX = "MEDIA_ASSETS_"
_DELIMITER = "__"
_DEFAULT_ENGINES = {
    name: Settings.model_fields[name].default.engine for name in ("transcription", "summary", "translation")
}

_Model = TypeVar("_Model", bound=BaseModel)


def config_path(path: Path | None = None) -> Path:
    """The absolute path of library.yaml: `path`, else what MEDIA_ASSETS_CONFIG names, else `./library.yaml`."""
    return _absolute(path or os.environ.get(CONFIG_VARIABLE) or "library.yaml", Path.cwd())


def load_settings(path: Path | None = None) -> Settings:
    """The settings of a library, with absolute paths.

    Args:
        path: library.yaml; see `config_path`.

    Raises:
        SettingsError: the file or a variable cannot be used; the text names each wrong key, in a line of its own.
    """
    file = config_path(path)
    in_file, twice = _read_yaml(file)
    env_file = _env_file(file)
    in_env_file = _LenientDotEnvSource(_Overridable, env_file, dotenv_filtering="only_existing")()
    in_environment = _LenientEnvSource(_Overridable)()
    from_env_file = _variables(dotenv_values(env_file), f" in {env_file}") if env_file else {}
    from_environment = _variables(os.environ, "")
    origins = Origins(file, in_file, {**from_env_file, **from_environment})
    unread = [unread_variable(path, origins) for path in from_environment if not holds(in_environment, path)]
    unread += [unread_variable(path, origins) for path in from_env_file if not holds(in_env_file, path)]

    unread += _unfilled(in_file, (), origins)
    told = {problem.key for problem in unread}
    data = _with_choices(_layered(_layered(in_file, in_env_file), in_environment))
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        others = other_problems(error, data, origins, load_secrets(file), lambda found: _anchored(found, file.parent))
        wrong = (problem for problem in (*explain(error, data, origins), *others) if problem.key not in told)
        raise SettingsError.of([*twice, *unread, *wrong]) from None
    settings = _anchored(settings, file.parent)
    problems = unread + overlaps(settings, origins)
    if len(twice) == 1 and not problems:
        raise SettingsError(f"{twice[0].origin}: {twice[0].key[-1]} {THERE_TWICE}", next_step="Keep one of them")
    if twice or problems:
        raise SettingsError.of([*twice, *problems, *without_upstream(settings, origins)])
    settings._config_path = file
    return settings


def load(path: Path | None = None) -> tuple[Settings, Secrets]:
    """The settings and the secrets of one library.

    Raises:
        SettingsError: see `load_settings`.
    """
    settings = load_settings(path)
    return settings, load_secrets(settings.config_path)


def load_secrets(path: Path | None = None) -> Secrets:
    """The secrets: from the environment, else from `.env` beside library.yaml.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    try:
        return Secrets(_env_file=_env_file(config_path(path)))
    except UnreadableSecretError as error:  # it names the variable; its cause holds the value
        raise SettingsError(str(error), next_step="Write it as JSON, or one variable for each: NAME__KEY") from None


# ------------------------------------------------------------------------------------------- the file


def _read_yaml(file: Path) -> tuple[dict[str, Any], list[Problem]]:
    """What the file says, and which keys are there twice; sections that are there without content are left out."""
    data, twice = read_yaml(
        file,
        next_step_if_missing=f"`media-assets init` writes one; or name yours with --config or {CONFIG_VARIABLE}",
        next_step_if_unreadable=f"{_option_of(file)} names the file to read",
    )
    known = Settings.model_fields
    filled = {section: content for section, content in data.items() if content is not None or section not in known}
    return filled, twice


def _option_of(file: Path) -> str:
    """What named the file, or could."""
    named = os.environ.get(CONFIG_VARIABLE)
    return CONFIG_VARIABLE if named and _absolute(named, Path.cwd()) == file else "--config"


def _unfilled(data: object, key: Key, origins: Origins) -> Iterator[Problem]:
    """Where somebody expects variables to be filled in, as other programs do it."""
    if isinstance(data, str) and "${" in data:
        variable = f"{_PREFIX}{_DELIMITER.join(key).upper()}"
        yield Problem(
            key,
            f'"{data}" holds ${{…}}, and nothing is filled in here; write it out, or set {variable}',
            origins.of(key),
        )
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for part, content in inside:
        yield from _unfilled(content, (*key, str(part)), origins)


def _env_file(file: Path) -> Path | None:
    """The `.env` beside library.yaml if there is one that can be read."""
    env_file = file.parent / ".env"
    try:
        read_file(env_file).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise SettingsError(
            f"{env_file} may not be read", next_step="Grant this user the right to read it, or move it away"
        ) from None
    except IsADirectoryError:
        raise SettingsError(
            f"{env_file} is a folder, not a file", next_step="Move it away, or put a file of NAME=value lines there"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read: {error}", next_step="Make it readable text in UTF-8") from None
    return env_file


# ------------------------------------------------------------------------------------------- the variables


class _Overridable(Settings, BaseSettings):
    """How pydantic-settings reads variables for `Settings`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter=_DELIMITER, env_ignore_empty=True, env_parse_none_str="null"
    )


class _Lenient:
    """What is no JSON stays text, so that validation names its key; else reading ends with the first, unnamed."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)  # type: ignore[misc]
        except ValueError:
            return value


class _LenientEnvSource(_Lenient, EnvSettingsSource):
    """The environment."""


class _LenientDotEnvSource(_Lenient, DotEnvSettingsSource):
    """A `.env` file."""


def _variables(environment: Mapping[str, str | None], where: str) -> dict[Key, str]:
    """The variables that override settings: the key each leads to, and words for it."""
    return {
        tuple(variable[len(_PREFIX) :].lower().split(_DELIMITER)): f"the variable {variable}{where}"
        for variable, value in environment.items()
        if value and variable.upper().startswith(_PREFIX) and variable.upper() != CONFIG_VARIABLE
    }


def _layered(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` over `below`. Another engine starts from its own defaults: what `below` says is about its own engine."""
    for section, default in _DEFAULT_ENGINES.items():
        engine = section_of(above, section).get("engine")
        if engine is not None and engine != section_of(below, section).get("engine", default):
            below = {**below, section: {}}
    return _merged(below, above)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _with_choices(data: dict[str, Any]) -> dict[str, Any]:
    """A section that does not choose its engine is about the default one, and a place without a type is a folder."""
    chosen = {
        section: {"engine": engine, **data[section]}
        for section, engine in _DEFAULT_ENGINES.items()
        if isinstance(data.get(section), dict)
    }
    places = ("sources", "stores")
    typed = {section: with_types(content) for section, content in data.items() if section in places}
    return {**data, **chosen, **typed}


# ------------------------------------------------------------------------------------------- the paths


def _absolute(path: str | Path, folder: Path) -> Path:
    """A path without `..`, but with symbolic links as they are: people recognise the paths that they wrote."""
    return Path(os.path.abspath(folder / os.path.expanduser(path)))  # noqa: PTH100, PTH111


def _anchored(section: _Model, folder: Path) -> _Model:
    """A copy of the section whose paths are absolute."""
    update = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if NAME_OR_PATH in field.metadata and (value.startswith((".", "~")) or Path(value).is_absolute()):
            update[name] = str(_absolute(value, folder))
        else:
            update[name] = _anchored_value(value, folder)
    return section.model_copy(update=update)


def _anchored_value(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return _absolute(value, folder)
    if isinstance(value, BaseModel):
        return _anchored(value, folder)
    if isinstance(value, dict):
        return {key: _anchored_value(member, folder) for key, member in value.items()}
    if isinstance(value, tuple):
        return tuple(_anchored_value(member, folder) for member in value)
    return value
