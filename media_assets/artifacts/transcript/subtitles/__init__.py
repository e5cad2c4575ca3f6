"""Subtitles that others wrote: what players show of a recording, read back as what is said in it.

What does not belong here: how our own captions are written, which is the affair of `artifacts/transcript/captions.py`.
"""
