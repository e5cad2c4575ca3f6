"""Files with equal bytes in folders of this machine, found before anything is processed.

What does not belong here: files that are only alike, and files elsewhere; for those there is `dedup_index`.
"""
