"""What becomes of the chapters of a source in its result."""

from __future__ import annotations

from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.base.wording import counted
from media_assets.media.info import MediaInfo
from media_assets.media.matroska_chapters import unread_chapters
from media_assets.work.work import Work

_NEAR_SECONDS = 0.1
"""Times that are so near are the same: chapters have another time base than frames."""


def lost_chapters(plan: EncodePlan, result: MediaInfo, work: Work) -> list[str]:
    """Chapters that are not there, have other times or titles, and what no probe tells of them, as phrases.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    old, new = plan.media.chapters, result.chapters
    lost = list(unread_chapters(plan.source, plan.media, work).unread)
    if len(old) != len(new):
        return [*lost, f"{len(old) - len(new)} of {len(old)} chapters"]
    shift = plan.media.start_seconds
    begins = sum(abs(a.start_seconds - shift - b.start_seconds) > _NEAR_SECONDS for a, b in zip(old, new, strict=True))
    ends = sum(abs(a.end_seconds - shift - b.end_seconds) > _NEAR_SECONDS for a, b in zip(old, new, strict=True))
    titles = sum(a.title.strip() not in ("", b.title.strip()) for a, b in zip(old, new, strict=True))
    container = plan.streams.container
    if begins:
        why = "" if container == "mkv" else f" (in {container} the first begins with the file)"
        lost.append(f"when {counted(begins, 'chapter')} {_verb(begins, 'begin')}{why}")
    if ends:
        why = "" if container == "mkv" else f" (in {container} each lasts until the next)"
        lost.append(f"when {counted(ends, 'chapter')} {_verb(ends, 'end')}{why}")
    if titles:
        lost.append(f"the titles of {counted(titles, 'chapter')}")
    return lost


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
