"""What happens by itself: sensors that notice files, and the conditions under which stages are requested.

What does not belong here: how a stage runs (`pipeline`), and sensors that only tell what happened (`operation`).
"""
