"""Folders in Google Drive as a source: what is in them, and what changed since the last look.

What does not belong here: single requests (`api`), and the files of artifacts (`store`).
"""
