"""An engine that runs Whisper on this machine.

What does not belong here: which of its words are believed and how they are made readable (`hearing`).
"""
