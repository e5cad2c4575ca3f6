"""Translations by a LibreTranslate server, such as one of one's own.

What does not belong here: what is kept of its work (`memory`).
"""
