"""What becomes of chapters in M4A, where it is not the same list as in the source.

FFmpeg writes them twice: as QuickTime's chapter track, which holds any number, and as Nero's list (`chpl`), whose count
is one byte (`mov_write_chpl_tag` in movenc.c), as is the length of each of its titles.
"""

from __future__ import annotations

from collections.abc import Sequence

from media_assets.media.info import Chapter

_MOST_IN_NERO_LIST = 255
_LONGEST_IN_NERO_LIST_BYTES = 255
_NEAR_SECONDS = 0.05
"""Chapters that begin so near to the wanted time are where they were: encoders and time bases move them a little."""


def chapters_said(source: Sequence[Chapter], result: Sequence[Chapter], late_seconds: float) -> str | None:
    """What a person has to know of the chapters; None where all came over and every player shows them.

    Args:
        late_seconds: How much later than the source's timeline the result begins.
    """
    if not source:
        return None
    titles = [chapter.title for chapter in source if chapter.end_seconds > late_seconds]
    said = []
    if len(result) < len(titles):
        said.append(f"{len(titles) - len(result)} of {len(titles)} were lost")
    renamed = sum(a != b.title for a, b in zip(titles, result, strict=False))
    if len(result) == len(titles) and renamed:
        said.append(f"{renamed} have other titles: M4A needs one for each, and the source has none for some")
    moved = 0 if late_seconds or len(result) != len(source) else _moved(source, result)
    if moved:
        said.append(f"{moved} begin at other times, since in M4A one follows another")
    if len(result) > _MOST_IN_NERO_LIST:
        said.append(
            f"all {len(result)} are in the chapter track; players that read only the `chpl` list show the first "
            f"{_MOST_IN_NERO_LIST}"
        )
    if any(len(title.encode()) > _LONGEST_IN_NERO_LIST_BYTES for title in titles):
        said.append(f"titles above {_LONGEST_IN_NERO_LIST_BYTES} bytes are cut off in the `chpl` list only")
    return "; ".join(said) or None


def _moved(source: Sequence[Chapter], result: Sequence[Chapter]) -> int:
    """How many begin at another time, as seen from the last: the clock of a container need not begin at 0."""
    shift = source[-1].start_seconds - result[-1].start_seconds
    return sum(
        abs(a.start_seconds - b.start_seconds - shift) > _NEAR_SECONDS for a, b in zip(source, result, strict=True)
    )
