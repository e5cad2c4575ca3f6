"""Whoever waits for one artifact of a file hears of everything that keeps it from being made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from media_assets_tests.http_receiver import HttpReceiver
from media_assets_tests.operation.webhooks.test_receiver import Hooked, told
from media_assets_tests.toy_library import key_of


@pytest.fixture
def backend() -> Iterator[HttpReceiver]:
    with HttpReceiver() as found:
        yield found


@pytest.fixture
def library(tmp_path: Path, backend: HttpReceiver) -> Iterator[Hooked]:
    """Its receiver waits for echoes, the last of three stages."""
    with Hooked(tmp_path, backend.address, assets=("echo",)) as hooked:
        hooked.look()
        yield hooked


def note_gone(library: Hooked, *names: str) -> None:
    """As the sensor of a source writes it, of one file or of many."""
    keys = [key_of(name) for name in names]
    many = {"removed_keys": dg.MetadataValue.json(keys)} if len(keys) > 1 else {}
    library.instance.report_runless_asset_event(
        dg.AssetObservation(
            "note", partition=None if many else keys[0], metadata={"removed": "the source file is gone", **many}
        )
    )


@pytest.mark.thorough
def test_a_failure_of_any_earlier_stage_is_told_with_what_the_file_stays_without(
    library: Hooked, backend: HttpReceiver
) -> None:
    library.write(a="a\nnote: poison", b="b\nshout: poison", c="c\necho: poison", d="d")
    library.run("note")
    library.run("shout", keys=[key_of("b"), key_of("d")])
    library.run("echo", keys=[key_of("c"), key_of("d")])
    library.look()
    assert {post.json["data"]["name"]: post.json["data"].get("asset") for post in backend.taken} == {
        "a.txt": "note",
        "b.txt": "shout",
        "c.txt": "echo",
        "d.txt": None,
    }
    failed = [post.json["data"] for post in backend.taken if post.json["type"] == "file.failed"]
    assert [(data["state"], data["missing"]) for data in failed] == [("failed", ["echo"])] * 3
    assert len({post.headers["webhook-id"] for post in backend.taken}) == 4


@pytest.mark.thorough
def test_a_failure_of_what_the_wanted_artifact_is_not_made_from_is_not_told(
    tmp_path: Path, backend: HttpReceiver
) -> None:
    with Hooked(tmp_path, backend.address, assets=("shout",)) as library:
        library.look()
        library.write(a="a\necho: poison")
        library.run_all()
        library.look()
    assert told(backend) == [("file.done", "a.txt")]


@pytest.mark.thorough
def test_what_an_earlier_stage_makes_not_applicable_is_done(library: Hooked, backend: HttpReceiver) -> None:
    library.write(a="a\nshout: photo")
    library.run_all()
    library.look()
    assert told(backend) == [("file.done", "a.txt")]
    (artifact,) = backend.taken[0].json["data"]["artifacts"]
    assert (artifact["asset"], artifact["state"], artifact["reason"]) == ("echo", "not_applicable", "is a photo")


@pytest.mark.thorough
def test_a_file_that_is_gone_before_all_was_made_has_failed_and_a_finished_one_has_not(
    library: Hooked, backend: HttpReceiver
) -> None:
    library.write(a="a", b="b", c="c\nshout: poison", d="d\necho: poison")
    library.run_all()
    library.write(e="e")
    library.run("note", keys=[key_of("e")])
    library.look()
    backend.posts.clear()
    note_gone(library, "a")
    note_gone(library, "b", "c", "d", "e")
    library.look()
    assert told(backend) == [("file.failed", f"{name}.txt") for name in "cde"]
    data = backend.taken[2].json["data"]
    assert (data["state"], data["error"], data["missing"]) == ("failed", "SourceChanged", ["echo"])
    assert data["reason"] == "the source file is gone"
    assert data["run"]["link"] is None
    first = [post.headers["webhook-id"] for post in backend.posts]
    note_gone(library, "e")
    library.look()
    assert backend.posts[-1].headers["webhook-id"] not in first, "it was there again in between"


def test_a_file_over_budget_is_told_as_held(library: Hooked, backend: HttpReceiver) -> None:
    library.instance.report_runless_asset_event(
        dg.AssetObservation(
            "shout",
            partition=key_of("a"),
            metadata={"failed": "would cost 3 USD", "next_step": "Raise it", "error": "OverBudget"},
        )
    )
    library.look()
    (post,) = backend.taken
    data = post.json["data"]
    assert (post.json["type"], data["state"], data["error"]) == ("file.failed", "held", "OverBudget")
    assert data["missing"] == ["echo"]
