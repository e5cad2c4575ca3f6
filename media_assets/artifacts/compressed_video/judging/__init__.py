"""What is asked of a result before it is handed over, and what it lacks of its source.

What does not belong here: anything that changes a result.
"""
