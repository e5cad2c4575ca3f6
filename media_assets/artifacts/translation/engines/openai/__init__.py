"""Translations by a language model behind OpenAI's chat completions.

What does not belong here: the protocol of the server, which summaries speak too (`services.openai`).
"""
