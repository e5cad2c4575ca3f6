"""What a video has that no result could keep and nobody could do without: then the original stays."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.compressed_video.iso_content import has_second_index, has_second_view
from media_assets.media.info import MediaInfo
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work


def irreplaceable(path: Path, media: MediaInfo, work: Work) -> str | None:
    """A clause behind the file's name; None when there is nothing such.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    return run_in_child(_look, path, work=work) if media.container.startswith("mov") else None


def _look(path: Path) -> str | None:
    with path.open("rb") as file:
        if has_second_index(file):
            return "another recording follows behind it in the same file, and a result would lose that"
        if has_second_view(file):
            return "it holds a second view (spatial video, MV-HEVC), which a result would lose"
    return None
