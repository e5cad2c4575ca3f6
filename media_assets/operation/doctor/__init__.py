"""Looks at the machine before work begins: is what the settings name there, readable, writable and usable?

What does not belong here: how one place or one engine is looked at (each says a line of itself).
"""
