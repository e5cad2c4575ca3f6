"""A model that translates, behind the stand-in for an OpenAI-compatible server, and what there is to translate.

Its translations are no language, but texts from which a test can tell what was translated into what: letters of the
right script, and the language in front.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from media_assets.artifacts.summary.value import Summary, TimedHeading
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.translation.engines.openai.settings import OpenAITranslation
from media_assets.artifacts.translation.translator import Line, Order, Translator
from media_assets.base.secrets import Secrets
from media_assets_tests.artifacts.summary.transcripts import transcript
from media_assets_tests.openai_server import Fault, OpenAIServer, Received, Says

BEES = (
    "Good morning, and welcome to the talk about bees.",
    "The queen lays every egg in the hive of 60,000 workers.",
    "Yes.",
    "Anna, please order forty new frames from Miller before Friday.",
    "They make honey from nectar, which they collect all summer.",
    "And that is all for today, thank you very much for listening.",
)
_LETTERS = {"ja": "あ", "ar": "ب", "ru": "ж", "zh": "中"}

Item = dict[str, Any]
Twist = Callable[[list[Item]], list[Item]]
"""What a careless model makes of a right answer."""


def translated(text: str, target: str) -> str:
    """What the model makes of a text."""
    letter = _LETTERS.get(target)
    if letter is not None:
        return re.sub(r"[^\W\d_]", letter, text)
    backwards = re.sub(r"[^\W\d_]+", lambda word: word[0][::-1], text)
    return f"{target.capitalize()} {backwards}"


@dataclass
class TranslatingModel:
    """Set as `refuses` of the stand-in."""

    server: OpenAIServer
    twists: list[Twist | None] = field(default_factory=list)
    """Of the next answers, in order; None for one that is right."""
    twist: Callable[[list[Item], str], list[Item]] | None = None
    """Of every answer, with the language."""
    fault: Callable[[Received, str], Fault | None] | None = None
    """What is answered instead, by language."""
    asked: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    """Language and ids of each request, in order."""

    def __post_init__(self) -> None:
        self.server.refuses = self.answer

    def answer(self, body: dict[str, Any]) -> Fault:
        request = Received("", {}, body)
        found = re.search(
            r"its translation into [^\n]*?\b([a-z]{2,3}(?:-\w+)*)\)?(\n|$)", request.messages[0]["content"]
        )
        assert found, request.messages[0]
        target = found[1]
        lines = [json.loads(line) for line in request.material.splitlines()]
        wanted = [line for line in lines if "id" in line]
        self.asked.append((target, tuple(line["id"] for line in wanted)))
        if self.fault and (fault := self.fault(request, target)):
            return fault
        items: list[Item] = [
            {
                "id": line["id"],
                "begins": " ".join(line["text"].split()[:2]),
                "text": translated(line["text"], target),
            }
            for line in wanted
        ]
        twist = self.twists.pop(0) if self.twists else None
        items = twist(items) if twist else items
        items = self.twist(items, target) if self.twist else items
        return Says(json.dumps({"translations": items}, ensure_ascii=False))

    @property
    def languages(self) -> list[str]:
        """In which it was asked for something, once each."""
        return list(dict.fromkeys(language for language, _ in self.asked))


def translator(server: OpenAIServer, **settings: object) -> Translator:
    key = SecretStr(server.key) if server.key else None
    section = OpenAITranslation.model_validate({"base_url": server.base_url, "max_retries": 0, **settings})
    return section.open(Secrets(openai_api_key=key))


def order(texts: Sequence[str] = BEES, target: str = "de", **changes: Any) -> Order:
    """All of the texts into one language."""
    lines = tuple(Line(number, text) for number, text in enumerate(texts, start=1))
    return Order(**{
        "kind": "speech", "source": "en", "target": target, "lines": lines,
        "wanted": frozenset(line.id for line in lines), **changes,
    })  # fmt: skip


def bees(texts: Sequence[str] = BEES, language: str = "en") -> Transcript:
    return transcript(texts, language)


def summary(**changes: Any) -> Summary:
    made = Summary(
        title="A talk about bees",
        abstract="How sixty thousand bees live in one hive, and what a keeper does.",
        key_points=("The queen lays every egg.",),
        chapters=(TimedHeading(start_seconds=0.0, title="Welcome, everybody"),),
        action_items=("Anna orders forty frames.",),
        topics=("bees", "honey"),
        engine="extractive",
        model="",
        extractive=True,
    )
    return made.model_copy(update=changes)


def texts_of(items: Mapping[int, str]) -> list[str]:
    """In the order of their ids."""
    return [items[number] for number in sorted(items)]
