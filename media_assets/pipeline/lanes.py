"""The two lanes of runs. A few new or changed files get a run of their own, ahead of everything else (live); many go
through stage by stage, in batches, by way of Dagster's backfills (bulk)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import dagster as dg

from media_assets.dagster_seams.ranges import AssetGraphSubset, DefaultPartitionsSubset

LANE_TAG = "media_assets/lane"
"""Tag of a run: whether it is of the live or of the bulk lane."""

_PRIORITY_TAG = "dagster/priority"
BULK_TAGS = {_PRIORITY_TAG: "0", LANE_TAG: "bulk"}
LIVE_TAGS = {_PRIORITY_TAG: "10", LANE_TAG: "live"}


def bulk_request(keys: Mapping[dg.AssetKey, Collection[str]]) -> dg.RunRequest:
    """Asks for a backfill.

    Args:
        keys: Files by asset.
    """
    subset = AssetGraphSubset(  # type: ignore[call-arg]  # its decorator hides the defaults from the type checker
        partitions_subsets_by_asset_key={
            asset: DefaultPartitionsSubset(set(files)) for asset, files in keys.items() if files
        },
        non_partitioned_asset_keys=set(),
    )
    return dg.RunRequest.for_asset_graph_subset(subset, tags=BULK_TAGS)
