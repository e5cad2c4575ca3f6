"""Whether a server read all that it was sent: some drop the beginning without a word.

What is compared is the server's own count of the prompt with the least that any tokenizer makes of the text. Known
windows are kept for the run, and what does not fit is not sent.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from media_assets.services.openai.token_windows import TokenWindow

if TYPE_CHECKING:
    import openai

BYTES_PER_TOKEN = 3.0
"""The least bytes of UTF-8 in a token: English has about four, and a character of three is mostly one token."""
_ANSWER_TOKENS = 1000
_NO_WINDOW_TOKENS = 256
"""A count below this is no window of any server, but another way to count: that of what was not cached, mostly."""
_MARGIN = 0.9
_STAMP = re.compile(r"\[\d+:\d\d:\d\d\]")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese, Khmer."""


def most_tokens(text: str) -> int:
    """More tokens than most tokenizers make of a text."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def least_tokens(text: str) -> int:
    """Fewer tokens than any usual tokenizer makes of a text.

    Tokenizers part at white space, so a word is one token at least (English has 1.3). Of East Asian scripts a token
    holds 1.5 characters (o200k, Qwen) and never three on average, of the other scripts without spaces some three. A
    time in brackets is four at least.
    """
    unspaced = len(_EAST_ASIAN.findall(text)) / 3 + len(_UNSPACED.findall(text)) / 8
    return int((len(text.split()) + 3 * len(_STAMP.findall(text)) + unspaced) * _MARGIN)


class KnownWindow:
    """What is known of the window of one model at one server. Several threads ask.

    Args:
        ask: Asks the server, in a short while and without failing; None where everything that does not fit is refused,
            so that nothing has to be known.
    """

    def __init__(self, ask: Callable[[openai.OpenAI], TokenWindow | None] | None) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked = False
        self._told: TokenWindow | None = None
        self._learnt: int | None = None
        self._counts_are_believed = True

    def prompt_tokens(self, client: openai.OpenAI) -> int | None:
        """How long a prompt may be for an answer to have room behind it; None when nothing is known."""
        with self._lock:
            if not self._asked and self._ask is not None:
                self._told = self._ask(client)
                self._asked = True
            known = [tokens for tokens in (self._told and self._told.tokens, self._learnt) if tokens]
        return min(tokens - min(_ANSWER_TOKENS, tokens // 4) for tokens in known) if known else None

    def answer_tokens(self, most: int) -> int:
        """How long an answer may be, behind the longest prompt that is sent: so many at most."""
        with self._lock:
            known = [tokens for tokens in (self._told and self._told.tokens, self._learnt) if tokens]
        if not known or min(known) >= 4 * most:
            return most
        return min(_ANSWER_TOKENS, min(known) // 4)

    def confirm(self, client: openai.OpenAI) -> None:
        """After an answer: a default that was assumed is asked for once more, now that the model is loaded."""
        with self._lock:
            if self._ask is not None and self._told is not None and self._told.assumed:
                told = self._ask(client)
                if told is not None and not told.assumed:
                    self._told = told
                else:
                    self._ask = None

    def fell_short(self, sent: str, counted: int | None) -> bool:
        """Whether a server read less than it was sent; how much it reads is remembered then.

        Args:
            sent: The last message, which is longer than what stands before it.
            counted: Tokens of the whole prompt as the server counts them; None when it does not.
        """
        if self._ask is None and self._told is None:
            return False
        if counted is None or counted < _NO_WINDOW_TOKENS:
            return False
        full = counted >= 1024 and any(_is_power_of_two(counted + more) for more in (0, 1, 2))
        short = counted < least_tokens(sent) or (full and most_tokens(sent) > counted)
        with self._lock:
            if not short or not self._counts_are_believed:
                return False
            if self._learnt is not None and most_tokens(sent) < self._learnt / 2:
                # So little fits into what was read before: this server counts in another way.
                self._counts_are_believed, self._learnt = False, None
                return False
            self._learnt = min(counted, self._learnt or counted)
        return True


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
