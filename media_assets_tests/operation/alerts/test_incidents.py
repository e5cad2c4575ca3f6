"""Causes from the first failure until all is well: what is due to be told, and when, by a clock that is handed in."""

from __future__ import annotations

from media_assets.operation.alerts.causes import Stop
from media_assets.operation.alerts.incidents import MOST_EXAMPLES, Incidents, Notice
from media_assets.pipeline.records import Failed, Made

HOUR = 3600.0


def failed(
    name: str, at: float, *, reason: str = "is poison", asset: str = "transcript", kind: str = "BadMedia"
) -> Failed:
    return Failed(1, at, "run", asset=asset, key=f"box:{name}", reason=reason, next_step="Throw it away", kind=kind)


def made(name: str, at: float, *, asset: str = "transcript", reused: bool = False, is_first: bool = True) -> Made:
    return Made(
        1,
        at,
        "later run",
        asset=asset,
        key=f"box:{name}",
        reused=reused,
        copied=False,
        not_applicable=False,
        left=False,
        fingerprint="ab",
        cost_usd=0.0,
        is_first=is_first,
    )


def told(incidents: Incidents, now: float) -> list[Notice]:
    """What is due, which is told."""
    notices = list(incidents.due(now, HOUR))
    for notice in notices:
        incidents.told(notice, now)
    return notices


def kinds(notices: list[Notice]) -> list[str]:
    return [notice.kind for notice in notices]


def test_a_cause_is_told_once_and_then_at_most_once_an_hour_with_what_is_new() -> None:
    incidents = Incidents()
    for number in range(10):
        incidents.failed(failed(str(number), 0.0))
    (notice,) = incidents.due(0.0, HOUR)
    assert (notice.incident.untold, len(notice.incident.examples)) == (10, MOST_EXAMPLES)
    assert kinds(told(incidents, 0.0)) == ["failures"]
    incidents.failed(failed("10", 60.0))
    incidents.failed(failed("0", 60.0))
    assert told(incidents, 120.0) == []
    (notice,) = incidents.due(HOUR + 1, HOUR)
    assert (notice.incident.untold, notice.incident.again, notice.incident.files) == (1, 1, 11)


def test_it_is_over_when_every_file_is_made_found_or_gone() -> None:
    incidents = Incidents()
    for name in "abc":
        incidents.failed(failed(name, 0.0))
    told(incidents, 0.0)
    incidents.made(made("a", 10.0, reused=True, is_first=False), lambda _: 5.0)
    incidents.gone("box:b", ["drive_file", "transcript"])
    assert told(incidents, 20.0) == []
    incidents.made(made("c", 30.0), lambda _: 5.0)
    assert kinds(told(incidents, 40.0)) == ["recoveries"]
    assert told(incidents, 50.0) == []


def test_a_failure_that_is_withdrawn_is_red_no_more() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0))
    incidents.withdrawn("transcript", "box:a")
    assert told(incidents, 0.0) == []


def test_what_was_never_told_is_not_told_as_recovered() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0))
    incidents.made(made("a", 1.0), lambda _: 0.0)
    assert told(incidents, 2.0) == []
    assert incidents.by_cause == {}


def test_a_stop_is_cured_by_work_of_a_later_run_also_when_that_had_to_be_repeated() -> None:
    for event, cured in (
        (made("a", 20.0), True),
        (made("a", 20.0, reused=True, is_first=True), True),
        (made("a", 20.0, reused=True, is_first=False), False),
        (made("a", 20.0, asset="summary"), False),
    ):
        incidents = Incidents()
        incidents.stopped(Stop(("transcript",), "the key is wrong"), "run", 10.0)
        assert kinds(told(incidents, 11.0)) == ["stops"]
        incidents.made(event, lambda _: 15.0)
        assert kinds(told(incidents, 21.0)) == (["recoveries"] if cured else []), event
    incidents = Incidents()
    incidents.stopped(Stop(("transcript",), "the key is wrong"), "run", 10.0)
    told(incidents, 11.0)
    incidents.made(made("a", 20.0), lambda _: 5.0)
    assert told(incidents, 21.0) == [], "that run had begun before"


def test_a_cause_that_nobody_meets_for_a_month_is_forgotten() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0))
    told(incidents, 0.0)
    assert told(incidents, 31 * 24 * HOUR) == []
    assert incidents.by_cause == {}


def test_beyond_200_causes_an_asset_has_one_for_all_the_rest() -> None:
    incidents = Incidents()
    words = [f"{first}{second}" for first in "ghijklmnopqrstuvwxyz" for second in "ghijklmnopqrst"]
    for word in words:
        incidents.failed(failed(word, 0.0, reason=f"holds {word}"))
    assert len(incidents.by_cause) == 201
    (rest,) = [each for each in incidents.by_cause.values() if "many different causes" in each.reason]
    assert len(rest.red) == len(words) - 200


def test_files_over_budget_are_held() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0, kind="OverBudget", reason="would cost 3 USD"))
    (notice,) = incidents.due(0.0, HOUR)
    assert notice.incident.held


def test_what_is_kept_tells_the_same_after_a_restart() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0))
    told(incidents, 0.0)
    again = Incidents.model_validate_json(incidents.model_dump_json())
    again.made(made("a", 1.0), lambda _: 0.0)
    assert kinds(told(again, 2.0)) == ["recoveries"]


def test_stops_for_ever_other_causes_are_bounded_like_failures() -> None:
    incidents = Incidents()
    words = [f"{first}{second}" for first in "ghijklmnopqrstuvwxyz" for second in "ghijklmnopqrst"]
    for word in words:
        incidents.stopped(Stop(("transcript",), f"broke with {word}"), "run", 0.0)
    assert len(incidents.by_cause) == 201
    (rest,) = [each for each in incidents.by_cause.values() if "many different causes" in each.reason]
    assert rest.files == len(words) - 200


def test_a_run_that_failed_before_it_knew_its_stages_is_over_when_any_work_goes_on() -> None:
    incidents = Incidents()
    incidents.stopped(Stop((), "was killed"), "run", 10.0)
    assert kinds(told(incidents, 11.0)) == ["stops"]
    incidents.made(made("a", 12.0), lambda _: 5.0)
    assert told(incidents, 13.0) == [], "that run had begun before"
    incidents.made(made("a", 20.0), lambda _: 15.0)
    assert kinds(told(incidents, 21.0)) == ["recoveries"]


def test_ten_thousand_failures_of_hundreds_of_causes_in_one_look_are_all_counted_and_kept_small() -> None:
    incidents = Incidents()
    for number in range(10_000):
        incidents.failed(failed(str(number), 0.0, reason=f"holds {'abcdefghij'[number % 10]} {number}"))
    assert sum(each.untold for each in incidents.by_cause.values()) == 10_000
    assert len(incidents.by_cause) == 10
    assert len(incidents.model_dump_json()) < 300_000
    for number in range(10_000):
        incidents.gone(f"box:{number}", ("transcript",))
    assert told(incidents, 1.0) == [], "nobody knew of them"
    assert incidents.by_cause == {}


def test_a_clock_that_steps_back_holds_back_no_message() -> None:
    incidents = Incidents()
    incidents.failed(failed("a", 0.0))
    assert kinds(told(incidents, 100 * HOUR)) == ["failures"]
    incidents.failed(failed("b", 0.0))
    assert kinds(told(incidents, 0.0)) == ["failures"]
