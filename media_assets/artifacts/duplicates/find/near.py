"""Groups of duplicates over a whole library.

Every group is a star: the file to keep, and files that were each compared with that very file. A chain (a is like b, b
is like c) therefore never makes one group of files that differ. Files are taken in the order in which they would be
kept, so the best one of a group always stands in its middle, and what has joined a group is not asked for any more: the
work grows with the number of files and not with the square of a group's size. What was cut out of another, in the
picture or in time, waits for that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Protocol

from media_assets.artifacts.duplicates.find.choose import because, may_be_kept_for, preference
from media_assets.artifacts.duplicates.find.codes import ORIENTATIONS
from media_assets.artifacts.duplicates.find.compare import Likeness, compare, turned_words
from media_assets.artifacts.duplicates.find.contest import weigh
from media_assets.artifacts.duplicates.find.crops import find_cuts
from media_assets.artifacts.duplicates.find.cut_videos import compare_cut, find_cut_videos
from media_assets.artifacts.duplicates.find.ends import plays
from media_assets.artifacts.duplicates.find.evidence import Evidence, evidence_of
from media_assets.artifacts.duplicates.find.exact import EqualBytes, FileOnDisk, contents
from media_assets.artifacts.duplicates.find.faster_sounds import FasterSounds
from media_assets.artifacts.duplicates.find.index import Candidate, PictureIndex, SoundIndex
from media_assets.artifacts.duplicates.find.losses import losses, weighed
from media_assets.artifacts.duplicates.find.speeds import compare_at_speeds
from media_assets.artifacts.duplicates.settings import DuplicateSettings, SimilaritySettings
from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup, DuplicateMember, GroupKind
from media_assets.base.batches import batched
from media_assets.media.info import MediaKind

_ASKED_AT_ONCE = 1024
_LIKE_A_PART = 0.9
"""Similarity of pictures of which one was cut out of the other."""
_EACH_HAS_MORE = "one shows more of the picture, and the other plays longer; each would be lost"


class LooksAtPairs(Protocol):
    """A second look at two files that their fingerprints take for the same."""

    def __call__(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Likeness | None:
        """The likeness in the words of what was seen; None when they are not the same."""


def duplicate_groups(
    rows: Iterable[DedupRow],
    settings: DuplicateSettings | None = None,
    *,
    look: LooksAtPairs | None = None,
    check: Callable[[], None] = lambda: None,
    compared: Callable[[int, int], None] = lambda _files, _of: None,
) -> list[DuplicateGroup]:
    """The groups of duplicates of a library, those that free most first.

    Args:
        rows: One per file, in any order.
        look: Asked of each two that are near duplicates by their fingerprints. Without it these decide, and pictures
            that are cut out of others are not looked for.
        check: Called now and then; what it raises ends the work.
        compared: Told how many files were compared with the others, and how many are to be.
    """
    settings = settings or DuplicateSettings()
    ordered = contents(sorted(rows, key=preference(settings)))
    best = [content.row for content in ordered]
    stars = _stars(best, settings, look, check, compared) if settings.similarity.near else {}
    inside = {file for members in stars.values() for file in members}
    groups = [
        group_of(content, [(ordered[other], likeness) for other, likeness in stars.get(file, {}).items()], settings)
        for file, content in enumerate(ordered)
        if file not in inside and (len(content.files) > 1 or file in stars)
    ]
    return sorted(groups, key=lambda group: (-group.freed_bytes, group.keep_key))


def _stars(
    rows: Sequence[DedupRow],
    settings: DuplicateSettings,
    look: LooksAtPairs | None,
    check: Callable[[], None],
    compared: Callable[[int, int], None],
) -> dict[int, dict[int, Likeness]]:
    """The files that are like each file that is kept. The rows come best first."""
    limits, may_be_kept = settings.similarity, may_be_kept_for(settings)
    evidence = [evidence_of(row) for row in rows]
    cuts = _Cuts(evidence, limits, check, sought=look is not None)
    stars: dict[int, dict[int, Likeness]] = {}
    parts: dict[int, dict[int, Likeness]] = {}
    taken: set[int] = set()
    total = sum(1 for one in evidence if len(one.codes) or len(one.sound))
    for asked, (file, candidates) in enumerate(_asked(evidence, limits, taken, check)):
        compared(min(total, asked + len(taken)), total)
        if file in taken:
            continue
        members: dict[int, Likeness] = {}
        offered = [*candidates, *cuts.candidates(file)]
        wholes: dict[int, Likeness] = {}
        # What comes before it is not like it, but may be a part of it: then this one is kept.
        different = (
            one
            for one in offered
            if one.file not in taken and (one.file > file or (one.is_part and one.file not in stars))
        )
        for candidate in islice(different, limits.max_candidates):
            if candidate.file in members:
                continue
            likeness = _likeness(evidence[file], evidence[candidate.file], candidate, limits)
            if likeness is not None and look is not None:
                likeness = look(rows[file], rows[candidate.file], likeness)
            elif likeness is not None and likeness.is_guess:
                likeness = None
            if likeness is None:
                continue
            if rows[file].kind is not MediaKind.IMAGE and likeness.speed == 1.0:
                played = plays(rows[candidate.file], rows[file])
                if {likeness.shows, played} == {"less", "more"}:
                    likeness = likeness._replace(apart=_EACH_HAS_MORE)
                likeness = likeness._replace(shows=played) if likeness.shows == "as much" else likeness
            if not likeness.apart:
                likeness = weighed(rows[file], rows[candidate.file], likeness, may_be_kept, listened=look is not None)
            if likeness.shows == "as much":
                likeness = weigh(rows[file], rows[candidate.file], likeness, settings)
            if likeness.apart:
                if look is not None:
                    look(rows[file], rows[candidate.file], likeness)
                continue
            if likeness.shows == "more" and (words := cuts.gave_way(candidate.file, file)) is not None:
                members[candidate.file] = likeness._replace(shows="less", better_because=words)
            elif likeness.shows != "more" or not may_be_kept(rows[candidate.file], rows[file]):
                members[candidate.file] = likeness
            else:
                wholes[candidate.file] = likeness
        if look is not None:
            members = _without_rivals(file, members, rows, evidence, look, limits)
        if wholes:
            # The whole or better one will take it, and with it what is as much; so will the one without a mark.
            cuts.put_off(wholes, file, members)
            parts[file] = members
        elif members:
            stars[file] = members
            taken.update(members)
    compared(total, total)
    return stars | _left_over(parts, stars, taken)


def _without_rivals(
    file: int,
    members: Mapping[int, Likeness],
    rows: Sequence[DedupRow],
    evidence: Sequence[Evidence],
    look: LooksAtPairs,
    limits: SimilaritySettings,
) -> dict[int, Likeness]:
    """The members without those that have something else of one kind at one place: what they say there is no mere mark,
    and each would be lost. A half transparent mark and an opaque date do not take each other's place."""
    places: dict[tuple[str, bool], list[int]] = {}
    for member, likeness in members.items():
        if likeness.mark and likeness.shows == "less":
            places.setdefault((likeness.mark, likeness.covers), []).append(member)
    left = dict(members)
    for (place, _), (one, *others) in places.items():
        for other in others:
            alike = _likeness(evidence[one], evidence[other], Candidate(other, None), limits)
            if alike is None or look(rows[one], rows[other], alike) is None:
                break
        else:
            continue
        for member in (one, *others):
            reason = f"of what stands at the {place}, copies of it have several; each would be lost"
            look(rows[file], rows[member], left.pop(member)._replace(apart=reason))
    return left


