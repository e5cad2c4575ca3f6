"""Mistakes in stages are told when the list of them is made, and name the stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from media_assets.artifacts.all import PIPELINE
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import Fatal, FaultOfCode
from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.definitions import build_definitions
from media_assets.pipeline.artifact import Artifact, Earlier, Stored
from media_assets.pipeline.settings import USUAL_POOLS, Pool
from media_assets.pipeline.stage import FileAsset, in_order
from media_assets.pipeline.stage_mistakes import RESOURCES
from media_assets.places.folder.settings import FolderSource
from media_assets.work.work import Work

STAGES = {stage.name: stage for stage in PIPELINE}
FIRST, SOUND, TRANSCRIPT = STAGES["drive_file"], STAGES["m4a_audio"], STAGES["transcript"]


def with_tuning(stage: FileAsset[Any], **changes: Any) -> FileAsset[Any]:
    return replace(stage, tuning=stage.tuning.model_copy(update=changes))


def with_batch(stage: FileAsset[Any], batch: int) -> FileAsset[Any]:
    return with_tuning(stage, batch=batch)


def any_of(value: Any) -> Any:
    """A value that types would forbid."""
    return value


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ((FIRST, TRANSCRIPT, SOUND), "transcript is made from m4a_audio, and no stage of that name comes before it"),
        ((SOUND,), "m4a_audio is made from drive_file, and no stage of that name comes before it"),
        ((FIRST, SOUND, SOUND), "m4a_audio is listed twice"),
        ((FIRST, with_batch(SOUND, FIRST.tuning.batch)), "drive_file and m4a_audio have batches of 100 files"),
        ((replace(FIRST, pool="sauce"),), "drive_file uses the pool 'sauce', and .*perhaps source is meant"),
        ((replace(FIRST, pool=""),), "drive_file uses the pool '', and there are only encoder, ffmpeg, source, sum"),
        ((replace(FIRST, code_version=any_of(2)),), "drive_file has the code_version 2, which is no text"),
        ((replace(FIRST, tuning=any_of({"batch": 3})),), "drive_file has a dict as its tuning, and no AssetTuning"),
        ((replace(FIRST, tuning=any_of(None)),), "drive_file has a NoneType as its tuning"),
        ((with_tuning(FIRST, batch=0),), "a tuning that cannot be used: batch: Input should be greater than 0"),
        ((with_tuning(FIRST, workers="many"),), "a tuning that cannot be used: workers: Input should be a valid int"),
        ((with_tuning(FIRST, time_limit_seconds=0),), "time_limit_seconds: Input should be greater than 0"),
        ((with_tuning(FIRST, time_limit_seconds=float("nan")),), "time_limit_seconds: Input should be a finite number"),
        ((with_tuning(FIRST, time_limit_per_media_second=-1),), "time_limit_per_media_second: Input should be greater"),
        ((with_tuning(FIRST, wrokers=2),), "a tuning that cannot be used: wrokers: Extra inputs are not permitted"),
    ],
)
def test_a_list_that_cannot_work_is_refused(stages: tuple[FileAsset[Any], ...], reason: str) -> None:
    with pytest.raises(Fatal, match=reason):
        in_order(*stages)


def no_type(drive_file) -> Artifact[AudioTrack]:
    raise NotImplementedError


def no_result(drive_file: Stored[SourceFile]):
    raise NotImplementedError


def other_result(drive_file: Stored[SourceFile]) -> AudioTrack:
    raise NotImplementedError


def value(drive_file: SourceFile) -> Artifact[AudioTrack]:
    raise NotImplementedError


def other_value(drive_file: Stored[AudioTrack]) -> Artifact[AudioTrack]:
    raise NotImplementedError


def resource(drive_file: Stored[SourceFile], transcriber: object) -> Artifact[AudioTrack]:
    raise NotImplementedError


def job(drive_file: Stored[SourceFile], job: Work) -> Artifact[AudioTrack]:
    raise NotImplementedError


def section(drive_file: Stored[SourceFile], audio: AudioSettings) -> Artifact[AudioTrack]:
    raise NotImplementedError


def settings(drive_file: Stored[SourceFile], settings: AudioSettings) -> Artifact[AudioTrack]:
    raise NotImplementedError


def before(drive_file: Stored[SourceFile], before: Earlier[SourceFile]) -> Artifact[AudioTrack]:
    raise NotImplementedError


def unknown(drive_file: Stored[Nowhere]) -> Artifact[AudioTrack]:  # type: ignore[name-defined]  # noqa: F821
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_type, "the stage no_type has a parameter drive_file that has no type"),
        (no_result, "does not say what it returns: Artifact"),
        (other_result, "does not say what it returns: Artifact"),
        (value, "has a parameter drive_file that is the value of a stage: write Stored.SourceFile."),
        (other_value, "takes its drive_file for a AudioTrack, and it is a SourceFile"),
        (resource, "has a parameter transcriber that names no resource, and .*perhaps transcribers is meant"),
        (job, "has a parameter job that has to be called work"),
        (section, "has a parameter audio that is a section: call it settings"),
        (settings, "has a parameter settings that no section is chosen for: give result_settings"),
        (before, "has a parameter before that is no earlier artifact of its own: write Earlier.AudioTrack."),
        (unknown, "has annotations that cannot be read: name 'Nowhere' is not defined"),
    ],
)
def test_a_recipe_that_cannot_be_called_is_refused_when_the_list_is_made(
    function: Callable[..., Any], reason: str
) -> None:
    with pytest.raises(FaultOfCode, match=reason):
        in_order(FIRST, replace(SOUND, function=function, result_settings=None))


def test_all_that_is_wrong_with_a_stage_is_told_at_once() -> None:
    with pytest.raises(FaultOfCode, match=r"uses the pool 'x'.*; and it has a tuning that cannot be used"):
        in_order(with_tuning(replace(FIRST, pool="x"), batch=0))


def test_the_pools_that_types_know_are_those_that_there_are() -> None:
    assert set(get_args(Pool)) == set(USUAL_POOLS)


def test_the_resources_that_a_stage_may_name_are_those_that_there_are(tmp_path: Path) -> None:
    settings = Settings(sources={"a": FolderSource(path=tmp_path)}, state_dir=tmp_path / "state")
    names = set(build_definitions(settings, Secrets()).resources or ())
    assert {name for name in names if not name.startswith("store_")} == RESOURCES


def test_the_list_of_the_product_is_in_order() -> None:
    assert in_order(*PIPELINE) == PIPELINE


def test_a_stage_whose_section_is_not_among_the_settings_says_so() -> None:
    with pytest.raises(Fatal, match="no section audio for the stage m4a_audio"):
        SOUND.settings_for(SimpleNamespace())
