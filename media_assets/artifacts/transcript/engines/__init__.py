"""What turns sound into words, one folder for each engine; its section in `settings` opens it.

What does not belong here: what all engines promise (`transcriber`), and what several of them use (`hearing`).
"""
