"""What operators need beside the pipeline: messages, webhooks, metrics, logs, traces, checks, backups, one process.

What does not belong here: what is typed and printed (`cli`).
"""
