"""What is said in a recording, in other languages.

What does not belong here: the words themselves (`transcript`), how captions are timed (`transcript.captions`), and the
protocol of a server of language models (`services.openai`).
"""
