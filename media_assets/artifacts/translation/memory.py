"""What was translated before, so that nothing is translated, or paid for, twice.

A translation is known by all that decides it: the engine and its settings, the language, what was said, and how the
glossary wants the terms in it. So of a transcript that was corrected, or with another word in the glossary, only the
segments in question are translated anew, and another language costs nothing of the others.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from media_assets.artifacts.summary.value import Usage
from media_assets.artifacts.translation.glossary import terms_in
from media_assets.artifacts.translation.summary_lines import lines_of, matching
from media_assets.artifacts.translation.translator import Line, Order, made_with
from media_assets.artifacts.translation.value import Translation
from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole


class TranslationMemory:
    """Translations by what decides them; of equal texts each keeps its own."""

    def __init__(self, code_version: str) -> None:
        self._code_version = code_version
        self._texts: dict[str, list[tuple[int, str]]] = defaultdict(list)

    def key(self, settings: Mapping[str, Any], order: Order, line: Line) -> str:
        """What decides the translation of a line, as a digest."""
        terms = terms_in(line.text, order.glossary)
        decides = [
            self._code_version, made_with(settings), order.kind, order.source, order.target, line.text, terms
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]

    def keep(self, key: str, number: int, text: str) -> None:
        """Add what a line with the id `number` is."""
        self._texts[key].append((number, text))

    def find(self, key: str, number: int) -> str | None:
        """What a line is; of several with the same text that which stood nearest."""
        found = self._texts.get(key)
        return min(found, key=lambda each: abs(each[0] - number))[1] if found else None

    def take_up(self, translation: Translation, settings: Mapping[str, Any], target: str) -> None:
        """Add what stands in an earlier artifact for one language.

        Args:
            settings: Those that it was made with.
        """
        source, glossary = translation.source_language, _glossary_of(settings, target)
        spoken = {each.id: each for each in translation.segments}
        lines = tuple(Line(each.id, each.text) for each in translation.segments)
        speech = Order("speech", source, target, lines, frozenset(), {}, glossary)
        for line in lines:
            text = spoken[line.id].translations.get(target)
            if text is not None:
                self.keep(self.key(settings, speech, line), line.id, text)
        if translation.summary is None or target not in translation.summaries:
            return
        lines, source = lines_of(translation.summary), translation.summary_language
        told = Order("summary", source, target, lines, frozenset(), {}, glossary)
        for line, text in matching(translation.summary, translation.summaries[target]):
            self.keep(self.key(settings, told, line), line.id, text)


class KeptText(BaseModel):
    """A translation on disk."""

    key: str
    number: int
    text: str


class KeptPortion(BaseModel):
    """Translations that came together, and what they took."""

    texts: tuple[KeptText, ...]
    usage: Usage


class PortionJournal:
    """What is finished of a translation into one language, on disk until all of it is stored.

    Args:
        directory: That of `Work.journal`; None keeps nothing.
    """

    def __init__(self, directory: Path | None, language: str) -> None:
        self._directory = directory
        self._language = language
        self._count = 0

    def load(self, memory: TranslationMemory) -> Usage:
        """Add what an earlier attempt finished to the memory; returns what that took."""
        usage = Usage()
        while self._directory is not None:
            try:
                portion = KeptPortion.model_validate_json(read_if_file(self._path(self._directory)) or b"")
            except (FileNotFoundError, ValidationError):
                break
            for each in portion.texts:
                memory.keep(each.key, each.number, each.text)
            usage = added(usage, portion.usage)
            self._count += 1
        return usage

    def keep(self, portion: KeptPortion) -> None:
        """Written whole or not at all, and on the disk when this returns."""
        if self._directory is not None:
            write_whole(self._path(self._directory), portion.model_dump_json().encode(), mode=PRIVATE_MODE)
            self._count += 1

    def discard(self) -> None:
        """Forget all of it."""
        while self._directory is not None and self._count:
            self._count -= 1
            self._path(self._directory).unlink(missing_ok=True)

    def _path(self, directory: Path) -> Path:
        return directory / f"{self._language}-{self._count:06d}.json"


def _glossary_of(settings: Mapping[str, Any], target: str) -> Mapping[str, str]:
    found: Mapping[str, str] = (settings.get("glossary") or {}).get(target) or {}
    return found


def added(one: Usage, other: Usage) -> Usage:
    """Both together; without a price where one has none."""
    costs = [each.cost_usd for each in (one, other) if each != Usage()]
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
    )
