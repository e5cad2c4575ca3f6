"""What would be lost with a copy: what it has and the one that is kept has not.

Contents (another film, another picture, a track of sound) are never given up: then the copy that has them is kept, or
neither stands for the other. Of everything else the loss is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from media_assets.artifacts.duplicates.find.choose import (
    HAS_SOUND,
    LITTLE_HEARD,
    believed_hdr,
    frame_rate,
    shown_pixels,
)
from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.contest import (
    AS_MANY_PIXELS,
    CLEARLY_FINER,
    MUCH_FINER,
    fresh_rates,
    same_tones,
)
from media_assets.artifacts.duplicates.find.ends import added_seconds, plays
from media_assets.artifacts.duplicates.values import Belongings, DedupRow
from media_assets.base.languages import language_name, same_language
from media_assets.base.wording import counted, describe_seconds
from media_assets.media.info import MediaKind

_HEARD_LESS, _HEARD_LESS_SECONDS = 0.2, 1.0
"""Share, and seconds, of what is heard in one: a copy in which so much less is heard has lost some. Encoders and
pauses near silence make less of a difference."""
_ONE_ALONE_SECONDS = 2.0
"""So much each of two overlapping recordings plays alone, at least, for neither to stand for the other. Where nothing
moves, fingerprints tell where one begins in the other no better."""
_A_LITTLE_MORE = 1.1
_MORE_PIXELS, _MORE_FRAMES = 1.02, 1.15
_HEARD_LONGER = "more of its sound is heard"
_MOST_NAMED = 8
_NOTHING = Belongings()
NOT_LOOKED_FOR = "what it holds beside the picture is not known, for an older version has indexed it"


def weighed(
    first: DedupRow,
    second: DedupRow,
    likeness: Likeness,
    may_be_kept: Callable[[DedupRow, DedupRow], bool],
    *,
    listened: bool,
) -> Likeness:
    """The likeness with what each has that the other has not: which of both is kept, or why neither stands for the
    other (`apart`).

    Args:
        may_be_kept: Whether the first of two may be kept because it shows more, see `choose`.
        listened: Whether all their tracks of sound were compared.
    """
    if (first.holds or _NOTHING).raw != (second.holds or _NOTHING).raw:
        return likeness._replace(apart="one is what the camera's sensor saw (raw), and the other a picture made of it")
    if not listened and (reason := _other_languages(first, second)):
        return likeness._replace(apart=reason)
    found = _with_what_each_has(first, second, likeness, may_be_kept)
    in_colour = likeness.measured.in_colour
    if not found.apart and in_colour is not None and found.shows == ("less" if in_colour else "more"):
        return found._replace(apart="one has its colours, and the other shows or plays more; each would be lost")
    return found


def _with_what_each_has(
    first: DedupRow, second: DedupRow, likeness: Likeness, may_be_kept: Callable[[DedupRow, DedupRow], bool]
) -> Likeness:
    alone = _played_by_one(first, second, likeness)
    if min(alone) >= _ONE_ALONE_SECONDS:
        words = " and ".join(describe_seconds(seconds) for seconds in alone)
        return likeness._replace(apart=f"each plays what the other does not, {words}; that would be lost")
    more = [*_contents(first, second)], [*_contents(second, first)]
    if any(more):
        return _kept_for(first, second, likeness, more, may_be_kept)
    return _kept_for_sound(first, second, likeness, may_be_kept)


def _played_by_one(first: DedupRow, second: DedupRow, likeness: Likeness) -> tuple[float, float]:
    """Seconds at one end that the first alone plays, and those at the other end that the second alone does."""
    if first.kind is MediaKind.IMAGE or likeness.speed != 1.0:
        return 0.0, 0.0
    begins = likeness.offset_seconds
    ends = (first.duration_seconds or 0.0) - begins - (second.duration_seconds or 0.0)
    # What is black and silent there is nothing that the other lacks.
    nothing, other_nothing = (sum(seconds) for seconds in added_seconds(first, second))
    alone, other_alone = (begins, -ends) if begins > 0 else (ends, -begins)
    return alone - nothing, other_alone - other_nothing


def losses(kept: DedupRow, other: DedupRow, likeness: Likeness) -> list[str]:
    """What of the other copy is lost when it goes, each as a clause behind its name."""
    found = []
    things = [*_contents(other, kept), *_things(kept, other)]
    if things:
        named = things[:_MOST_NAMED] + ([f"{len(things) - _MOST_NAMED} more"] if len(things) > _MOST_NAMED else [])
        found.append(f"has {_listed(named)} that the kept one has not")
    found += _qualities(kept, other, likeness)
    if _heard_more_seconds(other, kept):
        found.append(f"is heard for {describe_seconds(_heard_more_seconds(other, kept))} more than the kept one")
    nothing = sum(added_seconds(other, kept)[0])
    if nothing:
        found.append(
            f"begins or ends with {describe_seconds(nothing)} of nothing to see or hear that the kept one has not"
        )
    if likeness.speed == 1.0 and kept.kind is not MediaKind.IMAGE and plays(other, kept) == "more":
        seconds = (other.duration_seconds or 0.0) - (kept.duration_seconds or 0.0)
        found.append(f"plays {describe_seconds(seconds)} more than the kept one")
    if other.kind is MediaKind.IMAGE and other.left_out is None and other.frames and other.holds is None:
        found.append(NOT_LOOKED_FOR)
    return found


def _kept_for(
    first: DedupRow,
    second: DedupRow,
    likeness: Likeness,
    more: tuple[Sequence[str], Sequence[str]],
    may_be_kept: Callable[[DedupRow, DedupRow], bool],
) -> Likeness:
    """The one that holds more is kept, if the other has nothing that it has not."""
    holder, other = (second, first) if more[1] else (first, second)
    shows: Literal["less", "more"] = "more" if more[1] else "less"
    what = _listed(more[1] or more[0])
    if all(more):
        return likeness._replace(apart=f"one has {_listed(more[0])}, the other {_listed(more[1])}; each would be lost")
    if likeness.shows not in ("as much", shows):
        return likeness._replace(apart=f"one has {what}, and the other shows or plays more; each would be lost")
    if _pixels(holder) < AS_MANY_PIXELS * _pixels(other):
        return likeness._replace(apart=f"one has {what}, and the other more pixels; each would be lost")
    if holder is second and not may_be_kept(second, first):
        return likeness._replace(apart=f"the one that would go has {what}, which would be lost")
    return likeness._replace(shows=shows, better_because=likeness.better_because or f"it has {what}")


def _kept_for_sound(
    first: DedupRow, second: DedupRow, likeness: Likeness, may_be_kept: Callable[[DedupRow, DedupRow], bool]
) -> Likeness:
    """A copy whose sound breaks off goes behind one that is heard for longer."""
    longer = second if _heard_more_seconds(second, first) else first
    if longer is first and not _heard_more_seconds(first, second):
        return likeness
    other = first if longer is second else second
    if not may_be_kept(longer, other):
        return likeness
    shows: Literal["less", "more"] = "more" if longer is second else "less"
    plays_little_more = not likeness.better_because and _plays_at_most_a_little_more(other, longer)
    if likeness.shows not in ("as much", shows) and not plays_little_more:
        return likeness._replace(apart="one is heard for longer, and the other shows or plays more; each would be lost")
    because = HAS_SOUND if (other.heard or 0.0) < LITTLE_HEARD else _HEARD_LONGER
    return likeness._replace(shows=shows, better_because=likeness.better_because or because)


def _plays_at_most_a_little_more(silent: DedupRow, heard: DedupRow) -> bool:
    """Whether a copy that lost its sound plays next to nothing that the other does not; that is named as lost."""
    if silent.kind is MediaKind.IMAGE or not (silent.duration_seconds and heard.duration_seconds):
        return False
    return 1 < silent.duration_seconds / heard.duration_seconds <= _A_LITTLE_MORE


def _contents(one: DedupRow, other: DedupRow) -> Iterator[str]:
    """What one holds and the other does not that is a work by itself."""
    held, lacking = one.holds or _NOTHING, other.holds
    if lacking is None:
        return
    yield from (what for what in held.media if what not in lacking.media)
    # That one has no sound at all, the rule `sound` sees to.
    further = len(held.tracks) - len(lacking.tracks)
    if lacking.tracks and further > 0:
        new = _languages(held.tracks, lacking.tracks)
        yield f"{counted(further, 'track')} of sound more{f' ({new})' if new else ''}"


def _things(kept: DedupRow, other: DedupRow) -> Iterator[str]:
    """What can be taken out of one file and put into another."""
    has, lacks = other.holds or _NOTHING, kept.holds
    if other.recorded_at is not None and kept.recorded_at is None:
        yield "the date of when it was taken" if other.kind is MediaKind.IMAGE else "the date of its recording"
    if lacks is None:
        return
    if has.place and not lacks.place:
        yield "the place where it was taken"
    if has.camera and not lacks.camera:
        yield "the name of the camera"
    if (has.subtitles and not lacks.subtitles) or len(has.subtitles) > len(lacks.subtitles):
        new = _languages(has.subtitles, lacks.subtitles)
        yield f"subtitles in {new}" if new else "subtitles"
    elif new := _languages(has.subtitles, lacks.subtitles):
        yield f"subtitles in {new}"
    if has.chapters > lacks.chapters:
        yield counted(has.chapters, "chapter")
    if has.cover and not lacks.cover:
        yield "a cover picture"
    yield from (f"an attached file ({name})" for name in has.attached if name not in lacks.attached)
    yield from (text for text in has.texts if text not in lacks.texts)
    if len(has.tracks) <= len(lacks.tracks) and (new := _languages(has.tracks, lacks.tracks)):
        yield f"a note that its sound is in {new}"


def _qualities(kept: DedupRow, other: DedupRow, likeness: Likeness) -> Iterator[str]:
    framed = likeness.measured.framed
    if framed[1] * _pixels(other) > _MORE_PIXELS * framed[0] * _pixels(kept) > 0:
        sizes = f"has more pixels ({other.width}×{other.height}) than the kept one ({kept.width}×{kept.height})"
        is_empty = likeness.measured.enlarged == 1 or (kept.kind is MediaKind.IMAGE and _is_finer(likeness))
        yield f"{sizes}, which show no more" if is_empty else sizes
    rates = fresh_rates(kept, other, likeness)
    if 0 in rates:
        rates = frame_rate(kept), frame_rate(other) / likeness.speed
    # Of a photo a header says how long it is shown, if anything.
    if kept.kind is not MediaKind.IMAGE and rates[1] > _MORE_FRAMES * rates[0] > 0:
        yield f"has {rates[1]:.3g} pictures a second, and the kept one {rates[0]:.3g}"
    if likeness.measured.in_colour == 1:
        yield "has colours, and the kept one is grey or toned"
    if likeness.measured.finer <= -CLEARLY_FINER:
        yield "shows finer detail than the kept one"
    if other.has_sound and kept.has_sound is False:
        yield "has sound, and the kept one has none"
    has, lacks = other.holds, kept.holds
    if has is None or lacks is None:
        return
    if has.hdr and not lacks.hdr and same_tones(kept, other, likeness):
        yield f"says it is {has.hdr}, with the same tones as the kept one, which does not"
    elif has.hdr and not believed_hdr(other):
        yield f"says it is {has.hdr}, which {has.bit_depth} bits of each colour do not bear out"
    elif has.hdr and not lacks.hdr:
        yield f"is {has.hdr}, and the kept one has no more than white"
    if has.bit_depth > lacks.bit_depth:
        yield f"has {has.bit_depth} bits of each colour, and the kept one {lacks.bit_depth}"
    if has.channels > lacks.channels > 0:
        yield f"has {has.channels} channels of sound, and the kept one {lacks.channels}"
    if has.lossless and not lacks.lossless:
        yield "is lossless, and the kept one is not"


def _is_finer(likeness: Likeness) -> bool:
    return likeness.measured.finer >= MUCH_FINER


def _heard_more_seconds(one: DedupRow, other: DedupRow) -> float:
    """How much longer one is heard; 0 where that is not clearly more, or not known of both."""
    if one.heard is None or other.heard is None:
        return 0.0
    seconds = one.heard * (one.duration_seconds or 0.0)
    more = seconds - other.heard * (other.duration_seconds or 0.0)
    # What was cut at its ends is heard for less, and is known to play less.
    is_share = one.heard - other.heard > _HEARD_LESS * one.heard
    return more if is_share and more > max(_HEARD_LESS_SECONDS, _HEARD_LESS * seconds) else 0.0


def _other_languages(first: DedupRow, second: DedupRow) -> str:
    one, other = ([*filter(None, (row.holds or _NOTHING).tracks)] for row in (first, second))
    if not one or not other or any(same_language(left, right) for left in one for right in other):
        return ""
    return f"one is in {_languages(one, ())}, and the other in {_languages(other, ())}"


def _languages(of: Sequence[str], but: Sequence[str]) -> str:
    """The languages of some tracks, in words, but for those of others."""
    new = [one for one in of if one and not any(same_language(one, other) for other in but if other)]
    return _listed(list(dict.fromkeys(language_name(one) for one in new)))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _pixels(row: DedupRow) -> float:
    return shown_pixels(row)
