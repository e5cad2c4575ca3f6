"""A run reads the keys of its own files, whatever the library holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.errors import DagsterInvalidInvocationError

from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.dagster_seams import keys_in_range
from media_assets.pipeline.partitions import register
from media_assets_tests import postgres
from media_assets_tests.postgres import Databases
from media_assets_tests.sql import statements
from media_assets_tests.toy_library import QUIET, ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE

_FILES = dg.DynamicPartitionsDefinition(name="files")
_OTHERS = dg.DynamicPartitionsDefinition(name="others")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.thorough)])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """One with the keys of two kinds, registered in turns, and of one kind not in the order of the alphabet."""
    dagster_fixes.apply()
    overrides = dict(QUIET)
    if request.param == "postgres":
        databases: Databases = request.getfixturevalue("databases")
        overrides |= postgres.storage(databases.with_tables())
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=overrides) as made:
        for files, others in (("cb", "bx"), ("ad", "ca")):
            made.add_dynamic_partitions("files", list(files))
            made.add_dynamic_partitions("others", list(others))
        yield made


@pytest.mark.parametrize("kind", [_FILES, _OTHERS])
def test_the_keys_of_a_range_are_those_that_dagster_itself_takes(
    instance: dg.DagsterInstance, kind: dg.DynamicPartitionsDefinition
) -> None:
    with partition_loading_context(dynamic_partitions_store=instance):
        keys = kind.get_partition_keys()
        for first in range(len(keys)):
            for last in range(len(keys)):
                between = dg.PartitionKeyRange(keys[first], keys[last])
                found = kind.get_partition_keys_in_range(between)
                assert list(found) == list(keys_in_range._of_all_keys(kind, between))
                assert last < first or list(found) == list(keys[first : last + 1])


def test_a_range_of_which_a_key_is_not_registered_is_refused(instance: dg.DagsterInstance) -> None:
    with (
        partition_loading_context(dynamic_partitions_store=instance),
        pytest.raises(DagsterInvalidInvocationError, match="x"),
    ):
        _FILES.get_partition_keys_in_range(dg.PartitionKeyRange("c", "x"))


def _of_all_files(executed: list[str]) -> list[str]:
    """The statements that read keys of files, without those that ask for some by name or for a range."""
    return [
        statement
        for statement in executed
        if "FROM dynamic_partitions" in statement
        and not any(part in statement.partition("WHERE")[2] for part in ("partition = ", " IN "))
    ]


def test_a_run_of_some_files_reads_nothing_of_the_others(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as library:
        library.write(**{name: name for name in ("a", "b", "c", "d", "e")})
        register(library.instance, [key_of(f"other{number}") for number in range(20)])
        own = [key_of("b"), key_of("c"), key_of("d")]
        for stage in PIPELINE:
            with statements() as executed:
                run = library.run(stage.name, keys=own)
            assert run.success and len(run.get_asset_materialization_events()) == len(own)
            assert executed and _of_all_files(executed) == []
