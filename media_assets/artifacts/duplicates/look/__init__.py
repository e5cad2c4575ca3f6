"""The second look: whether two files that fingerprints take for the same are it, by their pictures in full detail.

What does not belong here: how candidates are found (`find`), and where the files lie.
"""
