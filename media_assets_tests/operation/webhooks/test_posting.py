"""What each answer of a receiver means: a real one on loopback, and the clock is handed in."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate

import pytest

from media_assets.operation.webhooks.payload import Ready
from media_assets.operation.webhooks.posting import Fate, ReceiverAnswer, post
from media_assets.operation.webhooks.signing import Signer
from media_assets_tests.http_receiver import HttpReceiver

NOW = 1_800_000_000.0


@pytest.fixture
def backend() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


def answer(backend: HttpReceiver, status: int, retry_after: str = "") -> ReceiverAnswer:
    backend.script = [status]
    backend.headers = {"retry-after": retry_after} if retry_after else {}
    message = Ready(id="msg_1", body="{“ü”}".encode())
    return post(f"http://{backend.address}/hook", message, Signer([bytes(32)]), 5.0, NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_success_takes_the_message(backend: HttpReceiver, status: int) -> None:
    assert answer(backend, status) == ReceiverAnswer(Fate.TAKEN)
    (arrived,) = backend.posts
    assert arrived.body == "{“ü”}".encode()
    assert arrived.headers["webhook-timestamp"] == "1800000000"


@pytest.mark.parametrize("status", [400, 406, 409, 413, 415, 422, 500])
def test_what_is_about_the_message_refuses_it_alone(backend: HttpReceiver, status: int) -> None:
    assert answer(backend, status) == ReceiverAnswer(Fate.REFUSED, f"answered {status}")


@pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 429, 501, 502, 503, 504, 599])
def test_what_is_about_the_receiver_lets_everything_wait(backend: HttpReceiver, status: int) -> None:
    assert answer(backend, status) == ReceiverAnswer(Fate.AWAY, f"answered {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_the_url_is_to_be_corrected(backend: HttpReceiver, status: int) -> None:
    with HttpReceiver() as elsewhere:
        backend.elsewhere = f"http://{elsewhere.address}/"
        found = answer(backend, status)
        assert not elsewhere.posts
    assert found.fate is Fate.AWAY and "correct its url" in found.problem


def test_a_receiver_that_wants_no_more_is_left_alone_for_an_hour_and_told_how_to_be_removed(
    backend: HttpReceiver,
) -> None:
    found = answer(backend, 410)
    assert (found.fate, found.retry_after_seconds) == (Fate.AWAY, 3600.0)
    assert "remove it from library.yaml" in found.problem


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (formatdate(NOW + 600, usegmt=True), 600.0),
        (formatdate(NOW - 600, usegmt=True), 0.0),
        (formatdate(NOW + 86_400, usegmt=True), 3600.0),
        ("9" * 400, 3600.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("1.5", 0.0),
        ("Sun, 99 Foo 2026 99:99:99 GMT", 0.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_it_wants_to_be_left_alone_is_a_number_or_a_date_and_an_hour_at_most(
    backend: HttpReceiver, status: int, header: str, seconds: float
) -> None:
    assert answer(backend, status, header).retry_after_seconds == seconds


def test_a_receiver_that_is_not_there_or_says_nothing_is_away(backend: HttpReceiver) -> None:
    message = Ready(id="msg_1", body=b"{}")
    assert post("http://127.0.0.1:1/", message, Signer([bytes(32)]), 5.0, NOW).fate is Fate.AWAY
    backend.silent = True
    found = post(f"http://{backend.address}/", message, Signer([bytes(32)]), 0.2, NOW)
    assert found.fate is Fate.AWAY and "did not answer" in found.problem
