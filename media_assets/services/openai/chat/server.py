"""A server of language models as one engine uses it: what is known of it holds for all files of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from media_assets.base.secrets import Secrets
from media_assets.services.openai.chat.forms import LADDER, NEEDS, NEVER_GUESSED
from media_assets.services.openai.chat.section import ChatSection
from media_assets.services.openai.concessions import Concessions
from media_assets.services.openai.errors import Task
from media_assets.services.openai.server import OpenAIServer
from media_assets.services.openai.token_windows import ask_window
from media_assets.services.openai.truncation import KnownWindow

if TYPE_CHECKING:
    import openai


class ChatServer:
    """One model at one server. Touches no network before it is asked something."""

    def __init__(self, settings: ChatSection, secrets: Secrets, task: Task) -> None:
        self.settings = settings
        self.task = task
        self._server = OpenAIServer(settings.base_url, secrets, task)
        self.concessions = Concessions(self.name, LADDER, NEVER_GUESSED, NEEDS)
        """What this server does not take."""
        # OpenAI's own host refuses what does not fit.
        self.window = KnownWindow(None if self._server.is_openai else partial(ask_window, model=settings.model))
        """What is known of how much it reads."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._server.name

    def client(self) -> openai.OpenAI:
        """A client to be closed after use, which does the retries of what a repetition may cure.

        Raises:
            Fatal: the key is missing or is no key.
        """
        return self._server.client(self.settings.timeout_seconds, self.settings.max_retries)

    def check(self) -> str:
        """What there is to say of it for `doctor`, with how much it reads at once, where it tells.

        Raises:
            Fatal: it cannot be used.
        """
        found = self._server.check(self.settings.model)
        if self._server.is_openai:
            return found
        with self._server.client(self.settings.timeout_seconds, 0) as client:
            window = ask_window(client, self.settings.model)
        return found if window is None else f"{found}, {window.line}"
