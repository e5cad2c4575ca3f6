"""Names in Dagster under which a run writes what others read there: metadata of its events, and its tags.

They are written down in databases: whoever changes one forgets what was recorded under it.
"""

FAILED = "failed"
"""Metadata of the observation that says why a file failed: the reason."""
NEXT_STEP = "next_step"
"""Metadata of the same observation: what to do about the failure."""
KIND = "error"
"""Metadata of the same observation: name of the class in `base.errors`."""
ATTEMPT = "attempted_fingerprint"
"""Metadata of the same observation: fingerprint of what was tried."""
WITHDRAWN = "failure_withdrawn"
"""Metadata of the observation that takes a failure back: why."""

DAY = "day"
"""Metadata of the failure of a step that the budget of a day stopped: the day (UTC)."""

IMPORTED_TAG = "media_assets/imported_from"
"""Tag of what was not made or tried here, but recorded by an import: whoever counts or announces leaves it out."""

FILES_TAG = "media_assets/files"
"""Tag of a run: how many files it works on."""

MORE_FOLLOW_TAG = "media_assets/more_follow"
"""Tag of a run: other files of the same stage come to their turn after these, which may be few."""

CACHE_TAGS = {
    "hits": "media_assets/cache_hits",
    "misses": "media_assets/cache_misses",
    "evicted_bytes": "media_assets/cache_evicted_bytes",
}
"""Tags of a run: for each count of the cache, by its name, the tag that holds it."""
