"""Summaries written by a language model behind OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, LM Studio …

What belongs here: how settings and a transcript become a summary. How one question is asked is in `chat.py`, how many
are asked in `map_reduce.py`, and in which words in `prompts.py`.
"""

from __future__ import annotations

import json
import math
from functools import partial

from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import checked_chapters, distinct
from media_assets.artifacts.summary.engines.openai.chat import Chat, estimate_usd
from media_assets.artifacts.summary.engines.openai.forms import LADDER, NEEDS, NEVER_GUESSED
from media_assets.artifacts.summary.engines.openai.journal import AnswerJournal
from media_assets.artifacts.summary.engines.openai.map_reduce import MapReduce
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.summary.summarizer import spoken_segments
from media_assets.artifacts.summary.value import Summary, Usage
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.secrets import Secrets
from media_assets.services.openai.concessions import Concessions
from media_assets.services.openai.errors import SUMMARY
from media_assets.services.openai.server import OpenAIServer
from media_assets.services.openai.token_windows import ask_window
from media_assets.services.openai.truncation import KnownWindow
from media_assets.work.work import Work


class OpenAISummarizer:
    """A summarizer behind an API."""

    name = "openai"

    def __init__(self, settings: OpenAISummary, secrets: Secrets) -> None:
        self.model = settings.model
        self._settings = settings
        self._server = OpenAIServer(settings.base_url, secrets, SUMMARY)
        self._concessions = Concessions(self._server.name, LADDER, NEVER_GUESSED, NEEDS)
        # OpenAI's own host refuses what does not fit.
        self._window = KnownWindow(None if self._server.is_openai else partial(ask_window, model=settings.model))

    def summarize(self, transcript: Transcript, work: Work) -> Summary:
        """See `Summarizer`. With `work.journal`, answers survive a crash and are not paid twice."""
        segments = spoken_segments(transcript)
        system = prompts.system(self._settings.language, transcript.language)
        work.spending.require(self._estimate_usd(segments, system))
        context = json.dumps([prompts.PROMPT_VERSION, self._settings.result_settings(), system])
        with self._server.client(self._settings.timeout_seconds, self._settings.max_retries) as client:
            journal = AnswerJournal(work.journal, context)
            chat = Chat(
                client, self._server.name, self._settings, system, journal, work, self._concessions, self._window
            )
            answer, parts = MapReduce(chat.ask, self._settings.part_characters, work.report).run(segments)
        work.report(1.0)
        return Summary(
            title=" ".join(answer.title.split()),
            abstract=answer.abstract,
            key_points=distinct(answer.key_points),
            chapters=checked_chapters(answer.chapters, segments),
            action_items=distinct(answer.action_items),
            topics=distinct(answer.topics),
            engine=self.name,
            model=self.model,
            extractive=False,
            parts=parts,
            usage=self._usage(chat),
        )

    def check(self) -> str:
        """See `Summarizer`. Says how much the server reads at once, where it tells."""
        found = self._server.check(self.model)
        if self._server.is_openai:
            return found
        with self._server.client(self._settings.timeout_seconds, 0) as client:
            window = ask_window(client, self.model)
        return found if window is None else f"{found}, {window.line}"

    def _estimate_usd(self, segments: tuple[TranscriptSegment, ...], system: str) -> float | None:
        """What all questions together cost at most; None when the model has no price."""
        characters = sum(len(segment.text) for segment in segments)
        parts = math.ceil(characters / self._settings.part_characters)
        calls = parts if parts == 1 else parts + 1
        material = sum(len(segment.text.encode("utf-8", "replace")) for segment in segments)
        return estimate_usd(self._settings, material + calls * len(system.encode()), calls=calls)

    def _usage(self, chat: Chat) -> Usage:
        cost = self._settings.cost_usd(chat.input_tokens, chat.output_tokens)
        return Usage(input_tokens=chat.input_tokens, output_tokens=chat.output_tokens, cost_usd=cost)
