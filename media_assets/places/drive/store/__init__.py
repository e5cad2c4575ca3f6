"""Artifacts in Google Drive: each exactly once, whatever breaks on the way.

What does not belong here: single requests (`api`), and which files are sources (`source`).
"""
