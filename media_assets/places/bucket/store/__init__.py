"""Artifacts in a bucket: published by conditional writes, so that none is lost or doubled.

What does not belong here: single requests and what their failures mean (`client`).
"""
