"""What is decided before anything is encoded: whether at all, how large, by which encoder, and what goes along.

What does not belong here: looking into files, except to see whether the original has to stay.
"""
