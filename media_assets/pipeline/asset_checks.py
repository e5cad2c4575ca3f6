"""The checks of quality as Dagster's asset checks: one for each file, recorded with the batch that looked at it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import dagster as dg

from media_assets.pipeline.outcome import Outcome
from media_assets.pipeline.partitions import media_files
from media_assets.pipeline.shown import with_units
from media_assets.pipeline.stage import FileAsset

NEXT_STEP = "next_step"
"""The metadata of a check that did not pass with what to do about it."""


def check_specs(stage: FileAsset[Any], settings: Any) -> list[dg.AssetCheckSpec]:
    """The asset checks of a stage in one library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # checks of partitions are a preview; we mean it
        return [
            dg.AssetCheckSpec(
                check.name, asset=stage.name, description=check.description, partitions_def=media_files, blocking=False
            )
            for check in stage.quality_checks(settings)
        ]


def check_evaluations(asset_key: dg.AssetKey, outcomes: Iterable[Outcome]) -> list[dg.AssetCheckEvaluation]:
    """What was found of these files. It warns, and stops nothing."""
    return [
        dg.AssetCheckEvaluation(
            asset_key,
            name,
            passed=verdict.passed,
            metadata={
                **with_units(verdict.figures),
                **({NEXT_STEP: verdict.next_step} if verdict.next_step and not verdict.passed else {}),
            },
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.said,
            blocking=False,
            partition=outcome.key,
        )
        for outcome in outcomes
        for name, verdict in outcome.verdicts.items()
    ]
