"""Google Drive through its API.

`api` speaks to it; `source`, `store` and `mover` are what Drive can be for a library. What does not belong here: Drive
as a program mounts it on this machine (`drive_desktop`).
"""
