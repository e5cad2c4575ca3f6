"""Smaller videos without visible loss: `compress.compress_video` and the steps it is made of."""
