"""What docker-compose.yml runs besides Dagster's own commands: a launcher, its gate to Docker, health checks.

What does not belong here: anything that a library outside of containers would need, and the files that containers are
made from (`deploy/`).
"""
