"""One reader tells what was made: also by batches that had to be repeated, and by runs that died."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from media_assets.operation.alerts.causes import cause_of_failure
from media_assets.operation.metrics.cells import cause_of
from media_assets.operation.metrics.watch import Watch
from media_assets.operation.webhooks.files import Files
from media_assets.pipeline.causes import cause
from media_assets.pipeline.marks import FAILED, WITHDRAWN
from media_assets.pipeline.records import EventFeed, Failed, Gone, Made
from media_assets_tests.toy_library import ToyLibrary, key_of, materialized, retries
from media_assets_tests.toy_stages import PIPELINE


@pytest.fixture
def toy(tmp_path: Path, database: str | None) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path, database=database) as library:
        yield library


def events(toy: ToyLibrary) -> list[Any]:
    page = EventFeed(toy.instance, settle_seconds=0).after(0, limit=100, now=time.time())
    return list(page.events)


def new(toy: ToyLibrary) -> list[tuple[str, str]]:
    """(asset, name) of all that was ever made, once for each time that it was."""
    found = [event for event in events(toy) if isinstance(event, Made) and event.is_new]
    return sorted((event.asset, str(event.key)) for event in found)


def counted(toy: ToyLibrary, asset: str) -> int:
    """What the exporter says was made."""
    found = Watch(toy.instance, toy.settings, [stage.name for stage in PIPELINE], settled_seconds=0.0)
    found.refresh()
    samples = [sample for family in found.collect() for sample in family.samples]
    (number,) = [
        sample.value
        for sample in samples
        if sample.name == "media_assets_artifacts_made_total" and sample.labels == {"asset": asset}
    ]
    return int(number)


@pytest.mark.thorough
def test_what_the_first_attempt_of_a_repeated_batch_made_is_new(toy: ToyLibrary) -> None:
    toy.write(a="a", b="b\nshout: transient 2", c="a")
    toy.run("note")
    result = toy.run("shout")
    assert result.success and retries(result) == 2
    made = [entry for entry in new(toy) if entry[0] == "shout"]
    assert len(made) == 2, "one of the equal two is a copy"
    assert ("shout", key_of("b")) in made
    assert counted(toy, "shout") == 2
    reused = [bool(event.metadata["reused"].value) for event in materialized(result).values()]
    assert sorted(reused) == [False, False, True]


@pytest.mark.thorough
def test_what_a_run_that_died_made_is_new_when_it_is_found_and_only_then(toy: ToyLibrary) -> None:
    toy.write(a="a", b="b")
    toy.run("note")
    # As a run leaves it that dies after it published: the artifact is there, and no record of it.
    died = toy.run("shout", keys=[key_of("a")])
    toy.instance.delete_run(died.run_id)
    for _ in range(3):
        toy.run("shout")
    assert [key for asset, key in new(toy) if asset == "shout"] == [key_of("a"), key_of("b")]
    assert counted(toy, "shout") == 2
    toy.write(a="other")
    toy.run("note")
    toy.run("shout")
    toy.run("shout")
    assert len([key for asset, key in new(toy) if asset == "shout"]) == 3


def test_a_photo_that_is_left_as_it_is_was_not_made(toy: ToyLibrary) -> None:
    left: dict[str, Any] = {
        "source_bytes": 1000,
        "size_bytes": 0,
        "made_in_seconds": 0.001,
        "fingerprint": "ab" * 8,
        "reused": False,
    }
    for name, metadata in (("a", left), ("b", {**left, "size_bytes": 10, "fingerprint": "cd" * 8})):
        event = dg.AssetMaterialization("shout", partition=key_of(name), metadata=metadata)
        toy.instance.report_runless_asset_event(event)
    assert new(toy) == [("shout", key_of("b"))]
    assert counted(toy, "shout") == 1
    assert all(event.is_work for event in events(toy))


def test_failures_and_files_that_are_gone_are_read_one_by_one_or_many_at_once(toy: ToyLibrary) -> None:
    failed: dict[str, Any] = {"failed": "is poison", "next_step": "Throw it away", "error": "BadMedia"}
    many: dict[str, Any] = {"removed": "gone", "removed_keys": dg.MetadataValue.json([key_of("b"), key_of("c")])}
    for partition, metadata in ((key_of("a"), failed), (key_of("a"), {"removed": "gone"}), (None, many)):
        event = dg.AssetObservation("note", partition=partition, metadata=metadata)
        toy.instance.report_runless_asset_event(event)
    failure, *gone = events(toy)
    assert isinstance(failure, Failed) and failure.reason == "is poison" and not failure.is_held
    assert [event.key for event in gone if isinstance(event, Gone)] == [key_of(name) for name in "abc"]


def test_a_cursor_of_events_that_were_deleted_skips_none_that_come_after(toy: ToyLibrary) -> None:
    feed = EventFeed(toy.instance, settle_seconds=0)
    toy.instance.report_runless_asset_event(dg.AssetMaterialization("shout", partition=key_of("a")))
    end = feed.latest()
    page = feed.after(end + 1000, limit=100, now=time.time())
    assert (list(page.events), page.cursor, page.more) == ([], end, False)
    assert feed.after(end, limit=100, now=time.time()).cursor == end
    toy.instance.report_runless_asset_event(dg.AssetMaterialization("shout", partition=key_of("b")))
    (found,) = feed.after(page.cursor, limit=100, now=time.time()).events
    assert isinstance(found, Made) and found.key == key_of("b")


def test_words_with_stray_bytes_are_read_as_what_can_be_kept(toy: ToyLibrary) -> None:
    failed = {"failed": "cannot read \udcff.mp4", "next_step": "Rename \udcff", "error": "BadMedia"}
    toy.instance.report_runless_asset_event(dg.AssetObservation("shout", partition=key_of("a"), metadata=failed))
    (failure,) = events(toy)
    assert (failure.reason, failure.next_step) == ("cannot read \\udcff.mp4", "Rename \\udcff")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ends after 3.5 s of 60 s", "ends after 12.25 s of 3600 s"),
        ("'talk one.mp4' is no video", "'b.mp4' is no video"),
        ("cannot read /data/a/b.mp4 now", "cannot read /srv/c.mp4 now"),
        ("GET https://host/a?b=c answered 500", "GET https://host/d answered 503"),
        ("id 0123456789abcdef is taken", "id fedcba9876543210 is taken"),
        ("is empty (0 bytes)", "is empty"),
    ],
)
def test_everybody_takes_reasons_that_differ_in_names_and_numbers_for_one_cause(one: str, other: str) -> None:
    assert cause(one) == cause(other)
    assert cause_of_failure("echo", "BadMedia", one) == cause_of_failure("echo", "BadMedia", other)
    assert cause_of("BadMedia", one) == cause_of("BadMedia", other)


def test_other_reasons_are_other_causes() -> None:
    assert len({cause(reason) for reason in ("is poison", "is worse", "has no audio", "has no video")}) == 4
    assert cause_of_failure("echo", "BadMedia", "is poison") != cause_of_failure("summary", "BadMedia", "is poison")


@pytest.mark.thorough
def test_a_failure_that_was_taken_back_does_not_keep_a_file_from_being_done(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="a")
    toy.run_all()
    files = Files(toy.instance, toy.library, PIPELINE)
    made = [event for event in events(toy) if isinstance(event, Made)]
    last = max(event.id for event in made)
    assert files.completed_by(made, ["echo"]) == {last}
    note = dg.AssetObservation("echo", partition=key, metadata={FAILED: "is blamed"})
    toy.instance.report_runless_asset_event(note)
    assert not files.completed_by(made, ["echo"])
    note = dg.AssetObservation("echo", partition=key, metadata={WITHDRAWN: "a dependency was broken"})
    toy.instance.report_runless_asset_event(note)
    assert files.completed_by(made, ["echo"]) == {last}
