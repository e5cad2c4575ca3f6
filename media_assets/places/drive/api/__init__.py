"""Google Drive v3 as the project speaks it: calls, downloads, uploads, and the keys to them.

`api` is what sources and stores use; `login` and `check` are for the command line. Below them, `calls` makes single
calls: `transport` sends requests with the credentials of `credentials`, `retries` repeats them, `errors` says what an
answer means, `service` knows the addresses. `downloads`, `uploads` with `upload_sessions` and `bodies`, and `places`
are the longer conversations. What does not belong here: which files are sources, and which are artifacts.
"""
