"""An engine that chooses sentences of the transcript; it needs no key and no download.

What does not belong here: anything that writes a sentence of its own.
"""
