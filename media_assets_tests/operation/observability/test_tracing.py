"""One trace for each version of a file, through all stages and processes; and no harm from a broken collector."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from media_assets.base.secrets import Secrets
from media_assets.config.tracing import TracingSettings
from media_assets.operation.observers import build_observers
from media_assets.operation.tracing import root_span_id, trace_id
from media_assets_tests.operation.observability.otlp_collector import Collector
from media_assets_tests.toy_library import ToyLibrary, key_of


def traced(root: Path, collector: Collector, **settings: float) -> ToyLibrary:
    return ToyLibrary(root, tracing=TracingSettings.model_validate({"endpoint": collector.address, **settings}))


@pytest.mark.thorough
def test_a_file_has_one_trace_through_all_stages_also_when_nothing_is_remembered_between_them(tmp_path: Path) -> None:
    with Collector() as collector:
        with traced(tmp_path, collector) as toy:
            toy.write(a="one", b="two")
            toy.run("note")
        with traced(tmp_path, collector) as toy:
            toy.run("shout")
        with traced(tmp_path, collector) as toy:
            toy.run("echo")
    for name in ("a", "b"):
        (root,) = collector.named(f"{name}.txt")
        assert root.parent_id == ""
        spans = [span for span in collector.spans if span.trace_id == root.trace_id and span is not root]
        assert [span.name for span in spans] == ["note", "shout", "echo"]
        assert {span.parent_id for span in spans} == {root.span_id}
        assert len({span.span_id for span in spans}) == 3
        assert {span.attributes["media_assets.partition"] for span in spans} == {key_of(name)}
    assert len({span.trace_id for span in collector.spans}) == 2
    assert {span.service for span in collector.spans} == {"media-assets"}
    assert set(collector.paths) == {"/v1/traces"}


@pytest.mark.thorough
def test_a_span_says_what_became_of_the_file(tmp_path: Path) -> None:
    with Collector() as collector, traced(tmp_path, collector) as toy:
        toy.write(a="one", b="bad\nshout: poison", c="slow one\nshout: slow", d="photo\nshout: photo")
        toy.run("note")
        run = toy.run("shout")
        toy.run("shout", keys=[key_of("a")])
    spans = collector.named("shout")
    by_key = {span.attributes["media_assets.partition"]: span for span in spans[:4]}
    made, failed = by_key[key_of("a")], by_key[key_of("b")]
    assert made.attributes["media_assets.asset"] == "shout"
    assert made.attributes["media_assets.run_id"] == run.run_id
    assert made.attributes["media_assets.bytes"] == len("96 decibels of one")
    assert (made.status, failed.status) == (1, 2)
    assert failed.attributes["error.type"] == "BadMedia"
    assert by_key[key_of("c")].seconds >= 0.1
    assert by_key[key_of("d")].attributes["media_assets.not_applicable"] == "is a photo"
    again = spans[4]
    assert again.trace_id == made.trace_id
    assert (made.attributes["media_assets.reused"], again.attributes["media_assets.reused"]) == (False, True)


@pytest.mark.thorough
def test_a_file_that_waits_for_an_earlier_stage_is_in_its_trace_too(tmp_path: Path) -> None:
    with Collector() as collector, traced(tmp_path, collector) as toy:
        toy.write(a="one")
        toy.run("note")
        toy.run("echo")
    (root,), (waits,) = collector.named("a.txt"), collector.named("echo")
    assert (waits.trace_id, waits.parent_id) == (root.trace_id, root.span_id)
    assert waits.attributes["error.type"] == "Waiting"


@pytest.mark.thorough
def test_another_version_of_a_file_is_another_trace_and_a_look_at_the_same_is_not(tmp_path: Path) -> None:
    with Collector() as collector, traced(tmp_path, collector) as toy:
        toy.write(a="one")
        toy.run("note")
        toy.run("note")
        toy.write(a="another")
        toy.run("note")
        toy.run("shout")
    first, second = (span.trace_id for span in collector.named("a.txt"))
    assert [span.trace_id for span in collector.named("note")] == [first, first, second]
    assert [span.trace_id for span in collector.named("shout")] == [second]


@pytest.mark.thorough
def test_a_repeated_batch_tells_of_a_settled_file_once(tmp_path: Path) -> None:
    with Collector() as collector, traced(tmp_path, collector) as toy:
        toy.write(a="flaky\nnote: transient 1", b="bad\nnote: poison")
        toy.run("note")
    errors = [
        (span.attributes["media_assets.partition"], span.attributes.get("error.type"))
        for span in collector.named("note")
    ]
    assert sorted(errors, key=str) == [(key_of("a"), "Transient"), (key_of("a"), None), (key_of("b"), "BadMedia")]


@pytest.mark.thorough
def test_a_share_of_the_files_is_traced_whole_or_not_at_all(tmp_path: Path) -> None:
    with Collector() as collector, traced(tmp_path / "half", collector, sample_ratio=0.5) as toy:
        toy.write(**{f"f{number}": f"text {number}" for number in range(6)})
        toy.run("note")
        toy.run("shout")
    kept = sorted(span.trace_id for span in collector.named("shout"))
    assert kept == sorted(span.trace_id for span in collector.named("note"))
    assert all(int(trace[16:], 16) < 2**63 for trace in kept)
    with Collector() as collector, traced(tmp_path / "none", collector, sample_ratio=0) as toy:
        toy.write(a="one")
        toy.run("note")
    assert collector.spans == []


def test_the_collectors_key_is_sent_as_a_header(tmp_path: Path) -> None:
    secrets = Secrets(otel_exporter_otlp_headers=SecretStr("Authorization=Bearer%20key-123,x-tenant=media"))
    with Collector() as collector, traced(tmp_path, collector) as toy:
        toy.library.observers = build_observers(toy.settings, secrets)
        toy.write(a="one")
        toy.run("note")
    assert collector.headers[0]["authorization"] == "Bearer key-123"
    assert collector.headers[0]["x-tenant"] == "media"


@pytest.mark.thorough
@pytest.mark.parametrize("broken", ["refuses", "hangs", "is gone"])
def test_a_broken_collector_fails_no_run_and_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    collector = Collector(status=400 if broken == "refuses" else 200, hangs=broken == "hangs")
    caplog.set_level(logging.WARNING)
    with collector, traced(tmp_path, collector, timeout_seconds=0.3) as toy:
        if broken == "is gone":
            collector._server.shutdown()
            collector._server.server_close()
        toy.write(a="one")
        assert all(toy.run(stage).success for stage in ("note", "shout"))
    assert caplog.text.count("takes no traces; the work goes on without") == 1
    assert "Traceback" not in caplog.text


def test_ids_are_the_same_in_every_process_and_release() -> None:
    assert trace_id("box:a.txt", "1") == 0x72CA348495DA9EEFBC9FD8B90B5889AA
    assert root_span_id("box:a.txt", "1") == 0x9C7ACD1514220FBE
    assert trace_id("box:a.txt", "2") != trace_id("box:a.txt", "1") != trace_id("box:b.txt", "1")
