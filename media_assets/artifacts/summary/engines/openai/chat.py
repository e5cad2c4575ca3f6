"""One question to a language model, asked until there is an answer of the right form or a reason why there is none."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import Answer
from media_assets.artifacts.summary.engines.openai.journal import AnswerJournal, Entry
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.base.errors import BadMedia, Fatal, Transient
from media_assets.base.model import mistakes
from media_assets.services.openai.errors import SUMMARY, TooLong, may_be_charged, translate
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletion


_BYTES_PER_TOKEN = 3.0
"""The least bytes of UTF-8 in a token: English has about four, and a character of three is mostly one token."""
_TOKENS_OF_AN_ANSWER = 1000


class Chat:
    """Asks about one transcript and counts the tokens of all its questions.

    Args:
        client: Does the retries of what a repetition may cure.
        server: Name of the server in messages.
        system: The standing instructions.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        server: str,
        settings: OpenAISummary,
        system: str,
        journal: AnswerJournal,
        work: Work,
    ) -> None:
        self._client = client
        self._server = server
        self._settings = settings
        self._system = system
        self._journal = journal
        self._work = work
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
        text = self._complete(messages)
        try:
            return Answer.model_validate_json(text)
        except ValidationError as error:
            problem = _problem(error)
        messages += [
            {"role": "assistant", "content": text},
            {"role": "user", "content": prompts.REPAIR.format(problem=problem)},
        ]
        try:
            return Answer.model_validate_json(self._complete(messages))
        except ValidationError as error:
            raise BadMedia(
                f"was answered twice in a form that cannot be used ({_problem(error)})",
                next_step=f"Retry it, or configure a model that keeps to a JSON schema; {self._settings.model} did not",
            ) from None

    def _complete(self, messages: list[dict[str, str]]) -> str:
        """The text of one answer."""
        self._work.check()
        with self._work.spending.paying(self._estimate_usd(messages)) as payment:
            completion = self._create(messages, payment)
            if completion.usage is not None:
                tokens = completion.usage.prompt_tokens or 0, completion.usage.completion_tokens or 0
                payment.cost_usd = self._settings.cost_usd(*tokens)
                self.input_tokens += tokens[0]
                self.output_tokens += tokens[1]
        choice = completion.choices[0]
        if choice.finish_reason == "length":
            raise TooLong(f"got an answer that {self._settings.model} did not finish within its length limit")
        if choice.finish_reason == "content_filter":
            raise BadMedia(f"was stopped by the content filter of {self._server}", next_step="Summarise it by hand")
        if choice.message.refusal:
            raise BadMedia(
                f"is nothing that {self._settings.model} will summarise ({choice.message.refusal[:200]})",
                next_step="Summarise it by hand or with another model",
            )
        return choice.message.content or ""

    def _estimate_usd(self, messages: list[dict[str, str]]) -> float | None:
        size_bytes = sum(len(message["content"].encode("utf-8", "replace")) for message in messages)
        return estimate_usd(self._settings, size_bytes, calls=1)

    def _create(self, messages: Any, payment: Payment) -> ChatCompletion:
        import openai

        timeout, remaining = self._settings.timeout_seconds, self._work.remaining_seconds
        if remaining is not None:
            timeout = min(timeout, remaining)
        try:
            completion: object = self._client.chat.completions.create(
                model=self._settings.model,
                messages=messages,
                temperature=self._settings.temperature,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "summary", "strict": True, "schema": Answer.model_json_schema()},
                },
                timeout=timeout,
            )
        except openai.APIError as error:
            if not may_be_charged(error):
                payment.cost_usd = 0.0
            # A request that was cut short by the file's time limit is the limit's matter, not the server's.
            self._work.check()
            # `from None`: the library's own error may quote the key.
            raise translate(error, self._server, self._client.api_key, SUMMARY) from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise Transient(f"could not be summarised: {self._server} answered with broken JSON") from None
        return _checked(completion, self._server)


def estimate_usd(settings: OpenAISummary, size_bytes: int, *, calls: int) -> float | None:
    """What questions of so much text in all will cost, their answers included; None when the model has no price."""
    return settings.cost_usd(math.ceil(size_bytes / _BYTES_PER_TOKEN), calls * _TOKENS_OF_AN_ANSWER)


def _checked(completion: object, server: str) -> ChatCompletion:
    """The library hands over whatever came with status 200, as text or with fields missing."""
    from openai.types.chat import ChatCompletion

    if not isinstance(completion, ChatCompletion):
        raise Fatal(
            f"{server} answers with something that is no chat completion",
            next_step="Set `summary.base_url` in library.yaml to the address that ends before /chat/completions",
        )
    choices: object = completion.choices
    # Some gateways report the failure of the model behind them so: status 200 and `error` in place of `choices`.
    if not choices or completion.choices[0].message is None:
        raise Transient(f"could not be summarised: {server} answered without a completion")
    return completion


def _problem(error: ValidationError) -> str:
    return "; ".join(mistakes(error, "answer")[:5])
