"""Signed events for other systems, after the specification Standard Webhooks (standardwebhooks.com).

What does not belong here: messages for people (`alerts`).
"""
