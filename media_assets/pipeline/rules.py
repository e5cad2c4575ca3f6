"""Which rule a file falls under, whatever it chooses: the first one of library.yaml that fits decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from media_assets.base.globs import PathFilter
from media_assets.base.languages import same_language
from media_assets.base.section import Section
from media_assets.pipeline.conditions import Condition, FileCondition, PictureCondition, RecordingCondition


class EngineRule(Protocol):
    """A rule of any stage, as `settings` has them."""

    @property
    def when(self) -> FileCondition: ...

    @property
    def use(self) -> Section: ...

    def result_settings(self) -> dict[str, Any]: ...


class Rule(Protocol):
    """A rule of any kind, as `settings` have them."""

    @property
    def when(self) -> Condition: ...


class CollectedEntry(Protocol):
    """A part of library.yaml for some files, or for all of them."""

    @property
    def when(self) -> Condition | None: ...

    def result_settings(self) -> dict[str, Any]: ...


AnyRule = TypeVar("AnyRule", bound=Rule)


@dataclass(frozen=True)
class Collected:
    """A list of which all entries that fit a file count for it, together, and the others not at all."""

    entries: Callable[[Any], Sequence[Any]]
    """Chooses the list from the settings: of what is a `CollectedEntry`."""
    join: Callable[[Sequence[Any]], Section]
    """Makes one section of those that fit. As it is by default it counts as nothing."""

    def for_file(self, facts: FileFacts, settings: Any) -> Section:
        """What counts for one file."""
        entries: Sequence[CollectedEntry] = self.entries(settings)
        return self.join([entry for entry in entries if entry.when is None or fits(entry.when, facts)])


@dataclass(frozen=True)
class FileFacts:
    """What rules look at; all of it is known without reading the file.

    Args:
        path: Looked up only where a rule asks for it; on Drive that takes a request.
        language: Of the audio track, as its container says; looked up only where a rule asks for it.
        age_years: None where it is not known: such a file counts as new.
        lines: Pixels of the shorter side of the displayed picture.
    """

    source: str = ""
    path: Callable[[], str] = str
    playing_seconds: float | None = None
    language: Callable[[], str | None] = str
    age_years: float | None = None
    size_bytes: int = 0
    megapixels: float = 0.0
    lines: int = 0


def first_that_fits(rules: Iterable[AnyRule], facts: FileFacts) -> AnyRule | None:
    """The rule that decides about a file; None when none fits it."""
    return next((rule for rule in rules if fits(rule.when, facts)), None)


def fits(condition: Condition, facts: FileFacts) -> bool:
    """Whether a file meets everything that is given."""
    longer = condition.longer_than_seconds
    if longer is not None and not (facts.playing_seconds or 0.0) > longer:
        return False
    if condition.sources and facts.source not in condition.sources:
        return False
    if isinstance(condition, RecordingCondition) and condition.languages:
        spoken = facts.language()
        if not spoken or not any(same_language(spoken, language) for language in condition.languages):
            return False
    if isinstance(condition, PictureCondition) and not _fits_picture(condition, facts):
        return False
    return not condition.paths or PathFilter(condition.paths, ()).accepts(facts.path())


def _fits_picture(condition: PictureCondition, facts: FileFacts) -> bool:
    age = condition.older_than_years
    if age is not None and (facts.age_years or 0.0) < age:
        return False
    bounds = (
        (condition.larger_than_bytes, facts.size_bytes),
        (condition.larger_than_megapixels, facts.megapixels),
        (condition.more_lines_than, facts.lines),
    )
    return all(bound is None or size > bound for bound, size in bounds)
