"""Moving redundant copies to a review folder, and back: the plan, its execution and its undoing.

What does not belong here: which copies are redundant (`find`), and how one file is moved (`places/*/mover.py`).
"""
