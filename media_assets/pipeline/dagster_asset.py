"""From a stage and the settings of a library to the Dagster asset that it is there.

Apart from `stage`, because stages are known to much that has no need of Dagster, such as the settings, and importing
Dagster takes seconds.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg

from media_assets.pipeline.asset_checks import check_specs
from media_assets.pipeline.partitions import media_files
from media_assets.pipeline.run_settings import RunSettings
from media_assets.pipeline.stage import FileAsset

_WHY_RED = (
    "**Why a cell is red:** under *Events*, the observation of that partition says it (`failed`, `next_step`); so does "
    "the table `failures` at the failed step of its run. `media-assets status` lists all."
)


def dagster_asset(
    stage: FileAsset[Any],
    settings: RunSettings,
    automation_condition: dg.AutomationCondition[Any] | None,
    compute: Callable[..., object],
) -> dg.AssetsDefinition:
    """The Dagster asset of this stage for one library.

    Args:
        compute: What the asset does; see `batch.batches_of`.
    """
    tuning = settings.assets[stage.name]
    with warnings.catch_warnings():
        # `backfill_policy` is beta, and checks of partitions are a preview; we mean both.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        asset: dg.AssetsDefinition = dg.asset(
            compute_fn=compute,
            name=stage.name,
            description=f"{inspect.getdoc(stage.function)}\n\n{_WHY_RED}",
            group_name=stage.group,
            owners=settings.owners,
            kinds=set(stage.kinds),
            code_version=stage.full_code_version(settings),
            ins={name: dg.AssetIn(key=name) for name in stage.upstreams},
            required_resource_keys={"library", "progress", *stage.engines},
            io_manager_key=io_manager_key(str(settings.output_for(stage.name).store)),
            partitions_def=media_files,
            backfill_policy=dg.BackfillPolicy.multi_run(tuning.batch),
            pool=stage.pool,
            retry_policy=dg.RetryPolicy(
                max_retries=settings.retries.max_retries,
                delay=settings.retries.delay_seconds,
                backoff=dg.Backoff.EXPONENTIAL,
                jitter=dg.Jitter.PLUS_MINUS,
            ),
            automation_condition=automation_condition,
            check_specs=check_specs(stage, settings),
            metadata={"batch": tuning.batch, "workers": tuning.workers},
        )
    return asset


def io_manager_key(store: str) -> str:
    """The resource key of the IO manager that writes to a store."""
    return f"store_{store}"
