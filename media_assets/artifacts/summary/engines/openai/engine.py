"""Summaries written by a language model behind OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, LM Studio …

What belongs here: how settings and a transcript become a summary. How one question is asked is in
`services.openai.chat`, how many are asked in `map_reduce.py`, and in which words in `prompts.py`.
"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any

from media_assets.artifacts.summary.engines.openai import prompts, templated
from media_assets.artifacts.summary.engines.openai.answer_form import SUMMARY_FORM
from media_assets.artifacts.summary.engines.openai.answers import Answer, TemplateAnswer, checked_chapters, distinct
from media_assets.artifacts.summary.engines.openai.journal import AnswerJournal
from media_assets.artifacts.summary.engines.openai.map_reduce import MapReduce
from media_assets.artifacts.summary.engines.openai.parts import named_segments
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.summary.value import Summary, TemplatedForm, Usage
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.secrets import Secrets
from media_assets.services.openai.chat.chat import USUAL_ANSWER_TOKENS, AnswerForm, Chat
from media_assets.services.openai.chat.server import ChatServer
from media_assets.services.openai.errors import SUMMARY
from media_assets.work.work import Work


class OpenAISummarizer:
    """A summarizer behind an API."""

    name = "openai"

    def __init__(self, settings: OpenAISummary, secrets: Secrets) -> None:
        self.model = settings.model
        self._settings = settings
        self._server = ChatServer(settings, secrets, SUMMARY)

    def summarize(self, transcript: Transcript, work: Work) -> Summary:
        """See `Summarizer`. With `work.journal`, answers survive a crash and are not paid twice."""
        segments = named_segments(transcript)
        template = self._settings.chosen_template
        form: AnswerForm[Any] = SUMMARY_FORM
        kind: type[Answer] = Answer
        system = prompts.system(self._settings.language, transcript.language)
        if template is not None:
            form, kind = templated.form_of(template), TemplateAnswer
            system = templated.system(template, self._settings.language, transcript.language)
        if transcript.labels:
            system = prompts.with_speakers_told(system)
        work.spending.require(self._estimate_usd(segments, system))
        context = json.dumps([prompts.PROMPT_VERSION, self._settings.result_settings(), system])
        with self._server.client() as client:
            chat = Chat(self._server, client, system, form, work)
            ask = partial(AnswerJournal(work.journal, context, kind).answering, chat)
            answer, parts = MapReduce(ask, self._settings.part_characters, work.report).run(segments)
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
            form=TemplatedForm(name=self._settings.template or "", data=answer.data, render=template.render)
            if template is not None and isinstance(answer, TemplateAnswer)
            else None,
        )

    def check(self) -> str:
        """See `Summarizer`. Says how much the server reads at once, where it tells."""
        return self._server.check()

    def _estimate_usd(self, segments: tuple[TranscriptSegment, ...], system: str) -> float | None:
        """What all questions together cost at most; None when the model has no price."""
        characters = sum(len(segment.text) for segment in segments)
        parts = math.ceil(characters / self._settings.part_characters)
        calls = parts if parts == 1 else parts + 1
        material = sum(len(segment.text.encode("utf-8", "replace")) for segment in segments)
        size_bytes = material + calls * len(system.encode())
        return self._settings.estimate_usd(size_bytes, calls * USUAL_ANSWER_TOKENS)

    def _usage(self, chat: Chat[Answer]) -> Usage:
        cost = self._settings.cost_usd(chat.input_tokens, chat.output_tokens)
        return Usage(input_tokens=chat.input_tokens, output_tokens=chat.output_tokens, cost_usd=cost)
