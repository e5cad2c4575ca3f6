"""From what is known of each file to groups of equal and nearly equal ones.

What does not belong here: where the files lie, and anything that moves them.
"""
