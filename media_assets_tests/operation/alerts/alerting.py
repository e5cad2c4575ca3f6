"""A toy library whose failures are told to channels that are receivers on loopback."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import SecretStr

from media_assets.base.secrets import Secrets
from media_assets.config.notices import AlertChannel, AlertSettings
from media_assets.operation.alerts.announcer import AnnouncerLook
from media_assets.operation.alerts.sensor import announcer
from media_assets.pipeline.records import EventFeed
from media_assets_tests.http_receiver import HttpReceiver, Post
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

TOKEN = "tokenthatnobodymaysee"


class Alerting(ToyLibrary):
    """Use it as a context manager; every look comes `minutes` after it was entered, by the announcer's clock.

    Args:
        urls: The address of each channel; None: it has none.
    """

    def __init__(self, root: Path, urls: dict[str, str | None], *, database: str | None = None, **alerts: Any) -> None:
        channels = {name: AlertChannel() for name in urls}
        section = AlertSettings(**({"channels": channels, "digest_at": None, "time_zone": "UTC"} | alerts))
        super().__init__(root, database=database, alerts=section, ui_base_url="https://dagster.example")
        addresses = {name: SecretStr(url) for name, url in urls.items() if url}
        self.secrets = Secrets(_env_file=None, alert_urls=addresses)

    def look(self, minutes: float = 0.0) -> AnnouncerLook:
        feed = EventFeed(self.instance, settle_seconds=0)
        tick = announcer(self.instance, self.settings, self.secrets, PIPELINE, feed)
        return tick.look(time.time() + minutes * 60)

    def fails(self, number: int, *, asset: str = "echo", reason: str = "is poison", start: int = 0) -> None:
        """Events as the IO manager writes them, of files that there need not be."""
        for index in range(start, start + number):
            self.instance.report_runless_asset_event(
                dg.AssetObservation(
                    asset,
                    partition=f"box:{index}.txt",
                    metadata={"failed": reason, "next_step": "Throw it away", "error": "BadMedia"},
                )
            )

    def is_made(self, number: int, *, asset: str = "echo", start: int = 0) -> None:
        for index in range(start, start + number):
            self.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=f"box:{index}.txt"))


def url_of(receiver: HttpReceiver) -> str:
    """As apprise writes it, with something secret in it."""
    return f"json://{receiver.address}/{TOKEN}"


def titles(receiver: HttpReceiver) -> list[str]:
    return [title_of(post) for post in receiver.taken]


def title_of(post: Post) -> str:
    return str(post.json["title"]).removeprefix("media-assets: ")


def messages(receiver: HttpReceiver) -> list[str]:
    return [str(post.json["message"]) for post in receiver.taken]
