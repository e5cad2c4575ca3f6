"""How strongly a video may be compressed: samples of it, trials of them, and the measure of what they lost.

What does not belong here: the encoding of the whole.
"""
