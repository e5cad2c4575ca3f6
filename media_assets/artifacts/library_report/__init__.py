"""How the library fares: space saved, speed, success, cost.

What does not belong here: reading the event log (`pipeline.records`), and figures for monitoring (`operation.metrics`).
"""
