"""A media library as software-defined assets: every artifact of every file is a partitioned Dagster asset."""
