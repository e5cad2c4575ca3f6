"""`@file_asset`: a plain function of one file becomes a stage of the pipeline: a batched, fault-isolated Dagster asset.

The function names by its parameters what it needs:

    drive_file: Stored[SourceFile]    the artifact of an earlier stage, of the same file
    entry: SourceEntry                the source file itself (the first stage only)
    earlier: Earlier[Transcript]      what this stage made of the file before
    work: Work                        its scratch directory, limit, progress
    settings: <a Section>             the settings that decide its result
    <anything else>                   the resource of that name: an engine

It returns an `Artifact`, or raises one of `base.errors`. How the files of a batch are run is the affair of
`batch`, how artifacts are kept that of `io_manager` and the stores.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from media_assets.base.errors import Fatal, FaultOfCode
from media_assets.base.section import Section
from media_assets.pipeline.artifact import Artifact, Earlier, Stored, Value
from media_assets.pipeline.quality import Quality, QualityCheck, Verdict
from media_assets.pipeline.recipe import SIDECARS, Consulted, OfFile, unusual_settings
from media_assets.pipeline.recording import Recording
from media_assets.pipeline.rules import Collected, EngineRule
from media_assets.pipeline.settings import AssetTuning, Pool
from media_assets.pipeline.stage_mistakes import mistakes, without_none
from media_assets.places.source import Sidecars, SourceEntry
from media_assets.work.work import Work

Metadata = Mapping[str, Any]


@dataclass
class FileAsset(Generic[Value]):
    """A stage of the pipeline, before the settings of a library make it a Dagster asset."""

    function: Callable[..., Artifact[Value]]
    group: str
    kinds: frozenset[str]
    code_version: str
    pool: str
    result_settings: Callable[[Any], Section] | None
    describe: Callable[[Stored[Value]], Metadata]
    tuning: AssetTuning
    shared_by_content: bool
    reads_source: bool
    of_file: OfFile | None
    rules: Callable[[Any], Sequence[EngineRule]] | None
    resource_settings: Callable[[Any], Mapping[str, Section]] | None
    collects: Mapping[str, Collected]
    texts: Callable[[Value, Recording], Mapping[str, str]] | None
    languages: Callable[[Value], Mapping[str, str]] | None
    takes_edits: bool
    consults: Mapping[str, Consulted]
    sidecar_endings: Collection[str]
    after_all_else: bool
    quality: Quality[Value] | None

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.function)

    @cached_property
    def value_type(self) -> type[Value]:
        (value_type,) = get_args(self._hints["return"])
        return value_type  # type: ignore[no-any-return]

    @cached_property
    def upstreams(self) -> Mapping[str, type[BaseModel]]:
        """The earlier stages it reads, and the type of their values."""
        stored = {name: get_args(hint)[0] for name, hint in self._parameters if get_origin(hint) is Stored}
        return {name: value for name, value in stored.items() if name not in self.consults}

    @cached_property
    def consulted(self) -> Mapping[str, type[BaseModel]]:
        """The earlier stages it may look at, and the type of their values."""
        stored = {name: hint for name, hint in self._parameters if name in self.consults and name != SIDECARS}
        return {name: get_args(hint)[0] for name, hint in stored.items()}

    @cached_property
    def reads_entry(self) -> bool:
        return any(hint is SourceEntry for _, hint in self._parameters)

    @cached_property
    def engines(self) -> frozenset[str]:
        """The names of the resources it uses."""
        return frozenset(
            name
            for name, hint in self._parameters
            if get_origin(hint) not in (Stored, Earlier)
            and hint not in (SourceEntry, Sidecars, Work)
            and name != "settings"
            and name not in self.collects
        )

    @property
    def takes_settings(self) -> bool:
        return any(name == "settings" for name, _ in self._parameters)

    @property
    def takes_earlier(self) -> bool:
        return any(get_origin(hint) is Earlier for _, hint in self._parameters)

    @property
    def takes_work(self) -> bool:
        return any(name == "work" for name, _ in self._parameters)

    @property
    def _parameters(self) -> Iterable[tuple[str, Any]]:
        return [(name, without_none(hint)) for name, hint in self._hints.items() if name != "return"]

    def quality_checks(self, settings: Any) -> tuple[QualityCheck[Value], ...]:
        """What a library looks at in each artifact."""
        return self.quality.wanted(settings) if self.quality else ()

    def verdicts(self, stored: Stored[Value], settings: Any) -> Mapping[str, Verdict]:
        """What the checks of quality find of an artifact, by their names."""
        return self.quality.judge(stored, settings) if self.quality else {}

    def settings_for(self, settings: Any) -> Any:
        """What of the settings decides the results: `result_settings`, and with rules the list of it and those.

        What it collects from stands behind them, in lists of one: that is no section by itself.
        """
        unusual = unusual_settings(self.resource_settings, settings)
        if not self.result_settings:
            return unusual
        try:
            section = self.result_settings(settings)
        except AttributeError as error:
            raise Fatal(
                f"the settings have no section {error.name} for the stage {self.name}",
                next_step="Add it to the sections of Settings, in config/settings.py",
            ) from error
        chosen = section.result_settings() | unusual
        rules = self.rules(settings) if self.rules else ()
        entries = [entry.result_settings() for of in self.collects.values() for entry in of.entries(settings)]
        others = [*(rule.result_settings() for rule in rules), *([entry] for entry in entries)]
        return [chosen, *others] if others else chosen

    def full_code_version(self, settings: Any) -> str:
        """The code version with a digest of the settings behind it: to Dagster, new settings are new code."""
        chosen = self.settings_for(settings)
        if not chosen:
            return self.code_version
        digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.code_version}-{digest}"


def in_order(*stages: FileAsset[Any]) -> tuple[FileAsset[Any], ...]:
    """The stages of a pipeline, each after those that it is made from.

    Raises:
        Fatal: two have one name or one batch, one is made from what does not come before it, or is wrong in itself.
    """
    before: dict[str, FileAsset[Any]] = {}
    for stage in stages:
        if wrong := list(mistakes(stage)):
            raise FaultOfCode(
                f"the stage {stage.name} {'; and it '.join(wrong)}",
                next_step="Correct that where it is declared, with @file_asset",
            )
        if stage.name in before:
            raise Fatal(f"the stage {stage.name} is listed twice", next_step="List it once")
        needed = {**stage.upstreams, **stage.consulted}
        if missing := [name for name in needed if name not in before]:
            raise Fatal(
                f"the stage {stage.name} is made from {', '.join(missing)}, and no stage of that name comes before it",
                next_step="Name the parameter after an earlier stage, or list the stage behind it",
            )
        for name, value_type in needed.items():
            if value_type is not before[name].value_type:
                raise FaultOfCode(
                    f"the stage {stage.name} takes its {name} for a {value_type.__name__}, and it is a "
                    f"{before[name].value_type.__name__}",
                    next_step=f"Write Stored[{before[name].value_type.__name__}]",
                )
        if same := [name for name, other in before.items() if other.tuning.batch == stage.tuning.batch]:
            raise Fatal(
                f"the stages {same[0]} and {stage.name} have batches of {stage.tuning.batch} files: Dagster puts "
                "assets of equal batch into one run, and then one bad file stops the later stages of its whole batch",
                next_step="Give one of them another batch in its tuning",
            )
        before[stage.name] = stage
    return stages


def file_asset(
    *,
    group: str,
    kinds: set[str],
    code_version: str,
    pool: Pool,
    tuning: AssetTuning,
    result_settings: Callable[[Any], Section] | None = None,
    describe: Callable[[Stored[Value]], Metadata],
    shared_by_content: bool = True,
    reads_source: bool = False,
    of_file: OfFile | None = None,
    rules: Callable[[Any], Sequence[EngineRule]] | None = None,
    resource_settings: Callable[[Any], Mapping[str, Section]] | None = None,
    collects: Mapping[str, Collected] | None = None,
    texts: Callable[[Value, Recording], Mapping[str, str]] | None = None,
    languages: Callable[[Value], Mapping[str, str]] | None = None,
    takes_edits: bool = False,
    consults: Mapping[str, Consulted] | None = None,
    sidecar_endings: Collection[str] = (),
    after_all_else: bool = False,
    quality: Quality[Value] | None = None,
) -> Callable[[Callable[..., Artifact[Value]]], FileAsset[Value]]:
    """Declare a stage.

    Args:
        group: The group of the asset graph it is shown in.
        kinds: The badges it is shown with.
        code_version: Raise it whenever the same inputs would give another result.
        pool: The scarce thing it uses; `pools` in library.yaml says how many steps may at once.
        tuning: How it is run where library.yaml says nothing else; its batch differs from that of every other stage.
        result_settings: The section that decides its result.
        describe: What a person wants to see of an artifact: metadata for the UI, made from what is stored.
        shared_by_content: Whether files of equal content have the same artifact, so that it is made once.
        reads_source: Whether it reads the source file itself, so that the next ones are fetched ahead.
        of_file: What of that section counts for one file at a time, from the artifacts it is made from: the one rule
            for its age, say. Changes of the rest leave its artifact as it is.
        rules: Which files have another section than `result_settings` decide their result; the first that fits counts.
        resource_settings: The sections behind its resources that decide its result too, by name. What is as it is by
            default counts as nothing, so that a stage may get such a resource without all artifacts being made anew.
        collects: Lists of library.yaml of which all entries that fit a file count for it, by the parameter that takes
            what they amount to. The artifacts of files that none fits stay as they are.
        texts: Files of the artifact for people, by name, that name the recording or link to it. They are written for
            each file, also where it shares the artifact of another or was renamed; later stages do not depend on them.
        languages: The language of its subtitles, by the names of their files: beside the recording these say it
            (`Movie.en.srt`), so that players know it.
        takes_edits: Whether it takes over what people change in its artifacts where they are stored, by its parameter
            `earlier`: then no copy of another file's artifact takes their place.
        consults: Artifacts of earlier stages that it may look at, and of most files does not: what of one counts, from
            its manifest and the section; None where nothing does. The others stay as they are when these are new.
            So are the files beside the source, as `sidecars`.
        sidecar_endings: Which files beside the source are its sidecars: how their names end.
        after_all_else: Whether it takes so long that the rest of the library goes first where one process does all.
        quality: What is looked at in each artifact; what it finds warns and stops nothing.
    """

    def declare(function: Callable[..., Artifact[Value]]) -> FileAsset[Value]:
        return FileAsset(
            function,
            group,
            frozenset(kinds),
            code_version,
            pool,
            result_settings,
            describe,
            tuning,
            shared_by_content,
            reads_source,
            of_file,
            rules,
            resource_settings,
            collects or {},
            texts,
            languages,
            takes_edits,
            consults or {},
            sidecar_endings,
            after_all_else,
            quality,
        )

    return declare
