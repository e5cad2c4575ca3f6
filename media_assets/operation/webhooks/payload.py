"""What an event says. docs/operations.md shows one of each; `VERSION` is raised when a field changes its meaning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from media_assets.base.errors import BadMedia, OverBudget, SourceChanged
from media_assets.base.keys import display_name, split_key
from media_assets.config.notices import EventType
from media_assets.operation.webhooks.files import Files
from media_assets.pipeline.records import Event, Failed, Gone, Made
from media_assets.places.manifest import Manifest

VERSION = 1

# What a receiver is told that waits for artifacts of a file that is no longer there.
_GONE = {
    "reason": "the source file is gone",
    "next_step": "Put it back to have it processed; the artifacts that were made of it are kept",
    "error": SourceChanged.__name__,
}


class Delivery(BaseModel):
    """One event for one receiver; what is there of artifacts is looked up when it is sent."""

    type: EventType
    at: float
    """When it happened, in seconds since the epoch."""
    run_id: str
    key: str
    asset: str = ""
    """Empty for `file.done`; with `file.failed` the one that failed, which the receiver need not want itself."""
    missing: tuple[str, ...] = ()
    """What the receiver wants and the file stays without; only with `file.failed`."""
    reason: str = ""
    next_step: str = ""
    error: str = ""
    """Name of the class in `errors`."""


class Ready(BaseModel):
    """A delivery as it is sent."""

    id: str
    """Equal for every attempt at the same event."""
    body: bytes


def deliveries(
    event: Event, kinds: Sequence[EventType], assets: Sequence[str], *, completes: bool, missing: Sequence[str]
) -> list[Delivery]:
    """What a receiver is told of an event.

    Args:
        kinds: What the receiver wants to know.
        assets: The artifacts that count for it.
        completes: Whether the event made its file complete.
        missing: Those of `assets` that its file stays without.
    """
    told = []
    if isinstance(event, Failed | Gone) and "file.failed" in kinds and missing:
        told.append(
            Delivery(
                type="file.failed",
                at=event.at,
                run_id=event.run_id,
                key=event.key,
                missing=tuple(missing),
                **(_why(event) if isinstance(event, Failed) else _GONE),
            )
        )
    if isinstance(event, Made) and event.key:
        common = {"at": event.at, "run_id": event.run_id, "key": event.key}
        if "asset.done" in kinds and event.asset in assets:
            told.append(Delivery(type="asset.done", asset=event.asset, **common))
        if "file.done" in kinds and completes:
            told.append(Delivery(type="file.done", **common))
    return told


def _why(event: Failed) -> dict[str, str]:
    return {"asset": event.asset, "reason": event.reason, "next_step": event.next_step, "error": event.kind}


def ready(delivery: Delivery, files: Files, assets: Sequence[str], ui_base_url: str | None) -> Ready | None:
    """What to send; None when it is true no more: what is there now has an event of its own.

    Args:
        assets: The artifacts that make a file complete for this receiver.
    """
    manifests: Sequence[Manifest] | None = ()
    if delivery.type == "file.done":
        manifests = files.manifests(delivery.key, assets)
    elif delivery.type == "asset.done":
        found = files.manifest(delivery.asset, delivery.key)
        manifests = [found] if found else None
    if manifests is None:
        return None
    digest = hashlib.sha256(json.dumps(_identity(delivery, manifests, files)).encode()).hexdigest()
    data = _data(delivery, [_artifact(manifest, files) for manifest in manifests], ui_base_url)
    content = {"type": delivery.type, "version": VERSION, "timestamp": _time(delivery.at), "data": data}
    return Ready(
        id=f"msg_{digest[:32]}", body=json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
    )


def test_message(now: float) -> Ready:
    """An event that tells nothing: for finding out whether a receiver is there and knows the key."""
    content = {"type": "test", "version": VERSION, "timestamp": _time(now), "data": {}}
    return Ready(id=f"msg_test_{int(now * 1000)}", body=json.dumps(content).encode())


def _identity(delivery: Delivery, manifests: Sequence[Manifest], files: Files) -> list[Any]:
    """What makes an event the same one. A failure is that of a run, or of the moment. What is done is known by its
    content, whichever run recorded it, and by the failure before it: done again after a failure is news, though the
    content be the same."""
    what = [delivery.type, delivery.key, delivery.asset]
    if delivery.type == "file.failed":
        return [*what, delivery.run_id or delivery.at, delivery.reason]
    made = [[manifest.asset, manifest.fingerprint, manifest.version] for manifest in manifests]
    return [*what, made, files.latest_note(delivery.key, [manifest.asset for manifest in manifests])]


def _data(delivery: Delivery, artifacts: Sequence[dict[str, Any]], ui_base_url: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "key": delivery.key,
        "name": display_name(delivery.key),
        "source": _source(delivery.key),
        "state": _state(delivery),
    }
    if delivery.asset:
        data["asset"] = delivery.asset
    if delivery.type == "file.failed":
        data |= {"reason": delivery.reason, "next_step": delivery.next_step, "error": delivery.error}
        data["missing"] = list(delivery.missing)
    linked = bool(ui_base_url and delivery.run_id)
    data["run"] = {"id": delivery.run_id, "link": f"{ui_base_url}/runs/{delivery.run_id}" if linked else None}
    if delivery.type != "file.failed":
        data["cost_usd"] = round(sum(artifact["cost_usd"] for artifact in artifacts), 6)
        data["artifacts"] = artifacts
    return data


def _state(delivery: Delivery) -> str:
    if delivery.type != "file.failed":
        return "done"
    return "held" if delivery.error == OverBudget.__name__ else "failed"


def _artifact(manifest: Manifest, files: Files) -> dict[str, Any]:
    common = {
        "asset": manifest.asset,
        "state": "not_applicable" if manifest.not_applicable else "done",
        "reason": manifest.not_applicable,
        "fingerprint": manifest.fingerprint,
        "version": manifest.version,
        "made_at": manifest.made_at.isoformat(),
        "made_in_seconds": manifest.made_in_seconds,
        "cost_usd": manifest.cost_usd,
        "media_seconds": manifest.media_seconds,
        "same_content_as": manifest.reused_from,
    }
    each = [
        {
            "name": file.name,
            "link": files.link(manifest.model_copy(update={"files": (file,)})),
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        }
        for file in manifest.files
    ]
    return {**common, "files": each}


def _source(key: str) -> str:
    try:
        return split_key(key)[0]
    except BadMedia:
        return ""


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
