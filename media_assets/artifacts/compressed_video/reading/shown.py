"""What a player shows of a video: trimmed in time by an edit list, in space by an aperture.

FFmpeg shows the same, within limits that are told before anything is encoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from media_assets.media.edit_lists import EditedTrack, edited_tracks
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.untrusted import ISO, file_url, uploaded
from media_assets.work.work import Work

_SIZE = re.compile(r"^#dimensions 0: (\d+)x(\d+)$", re.MULTILINE)


def cannot_be_shown(path: Path, media: MediaInfo) -> str | None:
    """Why a result would show something else than the source, as a clause about the source; None when it would not."""
    if media.container != ISO:
        return None
    with path.open("rb") as file:
        tracks = [track for track in edited_tracks(file) if track.handler in (b"vide", b"soun")]
    return next(filter(None, map(_odd_edits, tracks)), None)


def _odd_edits(track: EditedTrack) -> str | None:
    name = "picture" if track.handler == b"vide" else "sound"
    shown = [number for number, edit in enumerate(track.edits) if edit.begin is not None and edit.length]
    if any(track.edits[number].speed != 1 for number in shown):
        return f"its edit list changes the speed of its {name}, which cannot be followed"
    if shown and shown[-1] - shown[0] >= len(shown):
        return f"its edit list puts a pause into its {name}, which cannot be followed"
    if name == "sound" and len(shown) > 1:
        return (
            f"its edit list puts its sound together from {len(shown)} pieces, which a copy of the sound would not keep"
        )
    return None


def as_shown(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, main: Stream, options: Mapping[str, str], work: Work
) -> Stream:
    """The stream with the size that ffmpeg gives its frames: inside the aperture of mp4, the crop of Matroska.

    Args:
        options: Of the source as an input of ffmpeg.

    Raises:
        BadMedia: no frame can be decoded.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    told = work.directory / "shown.txt"
    frame = uploaded(source, media.container, **options)[str(main.index)]
    ffmpeg.run(frame.output(file_url(told), format="framehash", hash="crc32", vframes=1), work)
    found = _SIZE.search(told.read_text())
    told.unlink()
    if found is None:
        return main
    width, height = int(found[1]), int(found[2])
    if main.rotation in (90, 270):
        width, height = height, width
    return main.model_copy(update={"width": width, "height": height})


def has_aperture(path: Path, media: MediaInfo, main: Stream) -> bool:
    """Whether less of a picture is to be shown than is stored. FFmpeg before 7.1 shows all."""
    if media.container != ISO or not main.width or not main.height:
        return False
    with path.open("rb") as file:
        apertures = [track.aperture for track in edited_tracks(file) if track.aperture]
    return any(aperture.is_part_of(main.width, main.height) for aperture in apertures)
