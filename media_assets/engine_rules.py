"""Which engine a file gets: the first rule of library.yaml that fits it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from media_assets.engines.languages import same_language
from media_assets.io_managers.manifest import Manifest
from media_assets.partitions import split_key
from media_assets.settings_choices import FileCondition, RecordingCondition
from media_assets.settings_section import Section
from media_assets.sources.globs import PathFilter


class EngineRule(Protocol):
    """A rule of any stage, as `settings` has them."""

    @property
    def when(self) -> FileCondition: ...

    @property
    def use(self) -> Section: ...

    def result_settings(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class FileFacts:
    """What rules look at; all of it is known without reading the file.

    Args:
        manifests: Of the stages before, by name.
        path: Looked up only where a rule asks for it; on Drive that takes a request.
    """

    key: str
    manifests: Mapping[str, Manifest]
    playing_seconds: float | None
    path: Callable[[], str]

    @property
    def language(self) -> str | None:
        """Of the audio track, as its container says."""
        track = self.manifests["m4a_audio"].value
        language = track.get("language") if isinstance(track, dict) else None
        return language if isinstance(language, str) else None


def fits(condition: FileCondition, facts: FileFacts) -> bool:
    """Whether a file meets everything that is given."""
    longer = condition.longer_than_seconds
    if longer is not None and not (facts.playing_seconds or 0.0) > longer:
        return False
    if condition.sources and split_key(facts.key)[0] not in condition.sources:
        return False
    if isinstance(condition, RecordingCondition) and condition.languages:
        spoken = facts.language
        if spoken is None or not any(same_language(spoken, language) for language in condition.languages):
            return False
    return not condition.paths or PathFilter(condition.paths, ()).accepts(facts.path())
