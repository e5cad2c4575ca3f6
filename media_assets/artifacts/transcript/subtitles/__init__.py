"""Subtitles that others wrote: what players show of a recording, read back as what is said in it.

What does not belong here: how our own captions are written (`captions.py`), and who decides which subtitles count.
"""
