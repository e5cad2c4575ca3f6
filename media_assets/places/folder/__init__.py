"""A folder of this machine, or a mounted share.

What does not belong here: what a source that is listed remembers between two looks (`listed`).
"""
