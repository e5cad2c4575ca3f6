"""Equal files by their checksums, which is kept, and the table of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from media_assets.artifacts.duplicates.find.choose import reencoder
from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets.artifacts.duplicates.table import to_table, write_csv, write_parquet
from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup, FrameHashes, LookAlike
from media_assets.cli.terminal import print_duplicates
from media_assets.media.info import MediaInfo, MediaKind


def row(key: str, **fields: object) -> DedupRow:
    facts = {
        "path": key,
        "size_bytes": 1000,
        "sha256": "a" * 64,
        "modified_at": datetime(2020, 1, 1, tzinfo=UTC),
        "kind": MediaKind.OTHER,
        **fields,
    }
    return DedupRow.model_validate({"key": key, **facts})


def seen(shown: float) -> FrameHashes:
    return FrameHashes(algorithm="phash", interval_seconds=0.0, codes="", shown=shown)


def kept(*rows: DedupRow, **settings: object) -> tuple[str, str]:
    (group,) = duplicate_groups(rows, DuplicateSettings.model_validate(settings))
    return group.keep_key, group.keep_because


def test_equal_checksums_make_a_group_whose_size_is_counted_once_less():
    (group,) = duplicate_groups([row("c"), row("a"), row("b"), row("other", sha256="b" * 64)])
    assert (group.keep_key, [one.key for one in group.members]) == ("a", ["b", "c"])
    assert (group.kind, group.freed_bytes) == ("exact", 2000)
    assert {one.reason for one in group.members} == {"the same bytes"}


def test_an_md5_alone_is_enough_and_joins_files_whose_sha256_is_known_too():
    rows = [row("drive", sha256=None, md5="1" * 32), row("folder", md5="1" * 32), row("bucket", sha256="a" * 64)]
    (group,) = duplicate_groups(rows)
    assert len(group.members) == 2


@pytest.mark.parametrize("fields", [{"size_bytes": 0}, {"sha256": None}])
def test_empty_files_and_files_of_unknown_content_are_no_duplicates(fields: dict[str, object]):
    assert duplicate_groups([row("a", **fields), row("b", **fields)]) == []


def test_a_checksum_of_another_size_is_another_content():
    assert duplicate_groups([row("a"), row("b", size_bytes=999)]) == []


def test_hard_links_and_a_row_given_twice_are_one_file():
    assert duplicate_groups([row("a", file_id="1:5"), row("b", file_id="1:5")]) == []
    assert duplicate_groups([row("a"), row("a")]) == []


def test_a_copy_with_another_name_elsewhere_frees_nothing():
    (group,) = duplicate_groups([row("a", file_id="1:1"), row("b", file_id="1:2"), row("c", file_id="1:2")])
    assert [(one.key, one.freed_bytes) for one in group.members] == [("b", 0)]


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({}, {"reencoded_by": "Lavf62.1.100"}, "it is no re-encoded copy"),
        ({"width": 1920, "height": 1080}, {"width": 1280, "height": 720}, "it has the higher resolution"),
        ({"bit_rate": 9_000_000}, {"bit_rate": 800_000}, "it has the higher bit rate"),
        ({"has_sound": True}, {"has_sound": False, "width": 1920, "height": 1080}, "it has the sound"),
        (
            {"width": 1600, "height": 900, "frames": seen(1.0)},
            {"width": 1600, "height": 1200, "frames": seen(0.74), "bit_rate": 9_000_000},
            "it has the higher resolution",
        ),
        ({"width": 1920, "height": 1080, "reencoded_by": "x264"}, {"width": 640}, "it has the higher resolution"),
        ({"has_camera_tags": True}, {"bit_rate": 9_000_000}, "it still says when or where it was taken"),
        ({"recorded_at": datetime(2001, 1, 1)}, {"bit_rate": 9}, "it still says when or where it was taken"),
        ({"recorded_at": datetime(2001, 1, 1)}, {"recorded_at": datetime(2002, 1, 1)}, "it is the oldest"),
        ({}, {"path": "#Recycle/a", "bit_rate": 9_000_000}, "it does not lie in a bin"),
        ({"path": "a"}, {"path": "a/longer"}, "its path is the shortest"),
    ],
)
def test_the_first_rule_that_tells_two_apart_decides(better, worse, reason: str):
    assert kept(row("z", **better), row("a", **{"path": "z", **worse})) == ("z", reason)


def test_a_preferred_path_goes_before_everything():
    rows = row("phone:x", width=100, height=100), row("archive:deep/x", reencoded_by="HandBrake 1.9")
    assert kept(*rows, prefer_paths=["archive:*", "phone:*"]) == ("archive:deep/x", "its path is preferred")
    assert kept(*rows, keep=["resolution"]) == ("phone:x", "it has the higher resolution")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"encoder": "Lavf61.7.100"}, True),
        ({"ENCODER": "HandBrake 1.9.0"}, True),
        ({"encoder": "Apple iPhone 15"}, False),
    ],
)
def test_encoders_of_files_are_told_from_cameras(tags: dict[str, str], expected: bool):
    assert (reencoder(MediaInfo(container="mov", tags=tags)) is not None) is expected


def groups() -> list[DuplicateGroup]:
    return duplicate_groups([row("a", path="=1+1.mp4"), row("b"), row("x", sha256="c" * 64), row("y", sha256="c" * 64)])


@pytest.mark.thorough
def test_the_table_has_the_kept_file_of_each_group_first():
    table = to_table(groups())
    assert list(table["group"]) == [1, 1, 2, 2]
    assert list(table["action"]) == ["keep", "review"] * 2
    assert table["freed_bytes"].sum() == 2000


def test_no_group_makes_a_table_with_the_same_columns():
    assert list(to_table([]).columns) == list(to_table(groups()).columns)
    assert list(to_table([]).dtypes) == list(to_table(groups()).dtypes)


def test_a_path_in_the_table_is_as_people_write_it():
    encoded = duplicate_groups([row("a", path="talk%2C %22one%22.mp4"), row("b", path="broken %FF.mp4")])
    assert set(to_table(encoded)["path"]) == {'talk, "one".mp4', "broken \N{REPLACEMENT CHARACTER}.mp4"}


def test_a_spreadsheet_runs_no_name_of_a_file(tmp_path: Path):
    import pandas as pd

    write_csv(groups(), tmp_path / "groups.csv")
    assert "'=1+1.mp4" in set(pd.read_csv(tmp_path / "groups.csv")["path"])


def test_parquet_gives_back_what_was_written(tmp_path: Path):
    import pandas as pd

    write_parquet(groups(), tmp_path / "groups.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "groups.parquet"), to_table(groups()), check_dtype=False)


def look_alikes(count: int) -> list[LookAlike]:
    paths = [f"=pair%20{number}.jpg" for number in range(count)]
    return [
        LookAlike(
            key=f"films:{path}",
            other_key=f"films:other/{path}",
            path=path,
            other_path=f"other/{path}",
            size_bytes=7,
            other_size_bytes=8,
            similarity=0.99,
            reason="they differ in 5% of the picture (middle)",
        )
        for path in paths
    ]


@pytest.mark.thorough
def test_the_table_has_every_pair_that_is_not_the_same_behind_the_groups(tmp_path: Path):
    import pandas as pd

    write_csv(groups(), tmp_path / "all.csv", look_alikes(30))
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(to_table([]).columns)
    assert [row["group"] for row in rows[:6]] == ["1", "1", "2", "2", "3", "3"]
    pairs = rows[4:]
    assert len(pairs) == 60
    assert {(row["action"], row["kind"], row["freed_bytes"]) for row in pairs} == {("not the same",) * 2 + ("0",)}
    assert [(row["key"], row["path"], row["size_bytes"], row["keep_key"]) for row in pairs[:2]] == [
        ("films:=pair%200.jpg", "'=pair 0.jpg", "7", "films:other/=pair%200.jpg"),
        ("films:other/=pair%200.jpg", "other/=pair 0.jpg", "8", "films:=pair%200.jpg"),
    ]
    assert {row["reason"] for row in pairs} == {"they differ in 5% of the picture (middle)"}
    write_parquet(groups(), tmp_path / "all.parquet", look_alikes(30))
    assert len(pd.read_parquet(tmp_path / "all.parquet")) == 64


@pytest.mark.parametrize(
    ("is_written", "ending"), [(True, "are not"), (False, "are not; --csv FILE writes all of them")]
)
def test_where_the_other_pairs_that_are_not_the_same_stand_is_said(is_written: bool, ending: str):
    console = Console(record=True, file=io.StringIO())
    print_duplicates(console, [], look_alikes(22), unknown=0, failed=0, is_written=is_written)
    last = console.export_text().splitlines()[-1]
    assert last == f"and 2 more pairs that look the same and {ending}"
