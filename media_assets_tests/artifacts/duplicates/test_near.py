"""Near duplicates of real media: what is the same is found, what only seems to be is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.codes import packed
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.settings import DuplicateSettings, SimilaritySettings
from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup, FrameHashes
from media_assets.media.info import MediaKind
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates import labelled, scenes
from media_assets_tests.artifacts.duplicates.indexing import row_of, rows_of

FEW_CHANGES = ("mpeg4.avi", "mute_front_cut_mirrored.mp4")
FEW_THAT_DIFFER = ("other_take_mute", "same_music")


def pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def names(group: DuplicateGroup) -> list[str]:
    return [group.keep_path, *(member.path for member in group.members)]


def agree(labels: labelled.Labels) -> None:
    contents: dict[str, list[str]] = {}
    for path, name in labels.items():
        contents.setdefault(name, []).append(path.name)
    groups = duplicate_groups(rows_of(labels))
    assert pairs(map(names, groups)) == pairs(contents.values())


@pytest.mark.slow
def test_changed_videos_are_found_and_videos_that_only_share_something_are_not(tmp_path: Path):
    same = labelled.make_film(tmp_path, 0, FEW_CHANGES)
    agree(same | labelled.make_videos_that_differ(tmp_path, [0], FEW_THAT_DIFFER))


@pytest.mark.thorough
def test_changed_images_are_found_and_other_pictures_of_the_place_are_not(tmp_path: Path):
    agree(labelled.make_images(tmp_path, [0]))


@pytest.mark.thorough
def test_changed_sound_is_found_and_sound_that_begins_alike_is_not(tmp_path: Path):
    agree(labelled.make_sounds(tmp_path, [0]))


@pytest.mark.slow
@pytest.mark.parametrize("maker", [labelled.make_videos, labelled.make_images, labelled.make_sounds])
def test_every_change_is_found(tmp_path: Path, maker):
    agree(maker(tmp_path, range(3)))


@pytest.mark.slow
def test_nothing_that_only_shares_something_is_taken_for_the_same(tmp_path: Path):
    agree(labelled.make_videos(tmp_path, [0], ("mpeg4.avi",)) | labelled.make_videos_that_differ(tmp_path, [0]))


@pytest.mark.thorough
def test_a_member_says_how_it_is_turned_and_where_it_starts(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(1), scenes.music(1, 20))
    cut = scenes.changed(film, "cut.mp4", ("-ss", "4"), ("-vf", "transpose=1", "-preset", "ultrafast", "-crf", "35"))
    (group,) = duplicate_groups(rows_of([film, cut]))
    (member,) = group.members
    assert (group.kind, group.keep_path, member.path) == ("near", "film.mp4", cut.name)
    assert member.offset_seconds == pytest.approx(4.0, abs=0.3)
    assert member.reason.startswith("the same pictures and sound over ")
    assert member.reason.endswith(" of the longer file, rotated by 90° clockwise, starting 4 s later")
    assert member.freed_bytes == group.freed_bytes == cut.stat().st_size
    assert group.keep_because == "it is the whole recording"


@pytest.mark.thorough
def test_a_rotation_that_is_only_a_tag_is_applied_first(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(2, 8, 2))
    tagged = tmp_path / "tagged.mp4"
    media.ffmpeg("-display_rotation", "90", "-i", film, "-c", "copy", tagged)
    (group,) = duplicate_groups(rows_of([film, tagged]))
    assert "rotated by 90°" in group.members[0].reason
    assert duplicate_groups(rows_of([film, tagged]), settings(orientations=False)) == []


def settings(**similarity: object) -> DuplicateSettings:
    return DuplicateSettings(similarity=SimilaritySettings.model_validate(similarity))


@pytest.mark.parametrize("algorithm", ["dhash", "ahash"])
def test_the_other_algorithms_find_mirrored_and_smaller_copies_too(tmp_path: Path, algorithm):
    from media_assets.artifacts.duplicates.settings import FingerprintSettings

    picture = scenes.write_picture(tmp_path / "a.png", scenes.background(5))
    copy = scenes.changed(picture, "b.jpg", after=labelled.IMAGE_CHANGES["turned_left.png"])
    fingerprints = FingerprintSettings(algorithm=algorithm)
    rows = [row_of(path, settings=fingerprints) for path in (picture, copy)]
    assert [names(group) for group in duplicate_groups(rows)] == [["a.png", "a_b.jpg"]]


@pytest.mark.parametrize("pad", ["iw:ih+60:0:30", "iw+80:ih:40:0", "iw:ih+30:0:0", "iw+64:ih+48:32:24"])
def test_pixels_count_inside_black_bars_only_on_whatever_sides_they_are(tmp_path: Path, pad: str):
    picture = scenes.write_picture(tmp_path / "a.png", scenes.background(6))
    barred = scenes.changed(picture, "barred.png", after=("-vf", f"pad={pad}"))
    one, other = (row.width * row.height * row.frames.shown for row in rows_of([picture, barred]))  # type: ignore[operator,union-attr]
    assert one == 320 * 180
    assert other == pytest.approx(one, rel=0.04)


@pytest.mark.thorough
def test_the_copy_with_sound_is_kept_before_a_silent_one_of_more_bits(tmp_path: Path):
    film = scenes.write_film(tmp_path / "film.mp4", scenes.film(3, 6, 2), scenes.music(3, 6))
    small = scenes.changed(film, "small.mp4", after=("-crf", "36", "-preset", "veryfast"))
    silent = scenes.changed(film, "silent.mp4", after=("-an", "-crf", "5", "-preset", "ultrafast"))
    (group,) = duplicate_groups(rows_of([small, silent]))
    assert (group.keep_path, group.keep_because) == (small.name, "it has the sound")


@pytest.mark.thorough
def test_files_without_anything_to_see_or_hear_are_never_near(tmp_path: Path):
    paths = []
    for name, colour in (("a", "black"), ("b", "0x010101"), ("c", "white")):
        paths.append(tmp_path / f"{name}.mp4")
        media.ffmpeg("-f", "lavfi", "-i", f"color={colour}:s=160x120:d=5", "-f", "lavfi", "-i", "anullsrc",
                     "-t", "5", "-b:v", f"{len(paths)}00k", paths[-1])  # fmt: skip
    assert duplicate_groups(rows_of(paths)) == []


def image_row(name: str, value: float) -> DedupRow:
    """Pictures on a line: neighbours are near, those further apart are not."""
    random = np.random.default_rng(3)
    one, other = random.normal(0, 40, (2, 32, 32))
    pixels = np.clip(128 + one + value * other, 0, 255).astype(np.uint8)
    frames = FrameHashes(
        algorithm="phash", interval_seconds=0, codes=packed(np.array([12345], np.uint64)), thumbnail=packed(pixels)
    )
    return DedupRow(
        key=name, path=name, size_bytes=10, modified_at=datetime(2020, 1, 1, tzinfo=UTC), kind=MediaKind.IMAGE,
        frames=frames,
    )  # fmt: skip


def test_a_chain_of_neighbours_makes_no_group_of_files_that_differ():
    rows = [image_row(f"{number:02}", 0.15 * number) for number in range(8)]
    loose = settings(max_image_difference=9.0, min_image_correlation=0.97)
    groups = duplicate_groups(rows, loose)
    assert len(groups) > 1
    by_key = {row.key: row for row in rows}
    for group in groups:
        for member in group.members:
            together = duplicate_groups([by_key[group.keep_key], by_key[member.key]], loose)
            assert len(together) == 1, "every member is near the file that is kept"
    assert not duplicate_groups([rows[0], rows[-1]], loose)


@pytest.mark.thorough
def test_what_many_files_share_does_not_hide_what_two_have_alone(tmp_path: Path):
    intro = scenes.film(7, 3, 1)
    files = [
        scenes.write_film(tmp_path / f"episode{number}.mp4", np.concatenate([intro, scenes.film(20 + number, 5, 1)]))
        for number in range(3)
    ]
    copy = scenes.changed(files[2], "small.mp4", after=("-vf", "scale=160:90", "-preset", "ultrafast"))
    groups = duplicate_groups(rows_of([*files, copy]), settings(common_frame_files=2))
    assert [names(group) for group in groups] == [["episode2.mp4", copy.name]]


def test_nothing_but_equal_bytes_counts_when_near_ones_are_not_wanted(tmp_path: Path):
    picture = scenes.write_picture(tmp_path / "a.png", scenes.background(5))
    (tmp_path / "b.png").write_bytes(picture.read_bytes())
    scenes.changed(picture, "c.jpg")
    rows = rows_of(sorted(tmp_path.iterdir()))
    (group,) = duplicate_groups(rows, settings(near=False))
    assert (group.kind, names(group)) == ("exact", ["a.png", "b.png"])
    (group,) = duplicate_groups(rows)
    assert (group.kind, names(group)) == ("near", ["a.png", "b.png", "a_c.jpg"])
    assert [member.kind for member in group.members] == ["exact", "near"]
