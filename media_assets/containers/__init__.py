"""What docker-compose.yml runs besides Dagster's own commands: a launcher, its gate to Docker, health checks."""
