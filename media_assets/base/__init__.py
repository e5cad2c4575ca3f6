"""What every room may use and that knows none of them: errors, files, paths, keys, checks on single values.

What does not belong here: anything that knows media, places, engines or Dagster.
"""
