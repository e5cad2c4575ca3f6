"""What an artifact is made from: everything that changes the result is in its fingerprint, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_assets.artifacts.all import PIPELINE as PRODUCT
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.base.errors import SourceChanged, Waiting
from media_assets.config.opening import open_library
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.settings import LimitSettings, RetrySettings
from media_assets.pipeline.stage import FileAsset
from media_assets.places.cache.settings import CacheSettings
from media_assets.places.folder.settings import FolderStore
from media_assets.places.manifest import fingerprint_of, version_of
from media_assets.places.watching import AutomationSettings
from media_assets.services.openai.chat.section import Price
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import ShoutSettings, echo, note, shout, toy_settings, tuned

WHISPER = FasterWhisperTranscription(engine="faster-whisper")
OPENAI = OpenAISummary(engine="openai")


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        library.write(a="one", b="one", c="other")
        library.run_all()
        yield library


def fingerprint(toy: ToyLibrary, stage: FileAsset[Any], name: str, **changes: Any) -> str:
    return Recipe(stage, key_of(name), open_library(toy_settings(toy.root, **changes))).fingerprint


# ----------------------------------------------------------------------------------------------- of files


@pytest.mark.thorough
def test_the_fingerprint_of_what_was_made_is_that_of_what_would_be_made(toy: ToyLibrary) -> None:
    for stage in (note, shout, echo):
        assert toy.made(stage.name, key_of("a")).fingerprint == fingerprint(toy, stage, "a")


@pytest.mark.thorough
def test_files_of_equal_content_share_it_where_only_the_content_counts(toy: ToyLibrary) -> None:
    assert fingerprint(toy, shout, "a") == fingerprint(toy, shout, "b") != fingerprint(toy, shout, "c")
    assert fingerprint(toy, note, "a") != fingerprint(toy, note, "b")


@pytest.mark.thorough
def test_a_touched_file_changes_that_of_the_first_stage_only(toy: ToyLibrary) -> None:
    before = [fingerprint(toy, stage, "a") for stage in (note, shout, echo)]
    os.utime(toy.inbox / "a.txt", (1, 1))
    assert fingerprint(toy, note, "a") != before[0]
    toy.run("note")
    assert [fingerprint(toy, stage, "a") for stage in (shout, echo)] == before[1:]


@pytest.mark.thorough
def test_a_missing_stage_before_has_no_fingerprint_behind_it(toy: ToyLibrary) -> None:
    shutil.rmtree(toy.root / "out/shout")
    with pytest.raises(Waiting, match="waits for its shout") as caught:
        fingerprint(toy, echo, "a")
    assert "has not been made, or failed" in caught.value.next_step
    assert "shout" in caught.value.next_step


@pytest.mark.thorough
def test_a_vanished_source_has_no_fingerprint(toy: ToyLibrary) -> None:
    (toy.inbox / "a.txt").unlink()
    with pytest.raises(SourceChanged):
        fingerprint(toy, note, "a")
    fingerprint(toy, shout, "a")


@pytest.mark.thorough
def test_another_code_version_changes_it(toy: ToyLibrary) -> None:
    newer = replace(shout, code_version="2")
    assert fingerprint(toy, newer, "a") != fingerprint(toy, shout, "a")
    assert newer.full_code_version(toy.settings) != shout.full_code_version(toy.settings)


# ----------------------------------------------------------------------------------------------- of settings

SAME_RESULT: list[dict[str, Any]] = [
    {"limits": LimitSettings(min_free_bytes=2)},
    {"retries": RetrySettings(max_retries=9)},
    {"cache": CacheSettings(max_bytes=0)},
    {"automation": AutomationSettings(live_files=0)},
    {"assets": tuned("shout", batch=3, workers=9)},
    {"pools": {"ffmpeg": 9}},
    {"owners": ("team:media",)},
    {"transcription": WHISPER},
    {"summary": OPENAI},
]


@pytest.mark.thorough
def test_settings_that_do_not_concern_a_stage_leave_it_alone(toy: ToyLibrary) -> None:
    for stage, changes in product((note, shout, echo), SAME_RESULT):
        assert fingerprint(toy, stage, "a", **changes) == fingerprint(toy, stage, "a")
        assert stage.full_code_version(toy_settings(toy.root, **changes)) == stage.full_code_version(toy.settings)


@pytest.mark.thorough
def test_settings_of_a_stage_change_its_fingerprint_and_its_code_version(toy: ToyLibrary) -> None:
    changes = {"shout": ShoutSettings(decibels=1)}
    assert fingerprint(toy, shout, "a", **changes) != fingerprint(toy, shout, "a")
    other = shout.full_code_version(toy_settings(toy.root, **changes))
    assert other != shout.full_code_version(toy.settings)
    assert other.startswith("1-")
    assert note.full_code_version(toy_settings(toy.root, **changes)) == "1"


@pytest.mark.thorough
def test_a_section_behind_a_resource_counts_once_it_is_not_as_it_is_by_default(toy: ToyLibrary) -> None:
    with_resource = replace(note, resource_settings=lambda settings: {"shouting": settings.shout})
    louder = {"shout": ShoutSettings(decibels=1)}

    assert fingerprint(toy, with_resource, "a") == fingerprint(toy, note, "a"), "what was made before stays"
    assert fingerprint(toy, with_resource, "a", **louder) != fingerprint(toy, note, "a")
    assert with_resource.full_code_version(toy.settings) == note.full_code_version(toy.settings)
    other = with_resource.full_code_version(toy_settings(toy.root, **louder))
    assert other.startswith("1-")


STAGES = {stage.name: stage for stage in PRODUCT}


def code_versions(root: Path, **changes: Any) -> dict[str, str]:
    settings = toy_settings(root, **changes)
    return {name: stage.full_code_version(settings) for name, stage in STAGES.items()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"device": "cuda"})}),
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"batch_size": 1})}),
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"cpu_threads": 3})}),
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"allow_download": False})}),
        ({"summary": OPENAI}, {"summary": OPENAI.model_copy(update={"base_url": "http://localhost:1/v1"})}),
        ({"summary": OPENAI}, {"summary": OPENAI.model_copy(update={"timeout_seconds": 1.0})}),
        ({"summary": OPENAI}, {"summary": OPENAI.model_copy(update={"prices": {"m": Price(input=1, output=1)}})}),
        ({}, {"stores": {"elsewhere": FolderStore(path=Path("/elsewhere"))}}),
    ],
)
def test_settings_that_change_speed_place_or_price_make_nothing_again(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert code_versions(tmp_path, **after) == code_versions(tmp_path, **before)


@pytest.mark.parametrize(
    ("before", "after", "stage"),
    [
        ({}, {"audio": AudioSettings(languages=("de",))}, "m4a_audio"),
        ({}, {"audio": AudioSettings(bit_rate_kbps=64)}, "m4a_audio"),
        ({}, {"transcription": OpenAITranscription(engine="openai")}, "transcript"),
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"model": "tiny"})}, "transcript"),
        ({"transcription": WHISPER}, {"transcription": WHISPER.model_copy(update={"language": "de"})}, "transcript"),
        ({}, {"summary": ExtractiveSummary(key_points=1)}, "summary"),
        ({}, {"summary": OPENAI}, "summary"),
        ({"summary": OPENAI}, {"summary": OPENAI.model_copy(update={"temperature": 1.0})}, "summary"),
    ],
)
def test_a_setting_that_changes_a_result_changes_the_version_of_that_stage_alone(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], stage: str
) -> None:
    old, new = code_versions(tmp_path, **before), code_versions(tmp_path, **after)
    assert {name for name in STAGES if old[name] != new[name]} == {stage}


# ----------------------------------------------------------------------------------------------- of anything

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
texts = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)


@pytest.mark.thorough
@given(st.dictionaries(st.text(max_size=3), json_values, max_size=3), texts)
def test_it_does_not_depend_on_any_order(settings: dict[str, Any], inputs: dict[str, str]) -> None:
    def backwards(things: dict[str, Any]) -> dict[str, Any]:
        return dict(reversed(things.items()))

    reordered = fingerprint_of("a", "1", backwards(settings), backwards(inputs))
    assert reordered == fingerprint_of("a", "1", settings, inputs)


@given(texts, texts)
def test_other_inputs_have_another_fingerprint(one: dict[str, str], other: dict[str, str]) -> None:
    assert (fingerprint_of("a", "1", {}, one) == fingerprint_of("a", "1", {}, other)) == (one == other)


@pytest.mark.parametrize(
    "other",
    [
        lambda: fingerprint_of("b", "1", {"x": 1}, {"i": "v"}),
        lambda: fingerprint_of("a", "2", {"x": 1}, {"i": "v"}),
        lambda: fingerprint_of("a", "1", {"x": 2}, {"i": "v"}),
        lambda: fingerprint_of("a", "1", {"x": "1"}, {"i": "v"}),
        lambda: fingerprint_of("a", "1", {"i": "v"}, {"x": "1"}),
    ],
)
def test_each_part_counts_in_its_place(other: Callable[[], str]) -> None:
    assert other() != fingerprint_of("a", "1", {"x": 1}, {"i": "v"})


def test_the_version_of_a_result_is_its_value_and_its_files_by_name() -> None:
    version = version_of({"x": 1}, {"a.txt": "0"})
    assert version == version_of({"x": 1}, {"a.txt": "0"})
    others = {
        version_of({"x": 2}, {"a.txt": "0"}),
        version_of({"x": 1}, {"a.txt": "1"}),
        version_of({"x": 1}, {"b.txt": "0"}),
        version_of({"x": 1}, {}),
        version_of(None, {"a.txt": "0"}),
    }
    assert len(others | {version}) == 6
