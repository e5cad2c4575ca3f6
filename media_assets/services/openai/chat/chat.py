"""One question to a language model, asked until there is an answer of the right form or a reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from media_assets.base.errors import BadMedia, Transient
from media_assets.services.openai.chat.completion import (
    checked,
    completion_in,
    counted_prompt,
    text_of,
    used_tokens,
)
from media_assets.services.openai.chat.forms import LADDER, MOST_ANSWER_TOKENS, form
from media_assets.services.openai.chat.reading import Answer, AnswerReader, Unreadable
from media_assets.services.openai.chat.server import ChatServer
from media_assets.services.openai.errors import (
    RefusedRequest,
    TooLong,
    may_be_charged,
    quotable,
    translate,
)
from media_assets.services.openai.refusals import refusal_of
from media_assets.services.openai.truncation import most_tokens
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletion


USUAL_ANSWER_TOKENS = 1000
"""How long an answer is, where whoever asks expects no other."""

# Reasons to end an answer: OpenAI's, and those of Mistral, Gemini, Anthropic, Zhipu, OpenRouter, DeepSeek.
_UNFINISHED = ("length", "model_length", "max_tokens", "max_output_tokens", "model_context_window_exceeded")
_FILTERED = ("content_filter", "safety", "sensitive", "prohibited_content", "blocklist", "recitation", "refusal")
_BROKE_DOWN = ("error", "network_error", "insufficient_system_resource", "abort", "aborted", "malformed_response")


@dataclass(frozen=True)
class AnswerForm(Generic[Answer]):
    """What is to be answered.

    Args:
        schema: For servers that take one: its `name`, and the `schema` itself.
        reader: Takes the answer out of a text.
        repair: What is said where it is not of this form; `{problem}` stands for what is wrong.
    """

    schema: Mapping[str, Any]
    reader: AnswerReader[Answer]
    repair: str


class Chat(Generic[Answer]):
    """Asks about one file and counts the tokens of all its questions.

    Args:
        client: Of the server; does the retries of what a repetition may cure.
        system: The standing instructions.
    """

    def __init__(
        self, server: ChatServer, client: openai.OpenAI, system: str, answer: AnswerForm[Answer], work: Work
    ) -> None:
        self._server = server
        self._client = client
        self._system = system
        self._form = answer
        self._work = work
        self._task = server.task
        self._settings = server.settings
        self.input_tokens = 0
        self.output_tokens = 0

    def ask(self, request: str, answer_tokens: int = USUAL_ANSWER_TOKENS) -> Answer:
        """The answer to a request.

        Args:
            answer_tokens: How long it may become.

        Raises:
            TooLong: the request or the answer exceeds what the model can hold.
            BadMedia: the model refuses, or does not keep to the form.
        """
        messages = [{"role": "system", "content": self._system}, {"role": "user", "content": request}]
        room = self._server.window.prompt_tokens(self._client)
        needed = most_tokens(self._system + request) + max(0, answer_tokens - USUAL_ANSWER_TOKENS)
        if room is not None and needed > room:
            raise TooLong(f"does not fit into the {room:,} tokens that {self._server.name} reads of a prompt")
        text = self._complete(messages, answer_tokens)
        self._server.window.confirm(self._client)
        try:
            return self._form.reader.read(text)
        except Unreadable as error:
            problem = str(error)
        messages += [
            # Anthropic and others refuse an empty message.
            {"role": "assistant", "content": text if text.strip() else "(nothing)"},
            {"role": "user", "content": self._form.repair.format(problem=problem)},
        ]
        text = self._complete(messages, answer_tokens)
        try:
            return self._form.reader.read(text)
        except Unreadable as error:
            quoted = quotable(text, self._client.api_key)[:120] or "nothing"
            raise BadMedia(
                f"was answered twice in a form that cannot be used ({error}; the last answer begins: {quoted})",
                next_step=f"Retry it, or configure a model that keeps to a JSON schema; {self._settings.model} did not",
            ) from None

    def _complete(self, messages: list[dict[str, str]], answer_tokens: int) -> str:
        """The text of one answer."""
        return self._server.concessions.asking(LADDER, partial(self._attempt, messages, answer_tokens))

    def _attempt(self, messages: list[dict[str, str]], answer_tokens: int, without: frozenset[str]) -> str:
        self._work.check()
        with self._work.spending.paying(self._estimate_usd(messages, answer_tokens)) as payment:
            completion = self._create(messages, without, payment)
            tokens = used_tokens(completion.usage)
            if tokens is not None:
                payment.cost_usd = self._settings.cost_usd(*tokens)
                self.input_tokens += tokens[0]
                self.output_tokens += tokens[1]
        counted = counted_prompt(completion.usage)
        # A repair repeats what a server may have cached, and some count without it.
        if len(messages) <= 2 and self._server.window.fell_short(messages[-1]["content"], counted):
            name = self._server.name
            raise TooLong(f"was read in part only: {name} took {counted:,} tokens of it and dropped the rest")
        return self._text_in(completion)

    def _text_in(self, completion: ChatCompletion) -> str:
        choice, model = completion.choices[0], self._settings.model
        text = text_of(choice.message)
        reason = str(choice.finish_reason or "").lower()
        if reason in _UNFINISHED and not self._form.reader.is_whole(text):
            raise TooLong(f"got an answer that {model} did not finish within its length limit")
        if reason in _FILTERED:
            said = quotable(text, self._client.api_key)
            raise BadMedia(
                f"was stopped by the content filter of {self._server.name}{f' ({said})' if said else ''}",
                next_step=self._task.by_hand,
            )
        if reason in _BROKE_DOWN:
            raise Transient(f"could not be {self._task.done}: {self._server.name} ended its answer early ({reason})")
        if refusal := getattr(choice.message, "refusal", None):
            said = quotable(str(refusal), self._client.api_key)[:200]
            raise BadMedia(
                f"is nothing that {model} will {self._task.verb} ({said})",
                next_step=f"{self._task.by_hand} or with another model",
            )
        return text

    def _estimate_usd(self, messages: list[dict[str, str]], answer_tokens: int) -> float | None:
        size_bytes = sum(len(message["content"].encode("utf-8", "replace")) for message in messages)
        return self._settings.estimate_usd(size_bytes, answer_tokens)

    def _create(self, messages: list[dict[str, str]], without: frozenset[str], payment: Payment) -> ChatCompletion:
        import openai

        timeout, remaining = self._settings.timeout_seconds, self._work.remaining_seconds
        if remaining is not None:
            timeout = min(timeout, remaining)
        most = self._server.window.answer_tokens(MOST_ANSWER_TOKENS)
        sent = form(messages, self._settings.temperature, without, most, self._form.schema)
        try:
            create: Any = self._client.chat.completions.with_raw_response.create
            response = create(model=self._settings.model, timeout=timeout, **sent)
        except openai.APIError as error:
            if not may_be_charged(error):
                payment.cost_usd = 0.0
            # A request that was cut short by the file's time limit is the limit's matter, not the server's.
            self._work.check()
            key = self._client.api_key
            # `from None`: the library's own error may quote the key.
            if isinstance(error, openai.APIStatusError):
                raise RefusedRequest(refusal_of(error), self._server.name, key, self._task) from None
            raise translate(error, self._server.name, key, self._task) from None
        return checked(
            completion_in(response),
            self._server.name,
            self._client.api_key,
            self._task,
            answered_before=self._server.concessions.answered,
        )
