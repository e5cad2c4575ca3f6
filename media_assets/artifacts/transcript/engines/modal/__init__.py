"""An engine that runs Whisper on a GPU at Modal: what is deployed there, and the calls to it.

What does not belong here: how Whisper itself is run (`engines.faster_whisper`), which is deployed as it is.
"""
