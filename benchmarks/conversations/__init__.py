"""Conversations made of synthetic voices, for benchmarks/speakers.py."""
