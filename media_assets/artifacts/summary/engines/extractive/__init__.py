"""Chooses sentences of the transcript; needs no key and no download."""
