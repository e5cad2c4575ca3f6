"""The peer: as many plain assets over a dynamic partition set as our pipeline has, and none of our code."""

from __future__ import annotations

import dagster as dg

files = dg.DynamicPartitionsDefinition(name="media_files")
CHAIN = {
    "drive_file": None,
    "m4a_audio": "drive_file",
    "transcript": "m4a_audio",
    "summary": "transcript",
    "thumbnail": "drive_file",
}


def _asset(name: str, upstream: str | None) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=[upstream] if upstream else [],
        partitions_def=files,
        backfill_policy=dg.BackfillPolicy.multi_run(50),
        automation_condition=dg.AutomationCondition.eager(),
    )
    def plain() -> None: ...

    return plain


@dg.sensor(name="watch_media", minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def watch() -> dg.SkipReason:
    return dg.SkipReason("nothing new")


defs = dg.Definitions(
    assets=[_asset(name, upstream) for name, upstream in CHAIN.items()],
    sensors=[
        watch,
        dg.AutomationConditionSensorDefinition(
            "request_missing",
            target=dg.AssetSelection.all(),
            minimum_interval_seconds=1,
            default_status=dg.DefaultSensorStatus.RUNNING,
            emit_backfills=True,
        ),
    ],
)
