"""What becomes of chapters in M4A, where it is not the same list as in the source.

FFmpeg writes them twice: as QuickTime's chapter track, which holds any number, and as Nero's list (`chpl`), whose count
is one byte (`mov_write_chpl_tag` in movenc.c), as is the length of each of its titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_assets.media.info import Chapter
from media_assets.media.matroska_chapters import UnreadChapters

_MOST_IN_NERO_LIST = 255
_LONGEST_IN_NERO_LIST_BYTES = 255
_ALL_READ = UnreadChapters()
_NEAR_SECONDS = 0.05
"""Chapters that begin so near to the wanted time are where they were: encoders and time bases move them a little."""


def chapter_titles(source: Sequence[Chapter], shift_seconds: float) -> dict[str, str]:
    """Options of an output that title the chapters that have no title.

    FFmpeg leaves those out of the chapter track, where the title of one that is there then stands in their place.

    Args:
        shift_seconds: As `chapters_said` has it.
    """
    untitled = [number for number, title in enumerate(_titles(source, shift_seconds)) if title is None]
    return {f"metadata:c:{number}": f"title=Chapter {number + 1}" for number in untitled}


def listed_chapters(chapters: Sequence[Chapter]) -> str:
    """The chapters as FFmpeg reads them from a file (its "Metadata muxer and demuxer")."""
    lines = [";FFMETADATA1"]
    for chapter in chapters:
        start, end = (round(seconds * 1000) for seconds in (chapter.start_seconds, chapter.end_seconds))
        title = re.sub(r"([=;#\\\n])", r"\\\1", chapter.title.replace("\0", ""))
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={title}"]
    return "\n".join([*lines, ""])


def chapters_said(
    source: Sequence[Chapter],
    result: Sequence[Chapter],
    shift_seconds: float,
    unread: UnreadChapters = _ALL_READ,
) -> str | None:
    """What a person has to know of the chapters; None where all came over and every player shows them.

    Args:
        shift_seconds: What is taken off each time of the source: its clock need not begin at 0, and the result begins
            with the sound.
        unread: What no probe tells of the chapters of the source.
    """
    aside = [f"lost: {phrase}" for phrase in unread.unread]
    if unread.played_otherwise is not None:
        aside.append(f"{unread.played_otherwise}, and the sound is that from its beginning to its end")
    if not source:
        return "; ".join(aside) or None
    kept = _kept(source, shift_seconds)
    titles = [title or f"Chapter {number}" for number, title in enumerate(_titles(source, shift_seconds), 1)]
    said = aside
    if len(kept) < len(source):
        said.append(f"{len(source) - len(kept)} of {len(source)} end before the sound begins, and were left out")
    if len(result) < len(kept):
        said.append(f"{len(kept) - len(result)} of {len(kept)} were lost")
    untitled = sum(not chapter.title.strip() for chapter in kept)
    if untitled:
        said.append(f"{untitled} without a title are named `Chapter n`, by their number")
    renamed = sum(a != b.title for a, b in zip(titles, result, strict=False))
    if len(result) == len(kept):
        if renamed:
            said.append(f"{renamed} have other titles")
        said += _moved(kept, result, shift_seconds)
    if len(result) > _MOST_IN_NERO_LIST:
        said.append(
            f"all {len(result)} are in the chapter track; players that read only the `chpl` list show the first "
            f"{_MOST_IN_NERO_LIST}"
        )
    if any(len(title.encode()) > _LONGEST_IN_NERO_LIST_BYTES for title in titles):
        said.append(f"titles above {_LONGEST_IN_NERO_LIST_BYTES} bytes are cut off in the `chpl` list only")
    return "; ".join(said) or None


def _kept(source: Sequence[Chapter], shift_seconds: float) -> list[Chapter]:
    """Those that ffmpeg writes: it leaves out what ends before the result begins (`copy_chapters` in its source)."""
    return [chapter for chapter in source if chapter.end_seconds >= shift_seconds]


def _titles(source: Sequence[Chapter], shift_seconds: float) -> list[str | None]:
    """The title of each that is kept; None for a blank one."""
    return [chapter.title if chapter.title.strip() else None for chapter in _kept(source, shift_seconds)]


def _moved(kept: Sequence[Chapter], result: Sequence[Chapter], shift_seconds: float) -> list[str]:
    """How many begin or end at other times, as phrases."""
    said = []
    begins = [
        abs(max(0.0, a.start_seconds - shift_seconds) - b.start_seconds) > _NEAR_SECONDS
        for a, b in zip(kept, result, strict=True)
    ]
    ends = [
        abs(a.end_seconds - shift_seconds - b.end_seconds) > _NEAR_SECONDS for a, b in zip(kept, result, strict=True)
    ]
    if any(begins):
        said.append(f"{sum(begins)} begin at other times, since in M4A the first begins with the sound")
    if any(ends):
        said.append(f"{sum(ends)} end at other times, since in M4A each lasts until the next begins")
    return said
