"""The bounded cache of fetched files that all runs of a machine share.

What does not belong here: how a file is fetched, and which files are wanted soon (`pipeline.prefetch`).
"""
