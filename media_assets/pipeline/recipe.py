"""What the artifact of one stage for one file would be made from, as things are now; whether there is one already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Protocol

from pydantic import BaseModel

from media_assets.base.errors import Waiting
from media_assets.base.keys import split_key
from media_assets.base.section import Section
from media_assets.pipeline.library import Library
from media_assets.pipeline.rules import Collected, EngineRule, FileFacts, first_that_fits
from media_assets.pipeline.settings import Placement
from media_assets.places.manifest import Manifest, fingerprint_of
from media_assets.places.source import HasSidecars, Sidecars, SourceEntry
from media_assets.places.store import ManifestReader, Target

Consulted = Callable[[Any, Any], str | None]
"""Tells what of an artifact, by its manifest, or of the sidecars counts for a stage that may look at it, from the
section for that file; None: nothing."""
SIDECARS = "sidecars"
"""What the sidecars of a source file are called among what a stage consults."""
OfFile = Callable[[Any, Mapping[str, Manifest], datetime], Section]
"""Chooses of a section what counts for one file: by the artifacts it is made from, as things are at that moment."""


class Stage(Protocol):
    """What decides what a stage makes of a file; `stage.FileAsset` says what each of these means."""

    @property
    def name(self) -> str: ...

    @property
    def code_version(self) -> str: ...

    @property
    def upstreams(self) -> Mapping[str, type[BaseModel]]: ...

    @property
    def reads_entry(self) -> bool: ...

    @property
    def shared_by_content(self) -> bool: ...

    @property
    def result_settings(self) -> Callable[[Any], Section] | None: ...

    @property
    def rules(self) -> Callable[[Any], Sequence[EngineRule]] | None: ...

    @property
    def resource_settings(self) -> Callable[[Any], Mapping[str, Section]] | None: ...

    @property
    def collects(self) -> Mapping[str, Collected]: ...

    @property
    def consults(self) -> Mapping[str, Consulted]: ...

    @property
    def sidecar_endings(self) -> Collection[str]: ...

    @property
    def of_file(self) -> OfFile | None: ...


def unusual_settings(pick: Callable[[Any], Mapping[str, Section]] | None, settings: Any) -> dict[str, dict[str, Any]]:
    """What of the sections that `pick` chooses is not as it is by default, by their names."""
    sections = pick(settings) if pick else {}
    return {name: unusual for name, section in sections.items() if (unusual := section.unusual_settings())}


class Recipe:
    """What decides one artifact. Each part is looked up when it is first asked for, and once.

    Args:
        upstreams: Where the artifacts of the earlier stages are kept, by stage.
        entry: The source file, where it was just listed.
    """

    def __init__(
        self,
        stage: Stage,
        key: str,
        library: Library,
        upstreams: Mapping[str, ManifestReader] | None = None,
        *,
        entry: SourceEntry | None = None,
    ) -> None:
        self.stage = stage
        self.key = key
        self._library = library
        self._upstreams = upstreams or {}
        self._entry = entry

    def _reader(self, name: str) -> ManifestReader:
        return self._upstreams.get(name) or self._library.store(name)

    @cached_property
    def entry(self) -> SourceEntry:
        """The source file.

        Raises:
            SourceChanged: it is gone.
        """
        return self._entry or self._library.entry(self.key)

    @property
    def placement(self) -> Placement:
        return self._library.settings.output_for(self.stage.name).placement

    @cached_property
    def target(self) -> Target:
        """Where the artifact is to lie."""
        if self.placement == "folder":
            return Target(self.placement)
        return Target(self.placement, self._library.source(self.key).beside(self.entry))

    @cached_property
    def manifests(self) -> Mapping[str, Manifest]:
        """The manifests of the artifacts of the earlier stages.

        Raises:
            Waiting: one is missing.
        """
        manifests = {}
        for name in self.stage.upstreams:
            manifest = self._reader(name).manifest(name, self.key)
            if manifest is None:
                raise Waiting(
                    f"waits for its {name}",
                    next_step=f"That has not been made, or failed: `media-assets status` says which. Materialize or "
                    f"mend {name} of this file first",
                )
            manifests[name] = manifest
        return manifests

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The version of everything the artifact depends on but code and settings."""
        inputs = {name: manifest.version for name, manifest in self.manifests.items()}
        if self.stage.reads_entry:
            inputs["source"] = self.entry.revision
        if not self.stage.shared_by_content:
            inputs["key"] = self.key
        return inputs | self._consulted

    @cached_property
    def consulted_manifests(self) -> Mapping[str, Manifest]:
        """The manifests of the artifacts that the stage may look at, as far as they are there."""
        names = [name for name in self.stage.consults if name != SIDECARS]
        found = {name: self._reader(name).manifest(name, self.key) for name in names}
        return {name: manifest for name, manifest in found.items() if manifest and not manifest.not_applicable}

    @cached_property
    def sidecars(self) -> Sidecars:
        """What lies beside the source file, as far as its source can tell that."""
        source = self._library.source(self.key)
        if not isinstance(source, HasSidecars):
            return Sidecars()
        return Sidecars(lambda: source.sidecars(self.entry, self.stage.sidecar_endings))

    @property
    def _consulted(self) -> dict[str, str]:
        if self.not_applicable:
            return {}
        looked_at: dict[str, Any] = dict(self.consulted_manifests)
        if SIDECARS in self.stage.consults:
            looked_at[SIDECARS] = self.sidecars
        counted = {name: self.stage.consults[name](shown, self.section) for name, shown in looked_at.items()}
        return {name: told for name, told in counted.items() if told is not None}

    @cached_property
    def chosen(self) -> Section | None:
        """The section of library.yaml that decides the result of this file; None where none does."""
        section = self.section
        if section and self.stage.of_file and not self.not_applicable:
            return self.stage.of_file(section, self.manifests, datetime.now(UTC))
        return section

    @property
    def section(self) -> Section | None:
        """The one that the rules of library.yaml choose for this file, whole."""
        stage, library = self.stage, self._library
        if stage.rules and not self.not_applicable:
            rule = first_that_fits(library.section(stage.rules), self._facts)
            if rule:
                return rule.use
        return library.section(stage.result_settings) if stage.result_settings else None

    @property
    def _facts(self) -> FileFacts:
        return FileFacts(
            split_key(self.key)[0],
            lambda: self.entry.path,
            self.playing_seconds,
            lambda: _language(self.manifests),
        )

    @cached_property
    def collected(self) -> Mapping[str, Section]:
        """What of the lists that the stage collects from is for this file, by the parameter that takes it."""
        if self.not_applicable:
            return {}
        facts = self._facts
        return {name: self._library.section(partial(of.for_file, facts)) for name, of in self.stage.collects.items()}

    @cached_property
    def settings(self) -> dict[str, Any]:
        chosen = self.chosen.result_settings() if self.chosen else {}
        pick = self.stage.resource_settings
        collected = {name: section.unusual_settings() for name, section in self.collected.items()}
        return (
            chosen
            | self._library.section(lambda settings: unusual_settings(pick, settings))
            | {name: unusual for name, unusual in collected.items() if unusual}
        )

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.stage.name, self.stage.code_version, self.settings, self.inputs)

    @property
    def not_applicable(self) -> str | None:
        """The reason of an earlier stage that had nothing to do: then this one has nothing to do either."""
        return next((m.not_applicable for m in self.manifests.values() if m.not_applicable), None)

    @property
    def playing_seconds(self) -> float | None:
        """How long the file plays, as far as the earlier stages know."""
        return next((m.media_seconds for m in self.manifests.values() if m.media_seconds), None)

    def is_current(self, manifest: Manifest | None, reader: ManifestReader) -> bool:
        """Whether an artifact is what would be made now, whole, and where it belongs."""
        return (
            manifest is not None
            and manifest.fingerprint == self.fingerprint
            and (manifest.not_applicable is not None or manifest.placement == self.placement)
            and reader.intact(manifest)
        )


def _language(manifests: Mapping[str, Manifest]) -> str | None:
    """The language of the sound, as far as an artifact that it is made from says one."""
    said = (manifest.value.get("language") for manifest in manifests.values() if isinstance(manifest.value, dict))
    return next((language for language in said if isinstance(language, str)), None)
