"""Messages for people: what failed, what stopped, what is well again, and a digest of the day."""
