"""How large a source file is has one name, and what was stored under another is still read."""

from __future__ import annotations

import json

from media_assets.artifacts.compressed_video.value import CompressedVideo
from media_assets.artifacts.values import source_bytes_of

OLD = {"compressed": True, "reason": "saves 60 %", "source_size_bytes": 1000, "size_bytes": 400}


def test_a_video_that_an_older_version_stored_is_read_and_stored_under_the_new_name() -> None:
    old = CompressedVideo.model_validate_json(json.dumps(OLD))
    assert (old.source_bytes, old.saved_share) == (1000, 0.6)
    stored = old.model_dump(mode="json")
    assert stored["source_bytes"] == 1000 and "source_size_bytes" not in stored
    assert CompressedVideo.model_validate(stored) == old


def test_figures_read_both_names() -> None:
    assert source_bytes_of(OLD) == source_bytes_of(CompressedVideo.model_validate(OLD).model_dump()) == 1000
    assert source_bytes_of({"source_bytes": None}) == source_bytes_of({"size_bytes": 5}) == 0
