"""Answers that were paid for, kept on disk until the summary is done: a crash does not make them be paid again.

The directory is that of `Work.journal`: who made it empties it once the artifact is stored.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from media_assets.artifacts.summary.engines.openai.answers import Answer
from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole
from media_assets.services.openai.chat.chat import Chat


class Entry(BaseModel):
    """An answer, and the tokens it took to get it."""

    answer: dict[str, Any]
    input_tokens: int
    output_tokens: int


class AnswerJournal:
    """Entries by the request they answer.

    Args:
        directory: None keeps nothing.
        context: Whatever else an answer depends on, such as model and temperature.
        kind: What an answer is.
    """

    def __init__(self, directory: Path | None, context: str, kind: type[Answer] = Answer) -> None:
        self._kind = kind
        self._directory = directory
        self._context = context

    def find(self, request: str) -> Entry | None:
        """The kept entry; one that cannot be read counts as absent."""
        if self._directory is None:
            return None
        try:
            entry = Entry.model_validate_json(read_if_file(self._path(self._directory, request)) or b"")
            self._kind.model_validate(entry.answer)
        except (FileNotFoundError, ValidationError):
            return None
        return entry

    def keep(self, request: str, entry: Entry) -> None:
        """Written whole or not at all, and on the disk when this returns."""
        if self._directory is None:
            return
        write_whole(self._path(self._directory, request), entry.model_dump_json().encode(), mode=PRIVATE_MODE)

    def answering(self, chat: Chat[Answer], request: str) -> Answer:
        """The answer to a request: from here if it was paid for already, and its tokens count all the same."""
        entry = self.find(request)
        if entry is not None:
            chat.input_tokens += entry.input_tokens
            chat.output_tokens += entry.output_tokens
            return self._kind.model_validate(entry.answer)
        before = chat.input_tokens, chat.output_tokens
        answer = chat.ask(request)
        used = {"input_tokens": chat.input_tokens - before[0], "output_tokens": chat.output_tokens - before[1]}
        self.keep(request, Entry(answer=answer.model_dump(), **used))
        return answer

    def _path(self, directory: Path, request: str) -> Path:
        digest = hashlib.sha256(f"{self._context}\0{request}".encode()).hexdigest()
        return directory / f"summary-{digest[:32]}.json"
