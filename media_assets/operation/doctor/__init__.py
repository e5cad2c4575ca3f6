"""Looks at the machine before work begins: is what the settings name there, readable, writable and usable?"""
