"""The bounded cache of fetched files that all runs of a machine share."""
