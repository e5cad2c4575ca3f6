"""The second look at two files of a library: their contents are fetched, decoded and compared, each pair once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple

from media_assets.artifacts.duplicates.find.choose import UNMARKED, WHOLE_PICTURE
from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.ends import plays
from media_assets.artifacts.duplicates.find.faster_sounds import LEAST
from media_assets.artifacts.duplicates.find.speeds import speed_in_words
from media_assets.artifacts.duplicates.look.clips import CannotSee, Clips
from media_assets.artifacts.duplicates.look.listening import Ears
from media_assets.artifacts.duplicates.look.memory import LookMemory
from media_assets.artifacts.duplicates.look.pages import contents_of
from media_assets.artifacts.duplicates.look.pictures import APART, Finding
from media_assets.artifacts.duplicates.look.progress import SearchProgress
from media_assets.artifacts.duplicates.look.still_look import look_at_stills
from media_assets.artifacts.duplicates.look.stills import Still, read_still
from media_assets.artifacts.duplicates.values import DedupRow, LookAlike
from media_assets.base.errors import BadMedia, SourceChanged, Transient
from media_assets.base.interruption import ask
from media_assets.base.wording import counted
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.work.work import Work

OpenContent = Callable[[DedupRow], AbstractContextManager[Path]]

_LIMIT_SECONDS = 120.0
"""How long the decoding of one file may take."""
_PICTURES_KEPT = 8
"""The file to keep is compared with many."""
_KEPT_BYTES = 2_000_000_000
"""What decoded pictures may take on the disk, but for the two that are compared."""


_AS_MANY_PIXELS = 0.8
"""Share of the pixels of a marked copy that the one without the mark has at least, to be kept in its place."""


class _Unseen(NamedTuple):
    """Why a file could not be looked at."""

    reason: str


class SecondLook:
    """Looks at what fingerprints take for the same, and confirms it or not.

    Args:
        opened: Gives the content of a file on this machine, for as long as its context lasts. It raises BadMedia,
            SourceChanged or Transient where that cannot be had.
        memory: What earlier looks found.
        scratch: A folder for what is decoded.
        progress: Told of each look.
    """

    def __init__(
        self,
        opened: OpenContent,
        ffmpeg: FFmpeg,
        memory: LookMemory,
        scratch: Path,
        progress: SearchProgress | None = None,
    ) -> None:
        self._progress = progress
        self._opened = opened
        self._ffmpeg = ffmpeg
        self._memory = memory
        self._scratch = scratch
        self._clips = Clips(opened, ffmpeg, scratch)
        self._ears = Ears(opened, ffmpeg, scratch)
        self._pictures: OrderedDict[str, Still | _Unseen] = OrderedDict()
        self._read = count()
        self._counts: dict[str, int] = {}
        self._look_alikes: dict[frozenset[str], LookAlike] = {}

    @property
    def look_alikes(self) -> list[LookAlike]:
        """Pairs that are not the same by what was seen, or could not be looked at; each once, however often two
        files were offered: by their pictures and by their sounds, turned in several ways, or in either order."""
        return list(self._look_alikes.values())

    def __call__(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Likeness | None:
        """The likeness in the words of what was seen; None when they are not the same.

        Raises:
            Fatal, Cancelled: nothing can be looked at, or the work is to end.
        """
        finding = Finding("different", likeness.apart) if likeness.apart else self._finding(first, second, likeness)
        if finding.verdict == "marked" and (lacks := _lacks(first, second, likeness, finding)):
            finding = Finding("different", f"one has a mark at the {finding.place}, and the other {lacks}")
        if finding.verdict == "different":
            if likeness.is_guess and finding.was_seen and not likeness.apart and not _is_alike(first, finding):
                return None
            apart = _look_alike(first, second, likeness, finding)
            self._look_alikes.setdefault(frozenset((first.key, second.key)), apart)
            return None
        self._look_alikes.pop(frozenset((first.key, second.key)), None)
        words = likeness.reason
        likeness = likeness._replace(measured=finding.measured)
        if finding.cut < 1:
            words += f", of which one shows {finding.cut:.0%}, cut at its edges"
            because = "" if first.kind is MediaKind.IMAGE else WHOLE_PICTURE
            likeness = likeness._replace(shows="more" if finding.whole else "less", better_because=because)
        shows: Literal["less", "more"]
        if finding.better is not None:
            shows = "more" if finding.better else "less"
            likeness = likeness._replace(shows=shows, better_because=finding.better_because)
        if finding.verdict == "marked":
            words += f", {'with a' if finding.marked else 'without the'} mark at the {finding.place}"
            shows = "less" if finding.marked else "more"
            likeness = likeness._replace(
                shows=shows, better_because=UNMARKED, mark=finding.place, covers=finding.covers
            )
        if likeness.speed == 1 and abs(finding.speed - 1) >= LEAST:
            words += f", {speed_in_words(finding.speed)}"
            likeness = likeness._replace(speed=finding.speed)
        return likeness._replace(reason=words)

    def _finding(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Finding:
        name = f"{_content(first)} {_content(second)} {likeness.orientation}"
        if first.kind is not MediaKind.IMAGE:
            name += f" {likeness.offset_seconds:.2f} {likeness.speed:.4f}"
        known = self._memory.get(name)
        if known is None:
            ask()
            if self._progress:
                self._progress.looks_at(first.key, second.key)
        finding = known or self._looked(first, second, likeness)
        if known is None and _content(first) and _content(second) and finding.was_seen:
            self._memory.put(name, finding)
        if self._progress:
            self._progress.looked(known=known is not None, same=finding.verdict != "different")
        return finding

    def _looked(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Finding:
        if first.kind is not MediaKind.IMAGE:
            with ExitStack() as held:
                try:
                    # Each is read several times: it stays where it is meanwhile, also in a cache that is too small.
                    for row in (first, second):
                        self._hold(row, held)
                    return self._looked_and_listened(first, second, likeness)
                except CannotSee as error:
                    return Finding("different", f"not looked at: {error}", was_seen=False)
        one, other = self._picture(first), self._picture(second)
        if isinstance(one, _Unseen):
            return Finding("different", f"not looked at: {first.key} {one.reason}", was_seen=False)
        if isinstance(other, _Unseen):
            return Finding("different", f"not looked at: {second.key} {other.reason}", was_seen=False)
        counts = self._counts[first.key], self._counts[second.key]
        if max(counts) > 1:
            return Finding("different", _of_several(*counts))
        return look_at_stills(one, other, likeness.orientation)

    def _looked_and_listened(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Finding:
        heard = self._ears.listen(first, second, likeness)
        if heard.verdict == "different" or first.frames is None or second.frames is None:
            return heard
        # What is heard tells the speed to a ten thousandth, fingerprints to some tenths of a percent.
        speed = likeness.speed if heard.speed == 1 else heard.speed
        seen = self._clips.look(first, second, likeness._replace(speed=speed))
        return seen if seen.verdict == "different" else seen._replace(speed=heard.speed)

    def _hold(self, row: DedupRow, held: ExitStack) -> None:
        try:
            held.enter_context(self._opened(row))
        except (BadMedia, SourceChanged, Transient) as error:
            raise CannotSee(f"{row.key} {error}") from error

    def _picture(self, row: DedupRow) -> Still | _Unseen:
        if row.key not in self._pictures:
            try:
                with self._opened(row) as path:
                    work = Work(self._scratch, time_limit_seconds=_LIMIT_SECONDS)
                    contents = contents_of(path, row.container, work)
                    self._counts[row.key] = contents.pictures
                    written = self._scratch / f"picture{next(self._read)}.pam"
                    self._pictures[row.key] = read_still(
                        self._ffmpeg, path, row.container, written, work, has_alpha=contents.has_alpha
                    )
            except (BadMedia, SourceChanged, Transient) as error:
                self._pictures[row.key] = _Unseen(str(error))
        self._pictures.move_to_end(row.key)
        while len(self._pictures) > 2 and self._is_much():
            _, oldest = self._pictures.popitem(last=False)
            if isinstance(oldest, Still):
                oldest.forget()
        return self._pictures[row.key]

    def _is_much(self) -> bool:
        kept = sum(still.size_bytes for still in self._pictures.values() if isinstance(still, Still))
        return len(self._pictures) > _PICTURES_KEPT or kept > _KEPT_BYTES


def _look_alike(first: DedupRow, second: DedupRow, likeness: Likeness, finding: Finding) -> LookAlike:
    return LookAlike(
        key=first.key,
        other_key=second.key,
        path=first.path,
        other_path=second.path,
        size_bytes=first.size_bytes,
        other_size_bytes=second.size_bytes,
        similarity=likeness.similarity,
        reason=finding.reason,
    )


def _lacks(first: DedupRow, second: DedupRow, likeness: Likeness, marked: Finding) -> str:
    """What the one without a mark has less of than the one with it: neither stands for the other then."""
    if marked.cut < 1 and marked.whole == marked.marked:
        return "shows less of the picture"
    bare, covered = (first, second) if marked.marked else (second, first)
    if first.kind is not MediaKind.IMAGE and likeness.speed == 1.0 and plays(covered, bare) == "more":
        return "is shorter"
    sizes = [(row.width or 0) * (row.height or 0) for row in (bare, covered)]
    return "has fewer pixels" if sizes[0] < _AS_MANY_PIXELS * marked.cut * sizes[1] else ""


def _is_alike(row: DedupRow, finding: Finding) -> bool:
    """Whether two pictures that are not the same show the same all the same, but for some places."""
    return row.kind is MediaKind.IMAGE and finding.reason not in APART


def _of_several(one: int, other: int) -> str:
    if one != other:
        return f"one file holds {counted(min(one, other), 'picture')} and the other {max(one, other)}"
    return f"both files hold {one} pictures, of which only the first are alike for sure"


def _content(row: DedupRow) -> str:
    """A name of what is in a file; empty where that is not known."""
    digest = row.sha256 or row.md5
    return f"{digest}:{row.size_bytes}" if digest else ""
