"""The work on one file: its scratch directory, limits, progress and money, as an engine is handed them.

What does not belong here: what an engine does with them, and how many files are worked on at once (`pipeline`).
"""
