"""What Dagster's event log holds after a batch: that is the only table of states there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CODE_VERSION_TAG, CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.tags import BACKFILL_ID_TAG

from media_assets.pipeline.stage import FileAsset
from media_assets_tests.folders import path_of
from media_assets_tests.sql import commits
from media_assets_tests.toy_library import ToyLibrary, failure_of, key_of, materialized, observed, retries
from media_assets_tests.toy_stages import PIPELINE, shout, tuned


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def metadata_of(event: dg.AssetMaterialization) -> dict[str, object]:
    return {name: value.value for name, value in event.metadata.items()}


@pytest.mark.thorough
def test_a_batch_that_went_well_is_a_materialization_for_each_file(toy: ToyLibrary) -> None:
    keys = toy.write(a="one", b="two", c="two")
    toy.run("note")
    toy.run("shout")
    result = toy.run("echo")
    assert result.success
    assert observed(result) == {}
    events = materialized(result)
    assert set(events) == set(keys)
    manifest = toy.made("echo", key_of("a"))
    folder = path_of(toy.library.store("echo"), manifest.files[0]).parent
    shown = metadata_of(events[key_of("a")])
    assert shown.pop("made_in_seconds") == manifest.made_in_seconds
    assert str(shown.pop("made_in")).endswith(" s")
    assert shown == {
        "title": "96 decibels of one",
        "artifact": str(folder),
        "size_bytes": sum(file.size_bytes for file in manifest.files),
        "cost_usd": 0.25,
        "reused": False,
        "fingerprint": manifest.fingerprint[:16],
        "size": "50 B",
        "source_file": str(toy.inbox / "a.txt"),
    }
    copies = [metadata_of(event) for event in events.values() if "same_content_as" in event.metadata]
    (copy,) = copies
    assert copy["reused"] is True
    assert copy["same_content_as"] in (key_of("b"), key_of("c"))


@pytest.mark.thorough
def test_a_batch_with_bad_files_records_the_good_ones_as_if_alone(toy: ToyLibrary) -> None:
    toy.write(a="one", b="poison\nshout: poison", c="photo\nshout: photo")
    toy.run("note")
    mixed = toy.run("shout")
    assert set(materialized(mixed)) == {key_of("a"), key_of("c")}
    toy.write(b="cured")
    toy.run("note")
    sound = toy.run("shout")
    assert sound.success
    one, other = materialized(mixed)[key_of("a")], materialized(sound)[key_of("a")]
    assert metadata_of(one) | {"reused": True} == metadata_of(other)
    assert one.tags is not None
    assert other.tags is not None
    pointer = "dagster/input_event_pointer/note"
    assert {**one.tags, pointer: other.tags[pointer]} == other.tags
    assert one.tags[CODE_VERSION_TAG] == shout.full_code_version(toy.settings)
    assert metadata_of(materialized(mixed)[key_of("c")]) == {"not_applicable": "is a photo"}


@pytest.mark.thorough
def test_what_was_made_in_a_batch_with_bad_files_is_not_outdated(toy: ToyLibrary) -> None:
    toy.write(a="one", b="poison\nshout: poison")
    toy.run_all()
    resolver = CachingStaleStatusResolver(
        toy.instance, toy.definitions.resolve_asset_graph(), LoadingContextForTest(toy.instance)
    )
    for asset in ("shout", "echo"):
        assert resolver.get_status(dg.AssetKey(asset), key_of("a")) is StaleStatus.FRESH


@pytest.mark.thorough
def test_a_bad_file_is_an_observation_with_its_reason_and_a_row_of_the_failure(toy: ToyLibrary) -> None:
    toy.write(a="one", b="poison\nshout: poison", c="bad too\nshout: poison")
    toy.run("note")
    result = toy.run("shout")
    failed = observed(result)
    assert set(failed) == {key_of("b"), key_of("c")}
    attempt = failed[key_of("b")]["attempted_fingerprint"]
    assert len(attempt) == 64
    assert failed[key_of("b")] == {
        "failed": "is poison",
        "next_step": "Throw it away",
        "error": "BadMedia",
        "attempted_fingerprint": attempt,
        "source_file": str(toy.inbox / "b.txt"),
    }
    failure = failure_of(result)
    assert failure.description is not None
    assert failure.description.startswith("2 of 3 files failed, 1 done. ")
    assert "(and 1 more, see the table)" in failure.description
    assert (failure.metadata["failed"].value, failure.metadata["done"].value) == (2, 1)
    assert next(iter(failure.metadata)) == "failures", "the UI shows the table at once, and the first things first"
    table = failure.metadata["failures"]
    assert isinstance(table, dg.TableMetadataValue)
    assert {"file": key_of("b"), "reason": "is poison", "next_step": "Throw it away"} in [
        dict(record.data) for record in table.records
    ]
    assert retries(result) == 0


@pytest.mark.thorough
def test_a_batch_with_bad_files_costs_no_more_transactions_when_it_has_more_files(tmp_path: Path) -> None:
    committed = []
    for number in (4, 24):
        with ToyLibrary(tmp_path / str(number)) as toy:
            keys = toy.write(
                **{f"n{index:02}": "text\nnote: poison" if index % 2 else "text" for index in range(number)}
            )
            with commits() as seen:
                result = toy.run("note", keys=keys)
            assert len(materialized(result)) == len(observed(result)) == number // 2
            committed.append(len(seen))
    assert committed[0] == committed[1]


@pytest.mark.thorough
def test_one_bad_file_is_named_with_its_reason_in_the_headline(toy: ToyLibrary) -> None:
    toy.write(a="poison\nnote: poison")
    assert failure_of(toy.run("note")).description == ("1 of 1 file failed, 0 done. a.txt is poison. Throw it away")


@pytest.mark.thorough
def test_something_fatal_records_what_is_done_and_observes_nothing(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("note", workers=1)) as toy:
        toy.write(a="one", b="poison\nnote: poison", c="bad\nnote: fatal", d="never")
        result = toy.run("note")
        assert set(materialized(result)) == {key_of("a")}
        assert observed(result) == {}
        failure = failure_of(result)
        assert "failures" not in failure.metadata
        assert failure.metadata["done"].value == 1


@pytest.mark.slow
def test_the_table_of_a_very_bad_batch_stays_bounded(toy: ToyLibrary) -> None:
    toy.write(**{f"f{number:03}": "bad\nnote: poison" for number in range(230)})
    result = toy.run("note")
    table = failure_of(result).metadata["failures"]
    assert isinstance(table, dg.TableMetadataValue)
    assert len(table.records) == 200
    assert failure_of(result).metadata["failed"].value == 230
    assert len(observed(result)) == 230


def test_materializations_of_a_backfill_carry_its_id_in_a_batch_with_bad_files_too(toy: ToyLibrary) -> None:
    toy.write(a="one", b="poison\nnote: poison")
    keys = toy.register()
    result = toy.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=toy.instance,
        asset_selection=[dg.AssetKey("note")],
        tags={
            "dagster/asset_partition_range_start": keys[0],
            "dagster/asset_partition_range_end": keys[-1],
            BACKFILL_ID_TAG: "backfill",
        },
        raise_on_error=False,
    )
    event = materialized(result)[key_of("a")]
    assert event.tags is not None
    assert event.tags[BACKFILL_ID_TAG] == "backfill"


@pytest.mark.thorough
def test_a_run_of_a_single_file_works_like_a_batch(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    result = toy.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=toy.instance, partition_key=key_of("a")
    )
    assert result.success
    assert [(event.asset_key.path[-1], event.partition) for event in _materializations(result)] == [
        (stage.name, key_of("a")) for stage in PIPELINE
    ]


def _materializations(result: dg.ExecuteInProcessResult) -> list[dg.AssetMaterialization]:
    return [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]


@pytest.mark.thorough
def test_a_file_that_failed_is_failed_again_by_the_next_run_and_not_skipped(toy: ToyLibrary) -> None:
    toy.write(a="poison\nnote: poison")
    toy.run("note")
    toy.run("note")
    assert toy.bench.calls == ["note poison"] * 2


@pytest.mark.parametrize("stage", PIPELINE)
def test_a_stage_is_an_asset_with_all_that_people_see_of_it(toy: ToyLibrary, stage: FileAsset[Any]) -> None:
    asset = toy.definitions.resolve_assets_def(stage.name)
    spec = asset.specs_by_key[dg.AssetKey(stage.name)]
    assert spec.group_name == "toy"
    assert spec.kinds == {"python"}
    assert spec.description
    assert spec.code_version == stage.full_code_version(toy.settings)
    assert {dependency.asset_key.path[-1] for dependency in spec.deps} == set(stage.upstreams)
    assert asset.backfill_policy == dg.BackfillPolicy.multi_run(toy.settings.assets[stage.name].batch)
    assert asset.op.pool == stage.pool
