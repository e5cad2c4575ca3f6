"""The sound of a recording as M4A that starts playing at once.

What does not belong here: what is said in it (`transcript`).
"""
