"""What sources share that are watched by listing them: the memory of the last look, and which files are whole.

What does not belong here: how a place is listed, and sources that tell changes by themselves, as Drive does.
"""
