"""Media files: what they are, whether they are whole, and ffmpeg to work on them.

Untrusted bytes are read in children under limits (`sandbox`).

What does not belong here: what is made of a file (`artifacts`), and where it lies (`places`).
"""
