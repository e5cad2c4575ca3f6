"""What is said in a recording, with times.

What does not belong here: finding and extracting the sound (`m4a_audio`), and the protocol of a server
(`services.openai`).
"""
