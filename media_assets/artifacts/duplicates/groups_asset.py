"""duplicate_groups: which files of the whole library are the same, as a table."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from media_assets.artifacts.duplicates.library import INDEX, Duplicates, freed_bytes
from media_assets.artifacts.duplicates.table import to_table, write_csv, write_parquet
from media_assets.base.checksums import sha256_of
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.shown import link, with_units
from media_assets.places.manifest import Manifest, version_of
from media_assets.places.store import Target

NAME = "duplicate_groups"
# One artifact of the whole library; no source is called so.
_KEY = "-library:all"
_MAX_ROWS = 200


@dg.asset(
    name=NAME,
    group_name="duplicates",
    kinds={"pandas"},
    deps=[dg.AssetDep(INDEX, partition_mapping=dg.AllPartitionMapping())],
    required_resource_keys={"library"},
)
def duplicate_groups(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Files that are the same, byte for byte or nearly, each group with the one to keep, why, and what it would free.

    As CSV and Parquet in the store. `media-assets duplicates` shows the same, and moves copies to a review folder.
    """
    library: Library = context.resources.library
    found = Duplicates(library, registered(context.instance), context.log.info)
    groups = found.groups
    with library.workspaces.run() as folder:
        manifest = _publish(library, found, folder, context.run.run_id)
    table = to_table(groups).head(_MAX_ROWS)
    records = [
        dg.TableRecord({str(name): value for name, value in row.items() if name != "keep_key"})
        for row in table.to_dict("records")
    ]
    return dg.MaterializeResult(
        metadata=with_units(
            {
                "groups": len(groups),
                "redundant_files": sum(len(group.members) for group in groups),
                "freed_bytes": freed_bytes(groups),
                "look_alikes": len(found.look_alikes),
                "files_not_indexed_yet": len(found.unknown),
                "artifact": link(library.store(NAME).link(manifest)),
                **({"duplicates": dg.MetadataValue.table(records)} if records else {}),
            }
        )
    )


def _publish(library: Library, found: Duplicates, folder: Path, run_id: str) -> Manifest:
    files = {name: folder / name for name in ("duplicates.csv", "duplicates.parquet")}
    write_csv(found.groups, files["duplicates.csv"], found.look_alikes)
    write_parquet(found.groups, files["duplicates.parquet"], found.look_alikes)
    digests = {name: sha256_of(path) for name, path in files.items()}
    version = version_of(None, digests)
    draft = Manifest(
        asset=NAME,
        key=_KEY,
        fingerprint=version,
        version=version,
        inputs={},
        code_version="1",
        settings=library.section(lambda settings: settings.duplicates).result_settings(),
        made_at=datetime.now(UTC),
        made_in_seconds=0.0,
        made_by_run=run_id,
    )
    return library.store(NAME).publish(draft, files, digests, Target("folder"))


def nightly_groups(zone: str) -> dg.ScheduleDefinition:
    """The schedule of the groups, in a time zone."""
    return dg.ScheduleDefinition(
        name="find_duplicates",
        target=[duplicate_groups],
        cron_schedule="0 4 * * *",
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Groups the duplicates of the whole library anew, every night at four ({zone}).",
    )
