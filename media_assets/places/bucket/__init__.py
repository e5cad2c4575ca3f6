"""Buckets: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.

`client` speaks to them; `source`, `store` and `mover` are what a bucket can be for a library. What does not belong
here: what a source that is listed remembers between two looks (`listed`).
"""
