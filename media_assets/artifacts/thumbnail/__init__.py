"""What a file looks like: a poster in a few sizes, and a contact sheet of videos.

What does not belong here: opening pictures and reading their pixels (`media.pictures`).
"""
