"""Questions to language models behind OpenAI's chat completions: sent in the form that a server takes, paid for, and
answered with an object of the asked form.

What does not belong here: what is asked and what an answer means (the engines that ask), and the server itself, its key
and its errors (`services.openai`).
"""
