"""One question to a language model, asked until there is an answer of the right form or a reason why there is none."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import Answer
from media_assets.artifacts.summary.engines.openai.completion import (
    checked,
    completion_in,
    counted_prompt,
    text_of,
    used_tokens,
)
from media_assets.artifacts.summary.engines.openai.forms import LADDER, MOST_ANSWER_TOKENS, form
from media_assets.artifacts.summary.engines.openai.journal import AnswerJournal, Entry
from media_assets.artifacts.summary.engines.openai.reading import Unreadable, is_whole, read_answer
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.base.errors import BadMedia, Transient
from media_assets.services.openai.concessions import Concessions
from media_assets.services.openai.errors import (
    SUMMARY,
    RefusedRequest,
    TooLong,
    may_be_charged,
    quotable,
    translate,
)
from media_assets.services.openai.refusals import refusal_of
from media_assets.services.openai.truncation import BYTES_PER_TOKEN, KnownWindow, most_tokens
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletion


_TOKENS_OF_AN_ANSWER = 1000

# Reasons to end an answer: OpenAI's, and those of Mistral, Gemini, Anthropic, Zhipu, OpenRouter, DeepSeek.
_UNFINISHED = ("length", "model_length", "max_tokens", "max_output_tokens", "model_context_window_exceeded")
_FILTERED = ("content_filter", "safety", "sensitive", "prohibited_content", "blocklist", "recitation", "refusal")
_BROKE_DOWN = ("error", "network_error", "insufficient_system_resource", "abort", "aborted", "malformed_response")


class Chat:
    """Asks about one transcript and counts the tokens of all its questions.

    Args:
        client: Does the retries of what a repetition may cure.
        server: Name of the server in messages.
        system: The standing instructions.
        concessions: What this server does not take; shared by all files of a run.
        window: What is known of how much it reads; shared in the same way.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        server: str,
        settings: OpenAISummary,
        system: str,
        journal: AnswerJournal,
        work: Work,
        concessions: Concessions,
        window: KnownWindow,
    ) -> None:
        self._client = client
        self._server = server
        self._settings = settings
        self._system = system
        self._journal = journal
        self._work = work
        self._concessions = concessions
        self._window = window
        self.input_tokens = 0
        self.output_tokens = 0

    def ask(self, request: str) -> Answer:
        """The answer to a request, from the journal if it was paid for already.

        Raises:
            TooLong: the request or the answer exceeds what the model can hold.
            BadMedia: the model refuses, or does not keep to the form.
        """
        entry = self._journal.find(request)
        if entry is not None:
            self.input_tokens += entry.input_tokens
            self.output_tokens += entry.output_tokens
            return entry.answer
        before = self.input_tokens, self.output_tokens
        answer = self._ask_and_repair(request)
        self._journal.keep(
            request,
            Entry(
                answer=answer,
                input_tokens=self.input_tokens - before[0],
                output_tokens=self.output_tokens - before[1],
            ),
        )
        return answer

    def _ask_and_repair(self, request: str) -> Answer:
        messages = [{"role": "system", "content": self._system}, {"role": "user", "content": request}]
        room = self._window.prompt_tokens(self._client)
        if room is not None and most_tokens(self._system + request) > room:
            raise TooLong(f"does not fit into the {room:,} tokens that {self._server} reads of a prompt")
        text = self._complete(messages)
        self._window.confirm(self._client)
        try:
            return read_answer(text)
        except Unreadable as error:
            problem = str(error)
        messages += [
            # Anthropic and others refuse an empty message.
            {"role": "assistant", "content": text if text.strip() else "(nothing)"},
            {"role": "user", "content": prompts.REPAIR.format(problem=problem)},
        ]
        text = self._complete(messages)
        try:
            return read_answer(text)
        except Unreadable as error:
            quoted = quotable(text, self._client.api_key)[:120] or "nothing"
            raise BadMedia(
                f"was answered twice in a form that cannot be used ({error}; the last answer begins: {quoted})",
                next_step=f"Retry it, or configure a model that keeps to a JSON schema; {self._settings.model} did not",
            ) from None

    def _complete(self, messages: list[dict[str, str]]) -> str:
        """The text of one answer."""
        return self._concessions.asking(LADDER, partial(self._attempt, messages))

    def _attempt(self, messages: list[dict[str, str]], without: frozenset[str]) -> str:
        self._work.check()
        with self._work.spending.paying(self._estimate_usd(messages)) as payment:
            completion = self._create(messages, without, payment)
            tokens = used_tokens(completion.usage)
            if tokens is not None:
                payment.cost_usd = self._settings.cost_usd(*tokens)
                self.input_tokens += tokens[0]
                self.output_tokens += tokens[1]
        counted = counted_prompt(completion.usage)
        # A repair repeats what a server may have cached, and some count without it.
        if len(messages) <= 2 and self._window.fell_short(messages[-1]["content"], counted):
            raise TooLong(f"was read in part only: {self._server} took {counted:,} tokens of it and dropped the rest")
        choice = completion.choices[0]
        text = text_of(choice.message)
        reason = str(choice.finish_reason or "").lower()
        if reason in _UNFINISHED and not is_whole(text):
            raise TooLong(f"got an answer that {self._settings.model} did not finish within its length limit")
        if reason in _FILTERED:
            said = quotable(text, self._client.api_key)
            raise BadMedia(
                f"was stopped by the content filter of {self._server}{f' ({said})' if said else ''}",
                next_step="Summarise it by hand",
            )
        if reason in _BROKE_DOWN:
            raise Transient(f"could not be summarised: {self._server} ended its answer early ({reason})")
        if refusal := getattr(choice.message, "refusal", None):
            said = quotable(str(refusal), self._client.api_key)[:200]
            raise BadMedia(
                f"is nothing that {self._settings.model} will summarise ({said})",
                next_step="Summarise it by hand or with another model",
            )
        return text

    def _estimate_usd(self, messages: list[dict[str, str]]) -> float | None:
        size_bytes = sum(len(message["content"].encode("utf-8", "replace")) for message in messages)
        return estimate_usd(self._settings, size_bytes, calls=1)

    def _create(self, messages: list[dict[str, str]], without: frozenset[str], payment: Payment) -> ChatCompletion:
        import openai

        timeout, remaining = self._settings.timeout_seconds, self._work.remaining_seconds
        if remaining is not None:
            timeout = min(timeout, remaining)
        try:
            create: Any = self._client.chat.completions.with_raw_response.create
            response = create(
                model=self._settings.model,
                timeout=timeout,
                **form(messages, self._settings.temperature, without, self._window.answer_tokens(MOST_ANSWER_TOKENS)),
            )
        except openai.APIError as error:
            if not may_be_charged(error):
                payment.cost_usd = 0.0
            # A request that was cut short by the file's time limit is the limit's matter, not the server's.
            self._work.check()
            # `from None`: the library's own error may quote the key.
            if isinstance(error, openai.APIStatusError):
                raise RefusedRequest(refusal_of(error), self._server, self._client.api_key, SUMMARY) from None
            raise translate(error, self._server, self._client.api_key, SUMMARY) from None
        return checked(
            completion_in(response),
            self._server,
            self._client.api_key,
            answered_before=self._concessions.answered,
        )


def estimate_usd(settings: OpenAISummary, size_bytes: int, *, calls: int) -> float | None:
    """What questions of so much text in all will cost, their answers included; None when the model has no price."""
    return settings.cost_usd(math.ceil(size_bytes / BYTES_PER_TOKEN), calls * _TOKENS_OF_AN_ANSWER)
