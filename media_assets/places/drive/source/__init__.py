"""Folders in Google Drive as a source: what is in them, and what changed since the last look."""
