"""OpenAI's API and servers that speak it: the client, and what their errors mean for a file and for the batch.

What does not belong here: what is asked of the server, and what its answers mean (the engines that ask).
"""
