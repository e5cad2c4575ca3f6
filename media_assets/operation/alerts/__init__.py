"""Messages for people: what failed, what stopped, what is well again, and a digest of the day.

What does not belong here: events for other systems (`webhooks`).
"""
