"""Summaries written by a language model behind OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, LM Studio …

What belongs here: the client, the key, and how settings and a transcript become a summary. How one question is asked is
in `chat.py`, how many are asked in `map_reduce.py`, and in which words in `prompts.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from media_assets.engines.summarizers import prompts
from media_assets.engines.summarizers.answers import checked_chapters, distinct
from media_assets.engines.summarizers.base import spoken_segments
from media_assets.engines.summarizers.chat import Chat
from media_assets.engines.summarizers.journal import Journal
from media_assets.engines.summarizers.map_reduce import MapReduce
from media_assets.engines.summarizers.openai_errors import translate
from media_assets.engines.work import Work
from media_assets.errors import Fatal
from media_assets.models import Summary, Transcript, Usage
from media_assets.settings import OpenAISummary, Secrets

if TYPE_CHECKING:
    import openai

_OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"
"""For servers that want no key; the client library insists on one."""
_CHECK_TIMEOUT_SECONDS = 10.0


class OpenAISummarizer:
    """A summarizer behind an API.

    The key is looked at when it is used, so that `doctor` can say that it is missing.
    """

    name = "openai"

    def __init__(self, settings: OpenAISummary, secrets: Secrets) -> None:
        self.model = settings.model
        self._settings = settings
        self._secrets = secrets
        address = urlsplit(settings.base_url)
        self._host = address.hostname or ""
        self._server = f"{address.scheme}://{address.netloc}"

    def summarize(self, transcript: Transcript, work: Work) -> Summary:
        """See `Summarizer`. With `work.journal`, answers survive a crash and are not paid twice."""
        segments = spoken_segments(transcript)
        system = prompts.system(self._settings.language, transcript.language)
        context = json.dumps([prompts.PROMPT_VERSION, self._settings.result_settings(), system])
        with self._client(self._settings.timeout_seconds, self._settings.max_retries) as client:
            chat = Chat(client, self._server, self._settings, system, Journal(work.journal, context), work)
            answer, parts = MapReduce(chat.ask, self._settings.part_characters, work.report).run(segments)
        work.report(1.0)
        return Summary(
            title=_line(answer.title),
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
        """See `Summarizer`. Asks for the list of models, once and without retries: that costs nothing."""
        import openai

        with self._client(_CHECK_TIMEOUT_SECONDS, 0) as client:
            try:
                listed = {model.id for model in client.models.list()}
            except (openai.PermissionDeniedError, openai.NotFoundError):
                # A restricted key may not list models, and some servers have no list.
                return f"{self.name} {self.model} at {self._server}: reachable, but shows no list of its models"
            except openai.APIError as error:
                failure = translate(error, self._server, client.api_key)
                raise Fatal(failure.reason, next_step=failure.next_step or _CHECK_SERVER) from None
            except (json.JSONDecodeError, AttributeError, TypeError):
                # What the library makes of an answer that is a web page, or JSON of another form.
                raise Fatal(f"{self._server} does not answer like an OpenAI server", next_step=_CHECK_SERVER) from None
        if self.model in listed:
            return f"{self.name} {self.model} at {self._server}: reachable, offers the model"
        if self._host == _OPENAI_HOST:
            raise Fatal(
                f"{self._server} does not offer the model {self.model} to this key",
                next_step="Set `summary.model` in library.yaml to one it offers",
            )
        # Local servers often list the one model they serve under another name, and take any.
        others = ", ".join(sorted(listed)[:5]) or "no model"
        return f"{self.name} {self.model} at {self._server}: reachable, lists {others}"

    def _client(self, timeout_seconds: float, max_retries: int) -> openai.OpenAI:
        """A client to be closed after use.

        Raises:
            Fatal: the key is missing or is no key.
        """
        import openai

        secret = self._secrets.openai_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not key and self._host == _OPENAI_HOST:
            raise Fatal(
                "the summarizer has no API key",
                next_step="Set OPENAI_API_KEY in the environment or in .env, or use the engine `extractive`",
            )
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise Fatal(
                "OPENAI_API_KEY holds characters that no key has",
                next_step="Copy the key again, without quotes and line breaks",
            )
        return openai.OpenAI(
            api_key=key or _NO_KEY,
            base_url=self._settings.base_url,
            timeout=timeout_seconds,
            max_retries=max_retries,
        )

    def _usage(self, chat: Chat) -> Usage:
        price = self._settings.prices.get(self.model)
        cost = (
            None if price is None else (chat.input_tokens * price.input + chat.output_tokens * price.output) / 1_000_000
        )
        return Usage(input_tokens=chat.input_tokens, output_tokens=chat.output_tokens, cost_usd=cost)


_CHECK_SERVER = "Start the server or correct `summary.base_url` in library.yaml"


def _line(text: str) -> str:
    return " ".join(text.split())
