"""A media library as software-defined assets: every artifact of every file is a partitioned Dagster asset.

Everything lies in a room of its own; docs/architecture.md has a picture of them. What does not belong here: modules,
but for the two whose names others have written down (`definitions`, `dagster_fixes`).
"""
