"""A server that speaks OpenAI's API: OpenAI itself, llama.cpp, vLLM, LM Studio, speaches …

What belongs here: the address, the key, the client, and whether the server is there. What is asked of it is the
business of the engine that asks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.services.openai.errors import Task, translate

if TYPE_CHECKING:
    import openai

OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"
"""The key for servers that want none; the client library insists on one."""
_CHECK_TIMEOUT_SECONDS = 10.0


class OpenAIServer:
    """One server and what it is used for. The key is looked at when it is used, so that `doctor` can say that it is
    missing."""

    def __init__(self, base_url: str, secrets: Secrets, task: Task) -> None:
        address = urlsplit(base_url)
        self.name = f"{address.scheme}://{address.netloc}"
        """What messages call the server."""
        self._base_url = base_url
        self._host = address.hostname or ""
        self._secrets = secrets
        self._task = task

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own."""
        return self._host == OPENAI_HOST

    def client(self, timeout_seconds: float, max_retries: int) -> openai.OpenAI:
        """A client to be closed after use.

        Raises:
            Fatal: the key is missing or is no key.
        """
        import openai

        secret = self._secrets.openai_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not key and self._host == OPENAI_HOST:
            raise Fatal(
                f"the {self._task.engine} has no API key",
                next_step=f"Set OPENAI_API_KEY in the environment or in .env, or {self._task.instead}",
            )
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise Fatal(
                "OPENAI_API_KEY holds characters that no key has",
                next_step="Copy the key again, without quotes and line breaks",
            )
        return openai.OpenAI(
            api_key=key or _NO_KEY, base_url=self._base_url, timeout=timeout_seconds, max_retries=max_retries
        )

    def check(self, model: str) -> str:
        """What there is to say of the server and a model, for `doctor`. Asks for the list of models, once and without
        retries: that costs nothing.

        Raises:
            Fatal: the server cannot be used.
        """
        import openai

        section = self._task.section
        repair = f"Start the server or correct `{section}.base_url` in library.yaml"
        found = f"openai {model} at {self.name}: reachable"
        with self.client(_CHECK_TIMEOUT_SECONDS, 0) as client:
            try:
                listed = {each.id for each in client.models.list()}
            except (openai.PermissionDeniedError, openai.NotFoundError):
                # A restricted key may not list models, and some servers have no list.
                return f"{found}, but shows no list of its models"
            except openai.APIError as error:
                failure = translate(error, self.name, client.api_key, self._task)
                raise Fatal(failure.reason, next_step=failure.next_step or repair) from None
            except (json.JSONDecodeError, AttributeError, TypeError):
                # What the library makes of an answer that is a web page, or JSON of another form.
                raise Fatal(f"{self.name} does not answer like an OpenAI server", next_step=repair) from None
        if model in listed:
            return f"{found}, offers the model"
        if self._host == OPENAI_HOST:
            raise Fatal(
                f"{self.name} does not offer the model {model} to this key",
                next_step=f"Set `{section}.model` in library.yaml to one it offers",
            )
        # Local servers often list the one model they serve under another name, and take any.
        return f"{found}, lists {', '.join(sorted(listed)[:5]) or 'no model'}"
