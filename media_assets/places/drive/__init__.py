"""Google Drive through its API."""
