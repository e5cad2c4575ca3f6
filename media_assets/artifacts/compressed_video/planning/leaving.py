"""What a video has that no result could keep and nobody could do without: then the original stays."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.compressed_video.reading.iso_content import has_second_index, has_second_view
from media_assets.base.errors import BadMedia
from media_assets.media.info import MediaInfo
from media_assets.media.joined import reads_on
from media_assets.media.matroska_chapters import unread_chapters
from media_assets.media.programmes import read_programmes
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work

_ANOTHER = "another recording follows behind it in the same file, and a result would lose that"


def irreplaceable(path: Path, media: MediaInfo, work: Work) -> str | None:
    """A clause behind the file's name; None when there is nothing such.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    if programmes := read_programmes(path, media, work):
        names = ", ".join(map(str, programmes))
        return (
            f"it holds {len(programmes)} programmes ({names}), and a result would be a mix of them: split it first, "
            f"say with ffmpeg -map 0:p:{programmes[0].number} -c copy"
        )
    if (otherwise := unread_chapters(path, media, work).played_otherwise) is not None:
        return f"{otherwise}, and a result would lose that"
    return run_in_child(_look, path, media.container, work=work)


def _look(path: Path, container: str) -> str | None:
    if _holds_another(path, container):
        return _ANOTHER
    if not container.startswith("mov"):
        return None
    with path.open("rb") as file:
        if has_second_index(file):
            return _ANOTHER
        if has_second_view(file):
            return "it holds a second view (spatial video, MV-HEVC), which a result would lose"
    return None


def _holds_another(path: Path, container: str) -> bool:
    try:
        reads_on(path, container)
    except BadMedia:
        return True
    return False
