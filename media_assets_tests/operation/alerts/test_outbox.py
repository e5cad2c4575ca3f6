"""Messages on their way: each channel gets each once, and none waits for another."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from media_assets.operation.alerts.channels import Channel
from media_assets.operation.alerts.messages import Level, Text
from media_assets.operation.alerts.outbox import Health, Outbox
from media_assets_tests.http_receiver import HttpReceiver
from media_assets_tests.operation.alerts.alerting import titles, url_of

DAY = 86_400.0


def channel(name: str, url: str | None) -> Channel:
    return Channel(name, SecretStr(url) if url else None)


def send(outbox: Outbox, channels: dict[str, Channel], now: float) -> tuple[int, list[str]]:
    return outbox.send(channels, now, lambda: None, lambda: True)


def test_a_message_goes_to_each_of_its_channels_once() -> None:
    with HttpReceiver() as team, HttpReceiver() as pager:
        channels = {"team": channel("team", url_of(team)), "pager": channel("pager", url_of(pager))}
        outbox = Outbox()
        outbox.put(Text("info", "library: one", "text"), ["team", "pager"], 0.0)
        outbox.put(Text("info", "library: two", "text"), ["team"], 0.0)
        outbox.put(Text("info", "library: nobody", "text"), [], 0.0)
        assert send(outbox, channels, 0.0) == (3, [])
        assert send(outbox, channels, 1.0) == (0, [])
        assert titles(team) == ["library: one", "library: two"]
        assert titles(pager) == ["library: one"]
        assert outbox.messages == []


def test_a_broken_channel_is_left_alone_longer_each_time_up_to_an_hour() -> None:
    outbox, channels = Outbox(), {"team": channel("team", None)}
    outbox.put(Text("info", "library: one", "text"), ["team"], 0.0)
    now, waits = 0.0, []
    for _ in range(9):
        sent, problems = send(outbox, channels, now)
        assert sent == 0 and "ALERT_URLS__TEAM" in problems[0]
        waits.append(outbox.health["team"].retry_at - now)
        assert send(outbox, channels, outbox.health["team"].retry_at - 1) == (0, [])
        now = outbox.health["team"].retry_at
    assert waits[:3] == [60.0, 120.0, 240.0] and waits[-1] == 3600.0
    assert [message.title for message in outbox.messages] == ["library: one"]


def test_what_waited_for_long_comes_as_one_message_of_the_gravest_level() -> None:
    with HttpReceiver() as team:
        outbox = Outbox()
        levels: tuple[Level, ...] = ("info", "success", "failure", "warning", "info")
        for number, level in enumerate(levels):
            outbox.put(Text(level, f"library: {number}", "text"), ["team"], 0.0)
        assert send(outbox, {"team": channel("team", url_of(team))}, 0.0) == (1, [])
        (post,) = team.taken
        assert post.json["title"] == "library: 5 messages that could not be sent before"
        assert post.json["type"] == "failure"
        assert post.json["message"].splitlines() == ["- 4", "- 3", "- 2", "- 1", "- 0"]


def test_what_is_too_old_or_for_a_channel_that_is_no_more_is_left_out_and_counted() -> None:
    outbox = Outbox()
    outbox.put(Text("info", "library: old", "text"), ["team"], 0.0)
    outbox.put(Text("info", "library: new", "text"), ["team", "pager"], 3 * DAY)
    outbox.put(Text("info", "library: nobody", "text"), ["pager"], 3 * DAY)
    assert outbox.tidy(["team"], 3 * DAY + 1) == 1
    assert [(message.title, message.waiting) for message in outbox.messages] == [("library: new", ["team"])]
    for _ in range(250):
        outbox.put(Text("info", "library: more", "text"), ["team"], 3 * DAY)
    assert outbox.tidy(["team"], 3 * DAY + 1) == 51


def test_a_channel_that_nobody_mends_for_months_ends_neither_the_others_nor_itself() -> None:
    with HttpReceiver() as team:
        outbox, channels = Outbox(), {"pager": channel("pager", None), "team": channel("team", url_of(team))}
        outbox.health["pager"] = Health(failures=5000, since=0.0, retry_at=100 * DAY)
        outbox.put(Text("info", "library: one", "text"), ["pager", "team"], 100 * DAY)
        sent, (problem,) = send(outbox, channels, 100 * DAY)
        assert sent == 1 and titles(team) == ["library: one"]
        assert "tried again in 60 min (5001 failures)" in problem


def test_a_clock_that_steps_back_keeps_no_channel_waiting_for_longer_than_an_hour() -> None:
    with HttpReceiver() as team:
        outbox, channels = Outbox(), {"team": channel("team", url_of(team))}
        outbox.health["team"] = Health(failures=1, since=100 * DAY, retry_at=100 * DAY)
        outbox.put(Text("info", "library: one", "text"), ["team"], 100 * DAY)
        assert outbox.tidy(["team"], 50 * DAY) == 0
        assert send(outbox, channels, 50 * DAY) == (1, [])


def test_a_process_that_dies_after_it_sent_repeats_the_last_message_to_each_channel_at_most() -> None:
    class Died(Exception):
        pass

    def dies() -> None:
        raise Died

    with HttpReceiver() as team:
        channels = {"team": channel("team", url_of(team))}
        kept = Outbox()
        for number in range(3):
            kept.put(Text("info", f"library: {number}", "text"), ["team"], 0.0)
        with pytest.raises(Died):
            Outbox.model_validate_json(kept.model_dump_json()).send(channels, 0.0, dies, lambda: True)
        assert send(kept, channels, 1.0) == (3, [])
        assert titles(team) == ["library: 0", "library: 0", "library: 1", "library: 2"]


def test_every_letter_there_is_arrives_as_it_was_written() -> None:
    with HttpReceiver() as team:
        outbox = Outbox()
        words = 'Übung 日本 🎬 \N{RIGHT-TO-LEFT OVERRIDE}x \N{ZERO WIDTH SPACE} "quoted" \\ &amp; %00'
        outbox.put(Text("warning", f"library: {words}", f"first\n{words}"), ["team"], 0.0)
        outbox = Outbox.model_validate_json(outbox.model_dump_json())
        assert send(outbox, {"team": channel("team", url_of(team))}, 0.0) == (1, [])
        (post,) = team.taken
        assert post.json["message"] == f"first\n{words}"