def _left_over(
    parts: Mapping[int, dict[int, Likeness]], stars: Mapping[int, object], taken: set[int]
) -> dict[int, dict[int, Likeness]]:
    """The files that are like those parts of recordings that no longer recording took."""
    found: dict[int, dict[int, Likeness]] = {}
    for file, members in parts.items():
        left = {member: one for member, one in members.items() if member not in taken and member not in stars}
        if file not in taken and left:
            found[file] = left
            taken.update(left)
    return found


class _Cuts:
    """What may be cut out of others, as candidates of those others.

    Args:
        sought: Whether to seek what is cut at the edges. What is cut at the ends turns up by itself.
    """

    def __init__(
        self, evidence: Sequence[Evidence], limits: SimilaritySettings, check: Callable[[], None], *, sought: bool
    ) -> None:
        self._evidence = evidence
        shown = [file for file, one in enumerate(evidence) if sought and len(one.codes)]
        images = [file for file in shown if evidence[file].kind is MediaKind.IMAGE]
        videos = [file for file in shown if evidence[file].kind is MediaKind.VIDEO]
        self._parts: dict[int, list[Candidate]] = {}
        self._gave_way: dict[tuple[int, int], str] = {}
        for cut in (
            *find_cuts(images, evidence, limits, check),
            *find_cut_videos(videos, evidence, limits, check),
        ):
            if cut.inner > cut.outer or evidence[cut.inner].kind is not MediaKind.IMAGE:
                self._add(cut.outer, cut.inner, cut.orientation)
            else:
                # The one that comes first asks: what lies around it in the other may be no more than a frame.
                self._add(cut.inner, cut.outer, _back(cut.orientation))

    def _add(self, file: int, other: int, orientation: int) -> None:
        self._parts.setdefault(file, []).append(Candidate(other, orientation, is_part=True))

    def candidates(self, file: int) -> Sequence[Candidate]:
        return self._parts.get(file, ())

    def put_off(self, wholes: Mapping[int, Likeness], part: int, copies: Mapping[int, Likeness]) -> None:
        """Ask again, when the turns of files come, for what has turned out to be a part of them, and for its copies.

        Args:
            wholes: Files, and how they are like the part.
        """
        for file, likeness in wholes.items():
            back = _back(likeness.orientation)
            self._add(file, part, back)
            self._gave_way[part, file] = likeness.better_because
            for copy, own in copies.items():
                if own.orientation == 0 and self._evidence[copy].kind is MediaKind.IMAGE:
                    self._add(file, copy, back)

    def gave_way(self, part: int, file: int) -> str | None:
        """Why a file was put off for another; None where it was not. Measured from the other side, two that are nearly
        as good may seem to be the other way round."""
        return self._gave_way.get((part, file))


