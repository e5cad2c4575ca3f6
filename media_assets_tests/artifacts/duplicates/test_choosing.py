"""What of a group is moved: copies within one source, near duplicates only when told."""

from __future__ import annotations

from datetime import UTC, datetime

from media_assets.artifacts.duplicates.find.choose import preference
from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.exact import EqualBytes, FileOnDisk
from media_assets.artifacts.duplicates.find.near import group_of
from media_assets.artifacts.duplicates.review.choosing import within_sources
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup
from media_assets.media.info import MediaKind

NEAR = Likeness(0.9, 0, 0.0, "the same picture")


def content(*keys: str, names: int = 1) -> EqualBytes:
    rows = (
        DedupRow(key=key, path=key, size_bytes=9, modified_at=datetime(2020, 1, 1, tzinfo=UTC), kind=MediaKind.IMAGE)
        for key in keys
    )
    return EqualBytes(tuple(FileOnDisk(row, names) for row in rows))


def group(kept: EqualBytes, *near: EqualBytes) -> DuplicateGroup:
    return group_of(kept, [(other, NEAR) for other in near], DuplicateSettings())


def moved(found: DuplicateGroup, *, near: bool = False) -> dict[str, list[str]]:
    """The files that are moved, by the file that stays for them."""
    parts = list(within_sources(found, near=near))
    return {part.keep_key: [member.key for member in part.members] for part in parts}


def test_copies_of_a_near_duplicate_are_moved_and_one_of_them_stays() -> None:
    found = group(content("a:1", "a:2"), content("a:3", "a:4", "a:5"), content("a:6"))
    assert moved(found) == {"a:1": ["a:2"], "a:3": ["a:4", "a:5"]}
    assert moved(found, near=True) == {"a:1": ["a:2", "a:3", "a:4", "a:5", "a:6"]}


def test_the_only_copy_in_a_source_stays() -> None:
    found = group(content("a:1", "b:1"), content("b:2", "a:2"))
    assert moved(found) == {}
    assert moved(found, near=True) == {"a:1": ["a:2"]}


def test_a_second_copy_in_another_source_is_moved() -> None:
    found = group(content("a:1", "b:1", "b:2"), content("b:3", "b:4"))
    assert moved(found) == {"b:1": ["b:2"], "b:3": ["b:4"]}
    (one, other) = within_sources(found, near=True)
    assert {member.reason for part in (one, other) for member in part.members} == {"the same bytes"}


def test_what_frees_nothing_is_not_moved() -> None:
    assert moved(group(content("a:1"), content("a:2", "a:3", names=2))) == {}


def test_of_copies_of_a_near_duplicate_one_outside_the_bin_stays_in_each_source() -> None:
    stored = content("a:#recycle/3", "a:4", "a:5", "b:.Trash-1000/6", "b:7").files
    placed = [one._replace(row=one.row.model_copy(update={"path": one.row.key[2:]})) for one in stored]
    best_first = preference(DuplicateSettings())
    near = EqualBytes(tuple(sorted(placed, key=lambda one: best_first(one.row))))
    assert moved(group(content("b:1"), near)) == {"a:4": ["a:5", "a:#recycle/3"], "b:7": ["b:.Trash-1000/6"]}
