"""The exporter of `media-assets metrics`: Prometheus figures and health of a library, read from Dagster's storage.

`watch` looks every few seconds: `history` follows the event log and the runs by cursor and keeps running totals,
`cells` the state of each file in each stage; `present` reads what is going on right now. `families` gives all of it
names, units and help texts, `health` says what is wrong, `server` answers HTTP. `saved_history` keeps the totals over
a restart. No process of Dagster is asked. What does not belong here: reading single events (`pipeline.records`).
"""
