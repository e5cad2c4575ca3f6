"""Signed events for other systems, after the specification Standard Webhooks (standardwebhooks.com)."""
