"""The sound of a recording as M4A that starts playing at once."""
