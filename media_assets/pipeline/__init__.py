"""The machine that runs stages: files in batches, each apart from the others, stored once, recorded in Dagster's log.

What does not belong here: what a stage makes (`artifacts`), when it is asked for (`automation`), and who is told
(`operation`).
"""
