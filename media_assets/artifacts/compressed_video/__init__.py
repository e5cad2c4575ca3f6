"""A video in fewer bytes, at a quality that was measured."""
