"""Artifacts in Google Drive: each exactly once, whatever breaks on the way."""
