"""A video in fewer bytes, at a quality that was measured.

A file goes through the rooms in this order: `reading`, `planning`, `searching`, `encoding`, `judging`; `compress` and
`finish` lead it.

What does not belong here: which ffmpeg is used and what its failures mean (`media.ffmpeg`).
"""
