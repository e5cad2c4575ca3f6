"""The result as a file: the picture encoded, all else taken along, and what ffmpeg forgets written into it.

What does not belong here: the judgement on it.
"""
