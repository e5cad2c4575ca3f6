"""Requests for many files of many assets at once.

Seen with Dagster 1.13. A sensor can ask for a backfill by such a subset, and only private names make one.
"""

from __future__ import annotations

from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset

__all__ = ["AssetGraphSubset", "DefaultPartitionsSubset"]
