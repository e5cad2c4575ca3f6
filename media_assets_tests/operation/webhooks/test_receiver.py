"""Signed events: what receivers get, in which order, how often, and when they are down. Real runs and real posts."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.config.notices import AlertChannel, AlertSettings, WebhookSettings
from media_assets.operation.alerts.sensor import announcer
from media_assets.operation.webhooks.position import state_name
from media_assets.operation.webhooks.receiver import ReceiverLook
from media_assets.operation.webhooks.sensor import receiver
from media_assets.operation.webhooks.signing import Signer
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.records import EventFeed
from media_assets_tests.http_receiver import HttpReceiver, Post
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

KEY = base64.b64encode(bytes(range(32))).decode()
OLD_KEY = base64.b64encode(bytes(range(32, 64))).decode()


class Hooked(ToyLibrary):
    """A toy library with one receiver; use it as a context manager."""

    def __init__(
        self, root: Path, address: str, secret: str = f"whsec_{KEY}", *, database: str | None = None, **settings: Any
    ) -> None:
        hook = WebhookSettings(url=f"http://{address}/hook", **settings)
        channel = AlertSettings(channels={"team": AlertChannel()}, digest_at=None)
        sections = {"webhooks": {"backend": hook}, "alerts": channel, "ui_base_url": "https://dagster.example"}
        super().__init__(root, database=database, **sections)
        urls = {"team": SecretStr(f"json://{address}/alerts")}
        self.secrets = Secrets(_env_file=None, webhook_secrets={"backend": SecretStr(secret)}, alert_urls=urls)

    def look(self, minutes: float = 0.0) -> ReceiverLook:
        feed = EventFeed(self.instance, settle_seconds=0)
        tick = receiver("backend", self.instance, self.library, self.settings, self.secrets, PIPELINE, feed)
        return tick.look(time.time() + minutes * 60)

    def alert(self, minutes: float) -> None:
        feed = EventFeed(self.instance, settle_seconds=0)
        announcer(self.instance, self.settings, self.secrets, PIPELINE, feed).look(time.time() + minutes * 60)


@pytest.fixture
def backend() -> Iterator[HttpReceiver]:
    with HttpReceiver() as found:
        yield found


@pytest.fixture
def library(tmp_path: Path, backend: HttpReceiver, database: str | None) -> Iterator[Hooked]:
    with Hooked(tmp_path, backend.address, database=database) as hooked:
        hooked.look()
        yield hooked


def told(backend: HttpReceiver) -> list[tuple[str, str]]:
    """(type, name of the file) of each event that was taken."""
    return [(post.json["type"], post.json["data"].get("name", "")) for post in backend.taken]


def is_signed(post: Post, key: str) -> bool:
    """As a receiver checks it, by the library that those who wrote the specification give it."""
    try:
        Webhook(key).verify(post.body, dict(post.headers))
    except WebhookVerificationError:
        return False
    return True


def fails(library: ToyLibrary, name: str, reason: str = "is poison") -> None:
    """An event as the IO manager writes it."""
    metadata = {"failed": reason, "next_step": "Throw it away", "error": "BadMedia"}
    library.instance.report_runless_asset_event(
        dg.AssetObservation("echo", partition=f"box:{name}.txt", metadata=metadata)
    )


@pytest.mark.thorough
def test_a_file_is_done_once_when_the_last_of_its_artifacts_is_there(library: Hooked, backend: HttpReceiver) -> None:
    library.write(a="a", b="b\nshout: photo", c="c\necho: poison")
    library.run("note")
    library.run("shout")
    assert library.look().taken == 0
    run = library.run("echo").run_id
    assert library.look().taken == 3
    assert library.look().taken == 0
    assert sorted(told(backend)) == [("file.done", "a.txt"), ("file.done", "b.txt"), ("file.failed", "c.txt")]
    done, photo, failed = sorted(backend.posts, key=lambda post: str(post.json["data"]["name"]))
    assert all(is_signed(post, KEY) and post.headers["content-type"] == "application/json" for post in backend.posts)

    data = done.json["data"]
    assert done.json["version"] == 1
    assert (data["key"], data["source"], data["state"], data["cost_usd"]) == ("box:a.txt", "box", "done", 0.25)
    assert data["run"] == {"id": run, "link": f"https://dagster.example/runs/{run}"}
    assert [artifact["asset"] for artifact in data["artifacts"]] == ["note", "shout", "echo"]
    echo, manifest = data["artifacts"][2], library.made("echo", "box:a.txt")
    assert (echo["fingerprint"], echo["made_at"]) == (manifest.fingerprint, manifest.made_at.isoformat())
    file = next(each for each in echo["files"] if each["name"] == "echo.srt")
    path = Path(file["link"].removeprefix("file://"))
    assert (file["size_bytes"], file["sha256"]) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())

    assert [artifact["state"] for artifact in photo.json["data"]["artifacts"]] == ["done", *["not_applicable"] * 2]
    assert photo.json["data"]["artifacts"][1]["reason"] == "is a photo"
    data = failed.json["data"]
    assert (data["state"], data["asset"], data["error"]) == ("failed", "echo", "BadMedia")
    assert (data["reason"], data["next_step"]) == ("is poison", "Throw it away")


@pytest.mark.thorough
def test_a_crash_repeats_events_under_the_same_id_and_artifacts_of_a_source_as_it_was_do_not_make_it_done(
    library: Hooked, backend: HttpReceiver
) -> None:
    state = InstanceState(library.instance)
    library.write(a="a")
    library.run_all()
    before = state.read(state_name("backend"))
    assert before is not None
    library.look()
    state.write(state_name("backend"), before)
    library.look()
    first, again = backend.posts
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    library.run("echo")
    library.look()
    assert backend.posts.pop().headers["webhook-id"] == first.headers["webhook-id"], "what was found again is no news"
    fails(library, "a")
    library.run("echo")
    library.look()
    failed, done = backend.posts[2:]
    assert (failed.json["type"], done.json["type"]) == ("file.failed", "file.done")
    assert done.headers["webhook-id"] != first.headers["webhook-id"], "done after a failure is"
    backend.posts[1:] = []
    library.write(a="another")
    library.run("note")
    assert library.look().taken == 0
    library.run("shout")
    library.run("echo")
    library.look()
    assert told(backend) == [("file.done", "a.txt")] * 2
    assert len({post.headers["webhook-id"] for post in backend.posts}) == 2


@pytest.mark.thorough
def test_events_by_artifact_and_only_those_a_receiver_asks_for(tmp_path: Path, backend: HttpReceiver) -> None:
    with Hooked(tmp_path, backend.address, events=("asset.done", "file.done"), assets=("shout",)) as library:
        library.look()
        library.write(a="a", b="b\nshout: poison", c="c\necho: poison")
        library.run("note")
        assert library.look().taken == 0
        library.run("shout")
        library.run("echo")
        library.look()
        assert Counter(told(backend)) == {
            ("asset.done", "a.txt"): 1,
            ("file.done", "a.txt"): 1,
            ("asset.done", "c.txt"): 1,
            ("file.done", "c.txt"): 1,
        }
        assert {artifact["asset"] for post in backend.posts for artifact in post.json["data"]["artifacts"]} == {"shout"}


@pytest.mark.parametrize("fault", ["down", "silent", "503", "301"])
def test_a_receiver_that_is_away_is_left_alone_and_gets_everything_in_order_later(
    fault: str, tmp_path: Path, backend: HttpReceiver
) -> None:
    with HttpReceiver() as elsewhere, Hooked(tmp_path, backend.address, timeout_seconds=0.3) as library:
        library.look()
        for number in range(5):
            fails(library, str(number))
        backend.silent, backend.elsewhere = fault == "silent", f"http://{elsewhere.address}/"
        backend.status = int(fault) if fault.isdecimal() else 200
        if fault == "down":
            with Hooked(tmp_path, "127.0.0.1:1") as down:
                look = down.look()
        else:
            look = library.look()
        (problem,) = look.problems
        assert problem.startswith("backend ") and "tried again in 0.5 min" in problem
        tried = len(backend.posts)
        assert tried == (fault in ("503", "301"))
        assert not library.look(0.3).problems and len(backend.posts) == tried
        backend.status, backend.silent = 200, False
        backend.posts.clear()
        assert library.look(1).taken == 5
        assert [name for _, name in told(backend)] == [f"{number}.txt" for number in range(5)]
        assert not elsewhere.posts, "redirects are not followed"


def test_retry_after_is_heeded(library: Hooked, backend: HttpReceiver) -> None:
    fails(library, "a")
    backend.script, backend.headers = [429], {"retry-after": "600"}
    assert "tried again in 10.0 min" in library.look().problems[0]
    assert library.look(9).taken == 0
    assert library.look(11).taken == 1


def test_a_message_that_is_refused_waits_alone_and_what_comes_later_of_its_file_behind_it(
    library: Hooked, backend: HttpReceiver
) -> None:
    backend.refuses = '"name": "bad.txt"'
    fails(library, "bad")
    fails(library, "good")
    library.look()
    assert told(backend) == [("file.failed", "good.txt")]
    fails(library, "bad", reason="is worse")
    look = library.look(0.5)
    assert (look.aside, look.problems) == (2, [])
    (refused,) = [post.headers["webhook-id"] for post in backend.posts if post.status == 400]
    backend.refuses = ""
    assert library.look(2).taken == 2
    assert [post.json["data"]["reason"] for post in backend.taken[-2:]] == ["is poison", "is worse"]
    assert backend.posts[-2].headers["webhook-id"] == refused
    assert library.look(3).aside == 0


@pytest.mark.thorough
def test_a_receiver_that_refuses_everything_is_left_alone(library: Hooked, backend: HttpReceiver) -> None:
    for number in range(30):
        fails(library, str(number))
    backend.status = 500
    assert "refuses everything" in library.look().problems[-1]
    assert len(backend.posts) == 5
    backend.status = 200
    library.look(2)
    library.look(5)
    assert {name for _, name in told(backend)} == {f"{number}.txt" for number in range(30)}
    assert len(backend.taken) == 30


@pytest.mark.thorough
def test_what_nobody_takes_for_days_is_dropped_and_an_alert_says_so(library: Hooked, backend: HttpReceiver) -> None:
    library.alert(0)
    backend.refuses = "0.txt"
    fails(library, "0")
    fails(library, "1")
    library.look()
    assert library.look(60 * 24 * 4).dropped == 1
    backend.refuses = ""
    assert library.look(60 * 24 * 4 + 1).aside == 0
    library.alert(60 * 24 * 4 + 2)
    alerts = [post.json["title"] for post in backend.taken if post.path == "/alerts"]
    assert alerts == ["media-assets: 2 files failed at echo", "media-assets: webhook backend: 1 event dropped"]


def test_while_keys_are_exchanged_both_sign(tmp_path: Path, backend: HttpReceiver) -> None:
    with Hooked(tmp_path, backend.address, secret=f"whsec_{KEY} whsec_{OLD_KEY}") as library:
        library.look()
        fails(library, "a")
        library.look()
    (post,) = backend.posts
    assert is_signed(post, KEY) and is_signed(post, OLD_KEY)
    assert not is_signed(post, base64.b64encode(bytes(32)).decode())


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_c2hvcnQ=", "not base 64 at all"])
def test_without_a_proper_key_nothing_is_signed_and_the_message_does_not_show_it(secret: str | None) -> None:
    with pytest.raises(Fatal, match="WEBHOOK_SECRETS__BACKEND") as caught:
        Signer.of("backend", SecretStr(secret) if secret is not None else None)
    assert not secret or len(secret) < 7 or secret not in str(caught.value)


def test_nothing_of_the_key_is_in_what_is_kept_or_told(library: Hooked, backend: HttpReceiver) -> None:
    fails(library, "a")
    backend.status = 401
    look = library.look()
    kept = InstanceState(library.instance).read(state_name("backend"))
    assert KEY not in json.dumps([look.problems, kept, [post.body.decode() for post in backend.posts]])
