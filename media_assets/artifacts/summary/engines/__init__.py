"""What turns a transcript into a summary, one folder for each engine; its section in `settings` opens it.

What does not belong here: what all engines promise (`summarizer`), and how a summary is written down (`markdown`).
"""