def _back(orientation: int) -> int:
    return orientation if orientation not in (5, 6) else 11 - orientation


def _likeness(first: Evidence, second: Evidence, candidate: Candidate, limits: SimilaritySettings) -> Likeness | None:
    if candidate.is_part and first.kind is MediaKind.IMAGE:
        compared = compare(first, second, candidate.orientation or 0, limits)
        if compared is not None:
            return compared
        reason = turned_words("the same picture", candidate.orientation or 0)
        return Likeness(_LIKE_A_PART, candidate.orientation or 0, 0.0, reason, is_guess=True)
    turns: Iterable[int] = (0,)
    if candidate.orientation is not None:
        turns = (candidate.orientation,)
    elif limits.orientations and len(first.codes):
        turns = range(len(ORIENTATIONS))
    in_turn = (compare(first, second, turn, limits) for turn in turns)
    at_speeds = (compare_at_speeds(first, second, turn, limits) for turn in turns)
    cut = (compare_cut(first, second, turn, limits) for turn in (candidate.orientation,))
    return next((found for found in chain(in_turn, at_speeds, cut) if found is not None), None)


def _asked(
    evidence: Sequence[Evidence], limits: SimilaritySettings, taken: set[int], check: Callable[[], None]
) -> Iterator[tuple[int, list[Candidate]]]:
    """Every file that has not been taken when its turn comes, with its candidates."""
    shown = [file for file, one in enumerate(evidence) if len(one.codes)]
    for kind, algorithm in sorted({(evidence[file].kind, evidence[file].algorithm) for file in shown}):
        files = [file for file in shown if (evidence[file].kind, evidence[file].algorithm) == (kind, algorithm)]
        pictures = PictureIndex(files, evidence, kind, limits)
        sounds = SoundIndex([file for file in files if len(evidence[file].sound)], evidence, limits)
        for block in batched((file for file in files if file not in taken), _ASKED_AT_ONCE):
            check()
            found = pictures.candidates(block)
            yield from ((file, [*found.get(file, ()), *sounds.candidates(file)]) for file in block if file not in taken)
    files = [file for file, one in enumerate(evidence) if not len(one.codes) and len(one.sound)]
    sounds, faster = SoundIndex(files, evidence, limits), FasterSounds(files, evidence)
    for block in batched((file for file in files if file not in taken), _ASKED_AT_ONCE):
        check()
        for file in block:
            if file not in taken:
                yield file, [*sounds.candidates(file), *faster.candidates(file)]


def group_of(
    content: EqualBytes, near: Sequence[tuple[EqualBytes, Likeness]], settings: DuplicateSettings
) -> DuplicateGroup:
    """The group of a content that is kept and those that are like it."""
    same = Likeness(1.0, 0, 0.0, "the same bytes")
    members = [_member(stored, "exact", same) for stored in content.files[1:]]
    for other, likeness in near:
        lost = losses(content.row, other.row, likeness)
        told = likeness._replace(reason="; ".join((likeness.reason, *lost)))
        first, *copies = (_member(stored, "near", told) for stored in other.files)
        members += [first, *(copy.model_copy(update={"copy_of": first.key}) for copy in copies)]
    keeper = content.row
    others = [*content.files[1:], *(stored for other, one in near if one.shows != "less" for stored in other.files)]
    more = dict.fromkeys(likeness.better_because for _, likeness in near if likeness.shows == "less")
    return DuplicateGroup(
        kind="near" if near else "exact",
        keep_key=keeper.key,
        keep_path=keeper.path,
        keep_size_bytes=keeper.size_bytes,
        keep_because=because(keeper, [stored.row for stored in others], settings, shows_more=more),
        members=tuple(members),
    )


def _member(stored: FileOnDisk, kind: GroupKind, likeness: Likeness) -> DuplicateMember:
    row = stored.row
    return DuplicateMember(
        key=row.key,
        path=row.path,
        size_bytes=row.size_bytes,
        kind=kind,
        similarity=round(likeness.similarity, 4),
        reason=likeness.reason,
        offset_seconds=round(likeness.offset_seconds, 3),
        freed_bytes=row.size_bytes if stored.names == 1 else 0,
    )
