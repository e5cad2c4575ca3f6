"""Opening pictures of all formats, and their pixels.

What does not belong here: frames of videos, and what is made of a picture (`artifacts`).
"""
