"""What the checks of quality warn of by now, read from Dagster's log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from media_assets.dagster_seams.check_records import CheckRecord, check_records, evaluations
from media_assets.pipeline.asset_checks import NEXT_STEP
from media_assets.pipeline.latest_records import made_ids


@dataclass(frozen=True)
class QualityWarning:
    """One check that one file does not pass."""

    asset: str
    key: str
    check: str
    said: str
    next_step: str

    @property
    def sentence(self) -> str:
        """What is wrong and what to do about it."""
        return f"{self.said}. {self.next_step}" if self.next_step else self.said


def looked_at(instance: dg.DagsterInstance, asset: str, keys: Collection[str]) -> list[CheckRecord]:
    """The results of the checks of these files since their artifacts were made last."""
    made, wanted = made_ids(instance, asset), set(keys)
    return [
        record
        for record in check_records(instance, asset)
        if record.partition in wanted and record.storage_id > made.get(record.partition, record.storage_id)
    ]


def quality_warnings(
    instance: dg.DagsterInstance, assets: Sequence[str], keys: Collection[str]
) -> Sequence[QualityWarning]:
    """What is found wrong with these files, in the order of the assets and then of the files.

    Args:
        assets: Names of stages.
    """
    found = []
    for asset in assets:
        ids = [record.id for record in looked_at(instance, asset, keys) if not record.passed]
        found += sorted((_warning(asset, one) for one in evaluations(instance, ids)), key=lambda one: one.key)
    return found


def _warning(asset: str, found: dg.AssetCheckEvaluation) -> QualityWarning:
    step = found.metadata.get(NEXT_STEP)
    return QualityWarning(
        asset,
        found.partition or "",
        found.check_name,
        found.description or "",
        str(step.value) if step else "",
    )


def check_counts(
    instance: dg.DagsterInstance, checks: Mapping[str, Sequence[str]], keys: Collection[str]
) -> dict[tuple[str, str], tuple[int, int]]:
    """How many of these files pass and do not pass each check, by asset and check.

    Args:
        checks: The names of the checks of each asset.
    """
    counts = {(asset, check): [0, 0] for asset, names in checks.items() for check in names}
    for asset in checks:
        for record in looked_at(instance, asset, keys):
            if (asset, record.check) in counts:
                counts[asset, record.check][not record.passed] += 1
    return {one: (passed, failed) for one, (passed, failed) in counts.items()}
