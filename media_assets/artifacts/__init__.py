"""What is made of the files, one folder for each artifact; `all` puts them in order.

A folder holds `asset` (the recipe: a function of one file), `value` (what is stored), `settings` (its section of
library.yaml) and the engines that do the work. Of each other the folders know the values only. Engines and values know
no Dagster. docs/extending.md adds one step by step.

What does not belong here: how the files of a run are worked through and where results are kept (`pipeline`, `places`),
and what one would need who makes nothing of a file, such as probing it (`media`).
"""
