"""Whisper on a GPU at Modal: what is deployed there, and the calls to it."""
