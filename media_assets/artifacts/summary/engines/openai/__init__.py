"""An engine that asks any server which speaks OpenAI's chat completions with structured output.

What does not belong here: the client of such a server and the meaning of its errors (`services.openai`).
"""
