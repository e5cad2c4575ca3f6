"""Where files come from and where artifacts go: a folder for each kind of place.

A place has `settings` (its sections of library.yaml), and of `source`, `store` and `mover` those that it can be. Places
do not know each other; what they share lies beside this text. What does not belong here: Dagster, and what is made of
the files.
"""
