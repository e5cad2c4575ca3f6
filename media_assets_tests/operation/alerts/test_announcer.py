"""What people are told of a library's failures: real events, real sensors' work, real posts by apprise."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from media_assets.config.notices import AlertChannel
from media_assets.operation.alerts.announcer import STATE_NAME
from media_assets.pipeline.instance_state import InstanceState
from media_assets_tests.http_receiver import HttpReceiver
from media_assets_tests.operation.alerts.alerting import TOKEN, Alerting, messages, title_of, titles, url_of


@pytest.fixture
def team() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def library(tmp_path: Path, team: HttpReceiver, database: str | None) -> Iterator[Alerting]:
    with Alerting(tmp_path, {"team": url_of(team)}, database=database) as alerting:
        alerting.look()
        yield alerting


@pytest.mark.thorough
def test_the_failed_files_of_a_batch_are_one_message_with_reason_next_step_and_links(
    library: Alerting, team: HttpReceiver
) -> None:
    library.write(a="a\nshout: poison", b="b\nshout: poison", c="c")
    library.run("note")
    run = library.run("shout").run_id
    library.look()
    (post,) = team.taken
    assert (title_of(post), post.json["type"]) == ("2 files failed at shout", "warning")
    assert post.json["message"].splitlines() == [
        "is poison. Throw it away",
        "- a.txt https://dagster.example/assets/shout?view=partitions&partition=box%3Aa.txt",
        "- b.txt https://dagster.example/assets/shout?view=partitions&partition=box%3Ab.txt",
        f"Run: https://dagster.example/runs/{run}",
    ]
    library.look(1)
    assert len(team.posts) == 1


@pytest.mark.thorough
def test_a_recovery_is_told_once_every_file_that_failed_is_done(library: Alerting, team: HttpReceiver) -> None:
    library.fails(2)
    library.look()
    library.is_made(1)
    library.look(1)
    assert len(team.posts) == 1, "one is red still"
    library.is_made(1, start=1)
    library.look(2)
    library.look(3)
    assert titles(team)[1:] == ["2 files recovered at echo"]


@pytest.mark.thorough
def test_500_failures_of_one_cause_within_an_hour_are_a_handful_of_messages(
    library: Alerting, team: HttpReceiver
) -> None:
    for minutes in range(0, 60, 6):
        library.fails(50, start=minutes * 50, reason=f"ends after {minutes}.5 s of 60 s")
        library.look(minutes)
    assert titles(team) == ["50 files failed at echo"]
    library.look(61)
    assert titles(team)[1:] == ["450 more files failed at echo"]
    assert "500 files in all since" in messages(team)[1]
    assert "- and 445 more" in messages(team)[1]
    library.look(200)
    assert len(team.posts) == 2


def test_many_causes_at_once_are_one_message_and_many_in_an_hour_are_limited(
    tmp_path: Path, team: HttpReceiver
) -> None:
    with Alerting(tmp_path, {"team": url_of(team)}, max_messages_per_hour=4) as library:
        library.look()
        for number, word in enumerate(("apples", "pears", "plums", "cherries", "grapes")):
            library.fails(2, start=10 * number, reason=f"holds {word}")
        library.look()
        assert titles(team) == ["files failed for 5 causes"]
        assert "- echo: holds apples (2 files)" in messages(team)[0]
        for number, word in enumerate(("salt", "pepper", "cumin", "thyme", "mint", "sage")):
            library.fails(1, start=100 + number, reason=f"holds {word}")
            library.look(number + 1)
        assert len(team.posts) == 4, "the rest waits"
        library.look(70)
        assert titles(team)[4:] == ["1 file failed at echo"] * 3


@pytest.mark.thorough
def test_a_cause_that_comes_and_goes_is_not_told_each_time(library: Alerting, team: HttpReceiver) -> None:
    for minutes in range(0, 50, 5):
        library.fails(1)
        library.look(minutes)
        library.is_made(1)
        library.look(minutes + 1)
    assert titles(team) == ["1 file failed at echo", "1 file recovered at echo"]
    library.fails(1)
    library.look(61)
    assert titles(team)[2:] == ["1 file failed at echo"]


@pytest.mark.thorough
def test_a_stop_is_told_once_and_its_end_when_the_work_really_goes_on(library: Alerting, team: HttpReceiver) -> None:
    library.write(a="a\nnote: fatal", b="b")
    library.run("note")
    library.look()
    library.run("note")
    library.look(1)
    (post,) = team.taken
    assert (title_of(post), post.json["type"]) == ("processing stopped at note", "failure")
    assert post.json["message"].startswith("the key is wrong. Set another\nNo file is to blame.")
    library.is_made(1)
    library.look(2)
    assert len(team.posts) == 1, "that was another stage"
    library.write(a="a")
    library.run("note")
    library.look(3)
    assert titles(team)[1:] == ["processing goes on at note"]


def test_a_file_that_fails_for_another_reason_leaves_the_first(library: Alerting, team: HttpReceiver) -> None:
    library.fails(2, reason="is poison")
    library.look()
    library.fails(2, reason="is worse")
    library.look(1)
    library.is_made(2)
    library.look(2)
    assert titles(team) == ["2 files failed at echo"] * 2 + ["2 files recovered at echo"]
    assert "is worse" in messages(team)[2]


def test_files_that_are_gone_are_red_no_more(library: Alerting, team: HttpReceiver) -> None:
    library.fails(2)
    library.look()
    library.instance.report_runless_asset_event(
        dg.AssetObservation("note", partition="box:0.txt", metadata={"removed": "it is gone"})
    )
    library.is_made(1, start=1)
    library.look(1)
    assert titles(team)[1:] == ["1 file recovered at echo"]


def test_files_over_budget_are_called_held(library: Alerting, team: HttpReceiver) -> None:
    library.instance.report_runless_asset_event(
        dg.AssetObservation(
            "echo", partition="box:a.txt", metadata={"failed": "would cost 3 USD", "error": "OverBudget"}
        )
    )
    library.look()
    assert titles(team) == ["1 file held at echo"]


def test_what_happened_before_the_first_look_is_not_told(tmp_path: Path, team: HttpReceiver) -> None:
    with Alerting(tmp_path, {"team": url_of(team)}) as library:
        library.fails(3)
        library.look()
        library.look(90)
    assert not team.posts


def test_nobody_is_called_by_the_name_of_a_file(library: Alerting, team: HttpReceiver) -> None:
    library.instance.report_runless_asset_event(
        dg.AssetObservation("echo", partition="box:@everyone <b>.mp4", metadata={"failed": "is for @here"})
    )
    library.look()
    (message,) = messages(team)
    assert "@everyone" not in message and "<b>" not in message and "@here" not in message
    assert "everyone" in message


# ------------------------------------------------------------------------------------------- broken channels


@pytest.mark.parametrize("fault", ["down", "500", "silent", "no address", "no service"])
def test_a_broken_channel_holds_up_no_other_and_gets_its_messages_when_it_is_mended(
    fault: str, tmp_path: Path, team: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpReceiver() as broken:
        good_url, broken_url = url_of(team), f"{url_of(broken)}?rto=0.2"
        bad_url = {"down": f"json://127.0.0.1:1/{TOKEN}", "no address": None, "no service": f"nonsense://{TOKEN}"}
        broken.status, broken.silent = (500, fault == "silent") if fault in ("500", "silent") else (200, False)
        with Alerting(tmp_path, {"team": good_url, "pager": bad_url.get(fault, broken_url)}) as library:
            library.look()
            library.fails(2)
            look = library.look()
            (problem,) = look.problems
            assert problem.startswith("channel pager: "), problem
            assert titles(team) == ["2 files failed at echo"]
            tried = len(broken.posts)
            assert not library.look(0.5).problems and len(broken.posts) == tried, "it is left alone for a while"
            assert library.look(1.5).problems
        broken.status, broken.silent = 200, False
        broken.posts.clear()
        with Alerting(tmp_path, {"team": good_url, "pager": broken_url}) as library:
            library.look(10)
            library.look(30)
            kept = InstanceState(library.instance).read(STATE_NAME) or ""
        assert titles(broken) == ["2 files failed at echo"]
        assert len(team.posts) == 1
    assert TOKEN not in f"{problem}{caplog.text}{kept}"


@pytest.mark.thorough
def test_what_a_channel_missed_for_long_comes_as_one_message(tmp_path: Path, team: HttpReceiver) -> None:
    team.status = 503
    with Alerting(tmp_path, {"team": url_of(team)}) as library:
        library.look()
        for number, word in enumerate(("apples", "pears", "plums", "cherries", "grapes", "figs")):
            library.fails(1, start=number, reason=f"holds {word}")
            library.look(number * 10)
        team.status = 200
        library.look(24 * 60)
        assert titles(team) == ["6 messages that could not be sent before"]
        assert library.look(24 * 60 + 1).sent == 0
        team.status = 503
        library.fails(1, start=50)
        library.look(24 * 60 + 70)
        assert library.look(24 * 60 * 5).problems == ["1 message could not be sent for days and will not be"]


def test_a_look_that_dies_before_it_could_note_what_it_sent_repeats_that_message_at_most(
    library: Alerting, team: HttpReceiver
) -> None:
    state = InstanceState(library.instance)
    library.fails(1, reason="is poison")
    library.fails(1, start=1, reason="is worse")
    team.script = [200, 503]
    library.look()
    assert len(team.taken) == 1
    after_the_first = state.read(STATE_NAME)
    assert after_the_first is not None
    library.look(2)
    assert len(team.taken) == 2
    state.write(STATE_NAME, after_the_first)  # the second was sent, and the process died
    library.look(2)
    library.look(3)
    assert [message.split(".")[0] for message in messages(team)] == ["is poison", "is worse", "is worse"]


@pytest.mark.thorough
def test_a_channel_gets_only_the_kinds_of_messages_it_wants(tmp_path: Path, team: HttpReceiver) -> None:
    with HttpReceiver() as pager:
        channels = {"team": AlertChannel(), "pager": AlertChannel(messages=("stops",))}
        with Alerting(tmp_path, {"team": url_of(team), "pager": url_of(pager)}, channels=channels) as library:
            library.look()
            library.write(a="a\nnote: fatal")
            library.fails(1)
            library.run("note")
            library.look()
        assert sorted(titles(team)) == ["1 file failed at echo", "processing stopped at note"]
        assert titles(pager) == ["processing stopped at note"]


# ------------------------------------------------------------------------------------------- the digest


@pytest.mark.thorough
def test_the_digest_comes_once_a_day_at_its_hour_and_counts_what_happened(tmp_path: Path, team: HttpReceiver) -> None:
    minutes_of_day = _minutes_of_day()
    with Alerting(tmp_path, {"team": url_of(team)}, digest_at="07:00") as library:
        to_seven = (7 * 60 - minutes_of_day) % (24 * 60)
        library.look()
        library.write(a="a", b="b\nnote: poison")
        library.run("note")
        library.instance.report_runless_asset_event(
            dg.AssetMaterialization("summary", partition="box:c.txt", metadata={"cost_usd": 0.25})
        )
        library.instance.report_runless_asset_event(
            dg.AssetMaterialization("library_report", metadata={"saved_bytes": 3_000_000, "files": 2, "cost_usd": 0.25})
        )
        library.look(to_seven - 2)
        assert titles(team) == ["1 file failed at note"]
        library.look(to_seven + 2)
        library.look(to_seven + 60)
        assert titles(team)[1:] == ["daily digest"]
        lines = messages(team)[1].splitlines()[1:]
        assert lines == [
            "- made: 1 note, 1 summary",
            "- failures: 1",
            "- cost: 0.25 USD",
            "- space saved: 3.0 MB in all",
            "The library by its last report: 2 files, 0.25 USD in all",
            "Open:",
            "- 1 file failed at note: is poison",
        ]
        library.look(to_seven + 24 * 60 + 2)
        assert titles(team)[2:] == ["daily digest"]
        assert "- made: nothing" in messages(team)[2]


def _minutes_of_day() -> int:
    now = datetime.now(UTC)
    return now.hour * 60 + now.minute
