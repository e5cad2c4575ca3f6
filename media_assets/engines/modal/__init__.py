"""Transcription on a GPU at Modal: what runs there, how it is deployed, and the calls from here."""
