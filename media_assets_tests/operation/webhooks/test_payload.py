"""What an event says, and when two are the same one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from media_assets.operation.webhooks.files import Files
from media_assets.operation.webhooks.payload import Delivery, Ready, deliveries, ready
from media_assets.operation.webhooks.payload import test_message as message_that_tells_nothing
from media_assets.pipeline.records import Failed, Gone, Made

NO_FILES = cast(Files, None)  # a failure is told without looking at artifacts


def failed(**changes: Any) -> Failed:
    facts: dict[str, Any] = {"asset": "m4a_audio", "key": "box:a.txt", "reason": "is poison", "kind": "BadMedia"}
    return Failed(1, 1_800_000_000.25, "run", **(facts | {"next_step": "Throw it away"} | changes))


def told(
    event: Failed | Gone | Made,
    kinds: Sequence[Any] = ("file.failed",),
    *,
    completes: bool = False,
    missing: Sequence[str] = ("transcript",),
) -> list[Delivery]:
    return deliveries(event, kinds, ["transcript"], completes=completes, missing=missing)


def sent(delivery: Delivery) -> Ready:
    message = ready(Delivery.model_validate_json(delivery.model_dump_json()), NO_FILES, ["transcript"], None)
    assert message is not None
    return message


def id_of(event: Failed | Gone) -> str:
    (delivery,) = told(event)
    return sent(delivery).id


def test_a_failure_says_what_is_missing_why_and_what_to_do() -> None:
    (delivery,) = told(failed())
    content = json.loads(sent(delivery).body)
    assert (content["type"], content["version"]) == ("file.failed", 1)
    assert content["timestamp"] == "2027-01-15T08:00:00.250Z"
    data = content["data"]
    assert (data["name"], data["source"], data["state"]) == ("a.txt", "box", "failed")
    assert (data["reason"], data["next_step"], data["missing"]) == ("is poison", "Throw it away", ["transcript"])
    assert data["run"] == {"id": "run", "link": None}


def test_the_same_failure_has_the_same_id_and_any_other_has_another() -> None:
    others: list[Failed | Gone] = [
        failed(key="box:b.txt"),
        failed(asset="transcript"),
        failed(reason="is worse"),
        Failed(9, 1.0, "later", "m4a_audio", "box:a.txt", "is poison", "Throw it away", "BadMedia"),
        Gone(2, 1.0, "", key="box:a.txt"),
        Gone(3, 2.0, "", key="box:a.txt"),
    ]
    assert id_of(failed()) == id_of(failed())
    assert len({id_of(event) for event in (failed(), *others)}) == 1 + len(others)


def test_every_letter_there_is_arrives_as_it_was_written_and_the_body_is_always_utf_8() -> None:
    words = 'Übung 日本 🎬 \N{RIGHT-TO-LEFT OVERRIDE} \x00 " \\ </script>'
    (delivery,) = told(failed(reason=words, key="box:%C3%9Cbung.txt"))
    data = json.loads(sent(delivery).body.decode("utf-8"))["data"]
    assert (data["reason"], data["name"]) == (words, "Übung.txt")


def test_a_receiver_is_told_only_what_it_asked_for_and_waits_for() -> None:
    assert told(failed(), missing=[]) == []
    assert told(failed(), kinds=("file.done", "asset.done")) == []
    made = Made(
        1, 0.0, "run", asset="transcript", key="box:a.txt", reused=False, copied=False, not_applicable=False,
        left=False, fingerprint="ab", cost_usd=0.0,
    )  # fmt: skip
    both = ("asset.done", "file.done")
    assert [each.type for each in told(made, kinds=both, completes=True)] == ["asset.done", "file.done"]
    assert [each.type for each in told(made, kinds=both)] == ["asset.done"]
    assert told(Made(**{**vars(made), "key": None}), kinds=both, completes=True) == []


def test_a_message_for_trying_out_tells_nothing_and_is_another_one_each_time() -> None:
    one, other = message_that_tells_nothing(1.0), message_that_tells_nothing(1.5)
    assert json.loads(one.body) == {"type": "test", "version": 1, "timestamp": "1970-01-01T00:00:01.000Z", "data": {}}
    assert one.id != other.id
