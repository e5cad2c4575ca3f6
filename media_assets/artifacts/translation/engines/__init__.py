"""What translates lines, one folder for each engine; its section in `settings` opens it.

What does not belong here: what all engines promise (`translator`), and what is kept of their work (`memory`).
"""
