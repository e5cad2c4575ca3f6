"""Which members of a group are moved: what is redundant within one source, and what only with near duplicates."""

from __future__ import annotations

from collections.abc import Iterator

from media_assets.artifacts.duplicates.values import DuplicateGroup, DuplicateMember
from media_assets.base.keys import split_key


def within_sources(group: DuplicateGroup, *, near: bool) -> Iterator[DuplicateGroup]:
    """The parts of a group within one source each, with the file that stays there and those that are moved.

    Beside the file that is kept stays nothing that is equal to it, nor, with `near`, like it. Of files that have equal
    bytes and stay otherwise (near duplicates without `near`, or copies of a file in another source) the first stays.

    Args:
        near: Whether near duplicates are moved too.
    """
    kept_in = split_key(group.keep_key)[0]
    beside_kept: list[DuplicateMember] = []
    equal: dict[tuple[str, str], list[DuplicateMember]] = {}
    for member in group.members:
        source = split_key(member.key)[0]
        if source == kept_in and (near or member.kind == "exact"):
            beside_kept.append(member)
        else:
            content = group.keep_key if member.kind == "exact" else member.copy_of or member.key
            equal.setdefault((content, source), []).append(member)
    yield from _part(group, beside_kept)
    for first, *copies in equal.values():
        stays = group.model_copy(
            update={"keep_key": first.key, "keep_path": first.path, "keep_size_bytes": first.size_bytes}
        )
        same = {"kind": "exact", "similarity": 1.0, "reason": "the same bytes"}
        yield from _part(stays, [copy.model_copy(update=same) for copy in copies])


def _part(group: DuplicateGroup, members: list[DuplicateMember]) -> Iterator[DuplicateGroup]:
    moved = tuple(member for member in members if member.freed_bytes)
    if moved:
        yield group.model_copy(update={"members": moved})
