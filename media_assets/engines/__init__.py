"""The tools that do the work. They know files, settings and media; nothing here knows Dagster."""
