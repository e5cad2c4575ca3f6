"""Which files of a library are the same, or nearly: an index, groups, and moving copies aside.

`find` compares, `review` moves, `quick` looks for equal bytes before anything is processed. What does not belong here:
how a file is moved in a place of one kind (`places/*/mover.py`).
"""
