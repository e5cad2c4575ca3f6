"""Subtitles that others wrote: what players show of a recording, read back as what is said in it."""
