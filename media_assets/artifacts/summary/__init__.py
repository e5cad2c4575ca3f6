"""What a recording is about."""
