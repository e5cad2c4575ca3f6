"""What counts as one cause, for failures of files and for runs that stopped."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from media_assets.operation.alerts.causes import Stop, cause_of_failure, cause_of_stop, stop_of
from media_assets.operation.alerts.incidents import Incidents
from media_assets_tests.toy_library import ToyLibrary


def same(one: str, other: str) -> bool:
    found = cause_of_failure("transcript", "BadMedia", one) == cause_of_failure("transcript", "BadMedia", other)
    assert found == (cause_of_stop(Stop((), one)) == cause_of_stop(Stop((), other))), "stops are told apart alike"
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("needs 12345678 bytes", "needs 999 bytes"),
        ("ends at -3 s", "ends at 3 s"),
        ("is off by 1e-05 s", "is off by 0.5 s"),
        ("is 1920x1080 large", "is 640×480 large"),
        ("was cut at 2025-03-01T10:00:00+00:00", "was cut at 2026-12-31 23:59:59.5Z"),
        ("[mov @ 0x55d0c8a3] is odd", "[mov @ 0x7f00ab12cd] is odd"),
        ("lies in 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "lies in 9b2fe4a0-aa89-12d3-8a0c-1305e82c33ff"),
        ("'Anna's talk.mp4' is no video", "'b.mp4' is no video"),
        (r"""'it\'s a "talk".mp4' is no video""", "'b.mp4' is no video"),
        ("“Übung 1.mp4” is no video", "“Ernstfall.mp4” is no video"),
        ("`日本.mp4` is no video", "`b.mp4` is no video"),
    ],
)
def test_what_differs_in_numbers_times_ids_and_names_is_one_cause(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("doesn't hold sound, isn't cut", "doesn't hold pictures, isn't cut"),
        ("the file's index is missing and its users' tags too", "the file's index is there and its users' tags too"),
        ("has no sound", "has no picture"),
        ("", "is poison"),
    ],
)
def test_other_words_are_another_cause(one: str, other: str) -> None:
    assert not same(one, other)


def test_one_reason_at_two_stages_or_of_two_kinds_is_two_causes() -> None:
    causes = {
        cause_of_failure(asset, kind, "is poison")
        for asset in ("transcript", "summary")
        for kind in ("BadMedia", "Fatal")
    }
    assert len(causes) == 4


def test_a_run_that_broke_on_a_name_with_stray_bytes_can_be_told_and_kept(tmp_path: Path) -> None:
    @dg.op
    def breaks() -> None:
        raise RuntimeError("cannot read \udcff.mp4\nand much more")

    @dg.job(executor_def=dg.in_process_executor)
    def work() -> None:
        breaks()

    with ToyLibrary(tmp_path) as toy:
        run_id = work.execute_in_process(instance=toy.instance, raise_on_error=False).run_id
        stop = stop_of(toy.instance, run_id, "")
    assert stop is not None
    assert stop.reason.endswith("cannot read \\udcff.mp4"), stop
    incidents = Incidents()
    incidents.stopped(stop, run_id, 0.0)
    assert Incidents.model_validate_json(incidents.model_dump_json()) == incidents
