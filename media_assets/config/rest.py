"""What else is wrong with settings that cannot be used anyway: all of it is told at once, not one after the other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter, ValidationError

from media_assets.artifacts.transcript.engines.faster_whisper.model import MODEL_MEGABYTES
from media_assets.base.secrets import Secrets
from media_assets.config.errors import Key, Origins, Problem, explain
from media_assets.config.overlaps import overlaps
from media_assets.config.settings import Settings
from media_assets.places.settings import SourceSettings

# Each rule between keys stops those after it.
_MOST_ROUNDS = 8
_RULES = {"transcription_rules": "faster-whisper", "summary_rules": "extractive", "translation_rules": "openai"}
"""Lists of rules, and an engine that needs nothing else."""
_ANY_FILE = {"paths": ["**"]}


def other_problems(
    error: ValidationError,
    data: Mapping[str, Any],
    origins: Origins,
    secrets: Secrets,
    anchored: Callable[[Settings], Settings],
) -> Iterator[Problem]:
    """What validation did not come to, because of what it found.

    Args:
        error: What it found in `data`.
        anchored: Makes paths absolute.
    """
    yield from _between_keys(error, data, origins, anchored)
    yield from _models(data, origins)
    for name in section_of(section_of(data, "alerts"), "channels"):
        if str(name).lower() not in secrets.alert_urls:
            key = ("alerts", "channels", str(name))
            text = f"it has no address; set ALERT_URLS__{str(name).upper()} in the environment or in .env beside it"
            yield Problem(key, text, origins.of(key))


def without_upstream(settings: Settings, origins: Origins) -> Iterator[Problem]:
    """Assets that are made from one that is not enabled; without other mistakes `enabled_stages` says so."""
    from media_assets.artifacts.all import PIPELINE

    enabled = {name for name, tuning in settings.assets.items() if tuning.enabled}
    for stage in PIPELINE:
        missing = ", ".join(sorted(set(stage.upstreams) - enabled))
        if missing and stage.name in enabled:
            key = ("assets", stage.name, "enabled")
            yield Problem(key, f"should be false, as {missing}, which it is made from, is not enabled", origins.of(key))


def _with_misnamed(settings: Settings, data: Mapping[str, Any]) -> Settings:
    """The settings with the sources that were left out for their names alone, in the order of the file."""
    sources: dict[str, SourceSettings] = {}
    for name, place in section_of(data, "sources").items():
        if name in settings.sources:
            sources[name] = settings.sources[name]
        else:
            with suppress(ValidationError):  # it was told already
                sources[name] = TypeAdapter[SourceSettings](SourceSettings).validate_python(place)
    return settings.model_copy(update={"sources": sources})


def _between_keys(
    error: ValidationError, data: Mapping[str, Any], origins: Origins, anchored: Callable[[Settings], Settings]
) -> Iterator[Problem]:
    """What is found when all that is wrong is taken away."""
    left = copy.deepcopy(dict(data))
    told = {problem.key for problem in explain(error, data, origins)}
    for _ in range(_MOST_ROUNDS):
        for details in error.errors(include_url=False):
            _take_away(left, details["loc"])
        if not left.get("sources"):
            return
        try:
            settings = Settings.model_validate(left)
        except ValidationError as found:
            error = found
            for problem in explain(found, left, origins):
                # Whether artifacts can lie beside their sources depends on what was taken away.
                if not (problem.is_lack or problem.key in told or problem.key[-1] == "placement"):
                    told.add(problem.key)
                    yield problem
        else:
            yield from overlaps(anchored(_with_misnamed(settings, data)), origins)
            yield from without_upstream(settings, origins)
            return


def _take_away(data: dict[str, Any], loc: tuple[int | str, ...]) -> None:
    """Remove a value. A place is replaced by some folder: what refers to it by its name is not wrong."""
    if len(loc) >= 2 and loc[0] in ("sources", "stores"):
        places = data.get(str(loc[0]))
        if isinstance(places, dict):
            places.pop(loc[1], None)
            if isinstance(loc[1], str) and "[key]" not in loc:
                places[loc[1]] = {"type": "folder", "path": f"/nowhere/{loc[1]}"}
        return
    if len(loc) >= 2 and loc[0] in _RULES and isinstance(rules := data.get(str(loc[0])), list):
        _take_from_rule(rules, str(loc[0]), loc[1:])
        return
    inside: Any = data
    for part in loc[:-1]:
        known = isinstance(inside, dict) and part in inside
        inside = inside[part] if known else inside  # which variant of a union it is stands in the location as well
        if isinstance(inside, list):  # of a list nothing is left that others refer to
            break
    if isinstance(inside, dict) and loc[-1] in inside:
        del inside[loc[-1]]
    else:
        data.pop(str(loc[0]), None)


def _take_from_rule(rules: list[Any], section: str, inside: tuple[int | str, ...]) -> None:
    """Put what is right in the place of what is wrong in a rule, so that the other rules keep their numbers."""
    index = int(inside[0])
    if not isinstance(rules[index], dict):
        rules[index] = {}
    rule = rules[index]
    match inside[1:]:
        case ("use", *_):
            rule["use"] = {"engine": _RULES[section]}
        case ("when", key, *_) if isinstance(rule.get("when"), dict):
            rule["when"].pop(key, None)
            rule["when"] = rule["when"] or dict(_ANY_FILE)
        case ("when",):
            rule["when"] = dict(_ANY_FILE)
        case (key, *_):
            rule.pop(key, None)
        case ():
            rules[index] = {"when": dict(_ANY_FILE), "use": {"engine": _RULES[section]}}


def _models(data: Mapping[str, Any], origins: Origins) -> Iterator[Problem]:
    sections: list[tuple[Key, Any]] = [(("transcription",), data.get("transcription"))]
    rules = data.get("transcription_rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        sections.append((("transcription_rules", str(index), "use"), section_of(rule, "use")))
    for key, section in sections:
        if not isinstance(section, Mapping) or section.get("engine") != "faster-whisper":
            continue
        model = section.get("model")
        if isinstance(model, str) and not (model in MODEL_MEGABYTES or "/" in model or model.startswith((".", "~"))):
            names = ", ".join(MODEL_MEGABYTES)
            text = f"there is no model {model}; should be one of {names}, a folder (./model), or owner/name on the hub"
            yield Problem((*key, "model"), text, origins.of((*key, "model")))


def section_of(data: Any, name: str) -> Mapping[str, Any]:
    """A section of what was read, which may hold anything; an empty one where there is none."""
    content = data.get(name) if isinstance(data, Mapping) else None
    return content if isinstance(content, Mapping) else {}
