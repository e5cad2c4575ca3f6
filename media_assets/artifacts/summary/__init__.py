"""What a recording is about.

What does not belong here: the words themselves (`transcript`), and the protocol of a server (`services.openai`).
"""
