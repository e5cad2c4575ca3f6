"""What operators see of a library at work: metrics, health, logs and traces."""
