"""Translations by a language model behind OpenAI's chat completions: OpenAI itself, llama.cpp, vLLM, LM Studio …

What belongs here: how many lines are asked for at once, and what is asked for again. How one question is asked is in
`services.openai.chat`, in which words in `prompts.py`, and what of an answer is believed in `answers.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from media_assets.artifacts.summary.value import Usage
from media_assets.artifacts.translation.engines.openai import prompts
from media_assets.artifacts.translation.engines.openai.answers import LINES_FORM, Read, TranslatedLines, read
from media_assets.artifacts.translation.engines.openai.batches import batches, with_context
from media_assets.artifacts.translation.engines.openai.settings import OpenAITranslation
from media_assets.artifacts.translation.translator import Line, Order, Portion
from media_assets.base.errors import BadMedia
from media_assets.base.secrets import Secrets
from media_assets.services.openai.chat.chat import Chat
from media_assets.services.openai.chat.server import ChatServer
from media_assets.services.openai.errors import TRANSLATION, TooLong
from media_assets.services.openai.truncation import most_tokens
from media_assets.work.work import Work

_MOST_ALONE = 10
"""So many lines of a batch are asked for one by one, when nothing else helped."""
_TOKENS_OF_AN_ITEM = 25
"""What an item of an answer takes beside its text."""
_LARGER_MODEL = "Configure a model with a larger context, or let the server give more of it"


class OpenAITranslator:
    """A translator behind an API."""

    name = "openai"

    def __init__(self, settings: OpenAITranslation, secrets: Secrets) -> None:
        self.model = settings.model
        self._settings = settings
        self._server = ChatServer(settings, secrets, TRANSLATION)

    def translate(self, order: Order, work: Work) -> Iterator[Portion]:
        """See `Translator`."""
        with self._server.client() as client:
            chat = Chat(self._server, client, prompts.system(order), LINES_FORM, work)
            known = dict(order.known)
            before = 0, 0
            for batch in batches(order, self._settings.batch_characters):
                for texts in _Batch(chat, order, known, self.model).answers(batch):
                    known |= texts
                    used = chat.input_tokens - before[0], chat.output_tokens - before[1]
                    before = chat.input_tokens, chat.output_tokens
                    usage = Usage(input_tokens=used[0], output_tokens=used[1], cost_usd=self._settings.cost_usd(*used))
                    yield Portion(texts, usage)

    def estimate_usd(self, orders: Sequence[Order]) -> float | None:
        """See `Translator`. What is asked for again is not in it."""
        size_bytes = answer_tokens = 0
        for order in orders:
            system = len(prompts.system(order).encode("utf-8", "replace"))
            for batch in batches(order, self._settings.batch_characters):
                asked = frozenset(line.id for line in batch)
                sent = prompts.request(with_context(order.lines, asked), asked, order.known, again=False)
                size_bytes += system + len(sent.encode("utf-8", "replace"))
                answer_tokens += _answer_tokens(batch)
        return self._settings.estimate_usd(size_bytes, answer_tokens)

    def check(self) -> str:
        """See `Translator`. Says how much the server reads at once, where it tells."""
        into = ", ".join(self._settings.languages)
        return f"{self._server.check()}, translates into {into}" if into else self._server.check()


class _Batch:
    """The questions about one batch: all at once, what is left once more, and what is left then line by line.

    Args:
        known: What is known of the lines around.
    """

    def __init__(self, chat: Chat[TranslatedLines], order: Order, known: dict[int, str], model: str) -> None:
        self._chat = chat
        self._order = order
        self._known = known
        self._model = model

    def answers(self, batch: list[Line]) -> Iterator[dict[int, str]]:
        """Each line, as far as it is certain, after each question: whatever comes then, it was paid for.

        Raises:
            BadMedia: the model leaves lines out, again and again.
        """
        left, doubtful = batch, dict[int, str]()
        for again in (False, True):
            for found in self._asked(left, again=again) if left else ():
                doubtful |= found.doubtful
                yield found.texts
                left = [line for line in left if line.id not in found.texts]
        # What looks untranslated twice is a quotation, or the model's fault: whoever asked for all judges by all.
        if unsure := {line.id: doubtful[line.id] for line in left if line.id in doubtful}:
            yield unsure
        left = [line for line in left if line.id not in doubtful]
        for line in left if len(left) <= _MOST_ALONE else ():
            for found in self._asked([line], again=True):
                yield found.texts | found.doubtful
                left = [each for each in left if each.id not in found.texts | found.doubtful]
        if left:
            told = ", ".join(str(line.id) for line in left[:5]) + (", …" if len(left) > 5 else "")
            raise BadMedia(
                f"has segments that {self._model} leaves out, joins with others or answers under another id, however "
                f"often it is asked ({told})",
                next_step="Retry it, or configure another model",
            )

    def _asked(self, lines: list[Line], *, again: bool) -> Iterator[Read]:
        """What can be used of the answer; in halves, where the model cannot hold so much."""
        asked = frozenset(line.id for line in lines)
        around = with_context(self._order.lines, asked)
        request = prompts.request(around, asked, self._known, again=again)
        try:
            answer = self._chat.ask(request, _answer_tokens(lines))
        except TooLong as error:
            if len(lines) == 1:
                raise BadMedia(error.reason, next_step=_LARGER_MODEL) from error
            middle = (len(lines) + 1) // 2
            yield from self._asked(lines[:middle], again=again)
            yield from self._asked(lines[middle:], again=again)
        else:
            yield read(answer, lines, around, self._order.target)


def _answer_tokens(lines: Sequence[Line]) -> int:
    """How long an answer may become: a language may need half as much again, and each item repeats its beginning."""
    return sum(_TOKENS_OF_AN_ITEM + most_tokens(line.text) * 3 // 2 for line in lines)
