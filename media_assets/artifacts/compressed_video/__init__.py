"""A video in fewer bytes, at a quality that was measured.

What does not belong here: which ffmpeg is used and what its failures mean (`media.ffmpeg`).
"""
