"""OpenAI's API and servers that speak it: the client, and what their errors mean for a file and for the batch."""
