"""One message to one channel, by apprise and real HTTP: what is said where it is not taken, and what never."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from media_assets.base.errors import Fatal
from media_assets.operation.alerts.channels import Channel
from media_assets.operation.alerts.messages import Text
from media_assets_tests.http_receiver import HttpReceiver
from media_assets_tests.operation.alerts.alerting import TOKEN, url_of

TEXT = Text("warning", "library: 2 files failed", "is poison\n- Übung 日本 🎬.mp4")


@pytest.fixture
def team() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


def test_a_message_arrives_with_its_title_level_and_words(team: HttpReceiver) -> None:
    assert Channel("team", SecretStr(url_of(team))).send(TEXT) == ""
    (post,) = team.taken
    assert (post.json["title"], post.json["message"], post.json["type"]) == (TEXT.title, TEXT.body, "warning")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_a_service_that_refuses_is_told_with_its_status_and_without_its_address(
    team: HttpReceiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    team.status = status
    problem = Channel("team", SecretStr(url_of(team))).send(TEXT)
    assert problem == f"the service answered {status}"
    assert TOKEN not in f"{problem}{caplog.text}"


@pytest.mark.parametrize("url", [None, "", f"nonsense://{TOKEN}", TOKEN, f"json://[{TOKEN}"])
def test_without_an_address_that_apprise_knows_the_variable_is_named_and_the_address_not_shown(url: str | None) -> None:
    channel = Channel("team", SecretStr(url) if url is not None else None)
    for attempt in (channel.check, lambda: channel.send(TEXT)):
        with pytest.raises(Fatal) as caught:
            attempt()
        assert "ALERT_URLS__TEAM" in str(caught.value)
        assert TOKEN not in str(caught.value)
