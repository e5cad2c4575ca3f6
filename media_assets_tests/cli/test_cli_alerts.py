"""`media-assets alerts test` and `webhooks test`, the lines of `doctor`, and the settings, as a person meets them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from media_assets.base.secrets import Secrets
from media_assets.cli.app import app
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_secrets, load_settings
from media_assets.definitions import build_definitions
from media_assets.operation.doctor.doctor import checks
from media_assets_tests.http_receiver import HttpReceiver

KEY = f"whsec_{base64.b64encode(bytes(32)).decode()}"


class Typed:
    """A library.yaml, a `.env`, and the command line on them."""

    def __init__(self, root: Path) -> None:
        self.config = root / "library.yaml"
        (root / "media").mkdir()
        self.write()

    def write(self, *env: str, **sections: Any) -> None:
        self.config.write_text(json.dumps({"sources": {"media": {"path": "media"}}, **sections}), "utf-8")
        (self.config.parent / ".env").write_text("\n".join(env), "utf-8")

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.config), *arguments])


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    return Typed(tmp_path)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as found:
        yield found


@pytest.mark.thorough
def test_a_test_message_goes_to_every_channel_and_each_has_a_line(typed: Typed, receiver: HttpReceiver) -> None:
    typed.write(
        f"ALERT_URLS__TEAM=json://{receiver.address}/hush-token",
        "ALERT_URLS__AWAY=json://127.0.0.1:1/hush-token",
        alerts={"channels": {"team": {}, "away": {}, "forgotten": {}}, "title": "lectures"},
    )
    done = typed.run("alerts", "test")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "✓ team: sent",
        "✗ away: the service could not be reached",
        "✗ forgotten: the channel forgotten has no address. Set ALERT_URLS__FORGOTTEN in the environment or in .env "
        "beside library.yaml",
    ]
    (post,) = receiver.posts
    assert post.json["title"] == "lectures: a test"


def test_a_test_event_goes_to_every_webhook(typed: Typed, receiver: HttpReceiver) -> None:
    url = f"http://{receiver.address}/hook?code=hush-code"
    typed.write(f"WEBHOOK_SECRETS__BACKEND={KEY}", webhooks={"backend": {"url": url}})
    done = typed.run("webhooks", "test")
    assert (done.exit_code, done.output) == (0, "✓ backend: sent\n")
    assert (receiver.posts[0].path, receiver.posts[0].json["type"]) == ("/hook?code=hush-code", "test")
    receiver.status = 404
    done = typed.run("webhooks", "test")
    assert (done.exit_code, done.output) == (1, "✗ backend: answered 404\n")


def test_without_channels_and_webhooks_there_is_nothing_to_test_and_no_sensor(typed: Typed) -> None:
    for command in ("alerts", "webhooks"):
        done = typed.run(command, "test")
        assert done.exit_code == 1
        assert "in library.yaml is empty" in done.output
    typed.write(webhooks={"backend": {"url": "http://a/b"}}, alerts={"channels": {"team": {}}})
    definitions = build_definitions(load_settings(typed.config), Secrets(_env_file=None))
    names = {sensor.name for sensor in definitions.sensors or ()}
    assert {"announce", "webhook_backend"} < names
    typed.write()
    definitions = build_definitions(load_settings(typed.config), Secrets(_env_file=None))
    assert {sensor.name for sensor in definitions.sensors or ()} == names - {"announce", "webhook_backend"}


@pytest.mark.thorough
def test_doctor_has_a_line_for_each_and_shows_no_secret(typed: Typed) -> None:
    typed.write(
        "ALERT_URLS__TEAM=tgram://123456789:AAhush_hush_hush_hush_hush_hush_hu/42",
        "ALERT_URLS__ODD=nonsense://hush",
        "WEBHOOK_SECRETS__BACKEND=hush",
        alerts={"channels": {"team": {}, "odd": {}}},
        webhooks={"backend": {"url": "http://a/b"}},
    )
    found = {check.name: check for check in checks(load_settings(typed.config), load_secrets(typed.config))}
    assert (found["alerts to team"].ok, found["alerts to team"].detail) == (True, "Telegram")
    assert not found["alerts to odd"].ok and "ALERT_URLS__ODD" in found["alerts to odd"].next_step
    assert not found["webhook backend"].ok
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"alerts": {"digest_at": "7 o'clock"}}, "alerts.digest_at"),
        ({"alerts": {"time_zone": "Middle/Earth"}}, "alerts.time_zone"),
        ({"alerts": {"channels": {"team": {"messages": ["gossip"]}}}}, "alerts.channels.team.messages"),
        ({"webhooks": {"backend": {"url": "http://a", "assets": ["summery"]}}}, "webhooks.backend.assets"),
        ({"webhooks": {"backend": {"url": "http://a", "assets": ["compressed_video"]}}}, "those are enabled"),
        ({"webhooks": {"backend": {"url": "ftp://hush:hush@a"}}}, "webhooks.backend.url"),
        ({"alerts": {"channels": {"team": {"url": "tgram://hush"}}}}, "alerts.channels.team.url"),
    ],
)
def test_a_wrong_setting_is_told_at_its_key(sections: dict[str, Any], told: str, typed: Typed) -> None:
    typed.write(**sections)
    with pytest.raises(SettingsError) as caught:
        load_settings(typed.config)
    assert told in str(caught.value)
    assert "hush" not in str(caught.value)


def test_secrets_that_are_no_json_are_told_by_their_variable_alone(typed: Typed) -> None:
    typed.write('ALERT_URLS={"team": hush}')
    with pytest.raises(SettingsError, match="alert_urls") as caught:
        load_secrets(typed.config)
    assert "hush" not in str(caught.value)
