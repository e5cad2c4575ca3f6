"""Children that read untrusted bytes: under limits of memory, time and system calls, with checked results.

What does not belong here: the functions that run in them, and how large the limits are (`work.child_limits`).
"""
