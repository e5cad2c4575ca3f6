"""A photo in fewer bytes, without a loss that can be seen.

What does not belong here: opening pictures and reading their pixels (`media.pictures`).
"""
