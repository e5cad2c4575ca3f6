"""Where a receiver is, and when it is tried again, by a clock that is handed in and may be set."""

from __future__ import annotations

import pytest

from media_assets.operation.webhooks.payload import Delivery
from media_assets.operation.webhooks.position import Aside, Position, is_due

DAY = 86_400.0


def aside(key: str = "box:a") -> Aside:
    return Aside(delivery=Delivery(type="file.failed", at=0.0, run_id="", key=key, reason="ü 日 🎬"))


def test_a_receiver_that_is_away_is_left_alone_longer_each_time_up_to_an_hour() -> None:
    position = Position(cursor=1)
    waits = [position.waits(0.0, 0.0) for _ in range(2000)]
    assert waits[:4] == [30.0, 60.0, 120.0, 240.0]
    assert waits[-1] == 3600.0


@pytest.mark.parametrize(("asked", "wait"), [(0.0, 30.0), (600.0, 600.0), (7200.0, 7200.0), (10 * DAY, DAY)])
def test_it_is_left_alone_for_as_long_as_it_asks_and_a_day_at_most(asked: float, wait: float) -> None:
    position = Position(cursor=1)
    assert position.waits(0.0, asked) == wait
    assert not is_due(position.retry_at, wait - 1)
    assert is_due(position.retry_at, wait)


def test_a_message_that_is_refused_is_tried_again_at_longer_intervals_up_to_six_hours() -> None:
    one, waits = aside(), []
    for _ in range(2000):
        one.refused(0.0)
        waits.append(one.retry_at)
    assert waits[:3] == [60.0, 120.0, 240.0]
    assert waits[-1] == 6 * 3600.0


def test_a_clock_that_steps_back_keeps_nobody_waiting_for_longer_than_a_day() -> None:
    position = Position(cursor=1)
    position.waits(100 * DAY, 0.0)
    assert is_due(position.retry_at, 50 * DAY)
    assert not is_due(position.retry_at, 100 * DAY)


def test_what_is_kept_is_the_same_after_a_restart_and_an_older_shape_is_read() -> None:
    position = Position(cursor=7, aside=[aside()])
    position.waits(5.0, 0.0)
    assert Position.model_validate_json(position.model_dump_json()) == position
    assert Position.model_validate_json('{"cursor": 3}') == Position(cursor=3)


def test_only_what_is_of_the_same_file_waits_behind_what_was_refused() -> None:
    position = Position(cursor=1, aside=[aside("box:a")])
    assert position.is_behind("box:a") and not position.is_behind("box:ab")
