"""What the failures of an OpenAI-compatible server mean for the file and for the batch.

Messages of servers are quoted, but never with the key in them, and not at all where the key is the subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient
from media_assets.base.writing import storable
from media_assets.services.openai.refusals import Refusal, refusal_of
from media_assets.services.openai.wordings import says_too_long

if TYPE_CHECKING:
    import openai


@dataclass(frozen=True)
class Task:
    """What a server is asked to do, in the words of messages."""

    section: str
    """The section of library.yaml that names the server."""
    engine: str
    verb: str
    """What is to be done with the file: the word that follows "will"."""
    done: str
    """The same, as the word that follows "could not be"."""
    by_hand: str
    instead: str
    """What works without a key."""
    material: re.Pattern[str]
    """Words of a server about what was sent of the file, and not about how."""


SUMMARY = Task(
    "summary", "summarizer", "summarise", "summarised", "Summarise it by hand", "use the engine `extractive`",
    re.compile(
        r"\b(this|your|the) (text|transcript|prompt|material|document|conversation)\b"
        r"|repetitive patterns|(invalid|illegal|unsupported) (unicode|utf|character|surrogate|byte)|null (byte|char)"
        r"|(tokeni[sz]e|encod)\w* (error|fail)",
        re.IGNORECASE,
    ),
)  # fmt: skip
TRANSCRIPTION = Task(
    "transcription", "transcriber", "transcribe", "transcribed", "Transcribe it by hand",
    "use the engine `faster-whisper`",
    re.compile(
        r"\b(audio|sound|speech|voices?|recording|waveform|samples?|media)\b|file.{0,30}(corrupt|decod|damag|broken|empty)"
        r"|too (short|quiet|noisy)|(decod|corrupt)\w*",
        re.IGNORECASE,
    ),
)  # fmt: skip

TRANSLATION = Task(
    "translation", "translator", "translate", "translated", "Translate it by hand", "use the engine `libretranslate`",
    SUMMARY.material,
)  # fmt: skip


class TooLong(MediaAssetsError):
    """The request or its answer did not fit; with half of the material it may."""


_OUT_OF_QUOTA = (
    "insufficient_quota", "billing_hard_limit_reached", "exceeded your current quota",
    "insufficient balance", "insufficient_balance", "insufficient credit", "out of credits",  # DeepSeek, OpenRouter
    "balance is insufficient", "exceeded_current_quota",  # SiliconFlow, Moonshot
    "arrearage", "overdue-payment", "欠费", "余额不足",  # DashScope, Zhipu (1113)
)  # fmt: skip
_PASSES_SOON = re.compile(r"(retry|try again) (in|after) \d|per[ _-]?minute|retrydelay", re.IGNORECASE)
"""Gemini says of a minute's limit what others say of a month's, and when it ends."""
_FLAGGED = re.compile(
    r"content[_ ]?filter|content_policy|content management policy|invalid_prompt|flagged|responsibleai"  # OpenAI, Azure
    r"|content exists risk|data_?inspection|inappropriate content|considered high risk"  # DeepSeek, DashScope, Moonshot
    # Zhipu, MiniMax, Gemini, Bedrock
    r"|敏感|不安全|new_sensitive|sensitive (content|words?)|prohibited_content|guardrail"
    r"|violat\w* .{0,40}(polic|guideline|terms)|usage polic|(moderation|safety) (system|check|filter)",
    re.IGNORECASE,
)
# Words about how something is asked, whatever else they name.
_ABOUT_REQUEST = re.compile(
    r"temperature|response_format|json_schema|granularit|verbose_json|\bmodels?\b|does not exist"
    r"|required|missing|mandatory|(un|not |n't )(supported|recogni[sz]ed|permitted|allowed|known|expected)|unknown"
    r"|extra inputs|param|argument|\bfields?\b|form-?data|multipart|content[- ]type|\bheaders?\b|\broles?\b|\bstream"
    r"|tokens?\b|must (be|have|alternate)|should be|deserialize|json",
    re.IGNORECASE,
)
_OF_THIS_FILE = re.compile(
    r"\b(this|your) (audio|sound|recording|text|transcript|speech)\b(?! model)|\b(corrupt|damaged|repetitive)"
    r"|too (short|quiet)|(could not|cannot|can't|unable to|failed to) (be )?(decode|read|process)",
    re.IGNORECASE,
)


def translate(error: openai.APIError, server: str, key: str, task: Task) -> MediaAssetsError:
    """The project's error for one of the client library, which has done its own retries by then.

    Args:
        server: Name of the server for the message; without credentials.
        key: Never shown.
    """
    import openai

    failed = f"could not be {task.done}: {server}"

    if isinstance(error, openai.APITimeoutError):
        return Transient(f"{failed} did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        cause = f" ({quotable(str(error.__cause__), key)})" if error.__cause__ else ""
        return Transient(f"could not be {task.done}: the connection to {server} failed{cause}")
    if not isinstance(error, openai.APIStatusError):
        return Transient(f"{failed} gave an answer that cannot be read")
    return meaning(refusal_of(error), server, key, task)


class RefusedRequest(Exception):
    """A server refused a request; the same may be taken without a part of it.

    Attributes:
        failure: What the refusal means if nothing is left to do without.
        words: The server's, quotable.
    """

    def __init__(self, refusal: Refusal, server: str, key: str, task: Task) -> None:
        super().__init__()
        self.refusal = refusal
        self.failure = meaning(refusal, server, key, task)
        self.words = quotable(refusal.words, key)
        self._told = server, key, task

    def failure_after(self, *, answered: bool) -> MediaAssetsError:
        """`failure`, where it is known whether the server answered a request of this form in this run."""
        return meaning(self.refusal, *self._told, answered=answered)

    @property
    def about_request(self) -> bool:
        """Whether it may be about the form of the request, and not about its length, its content or the account."""
        subject = self.refusal.text.lower()
        return not (
            isinstance(self.failure, TooLong)
            or any(words in subject for words in _OUT_OF_QUOTA)
            or _FLAGGED.search(subject)
        )


def may_be_charged(error: openai.APIError) -> bool:
    """Whether a server may charge for a request that ended so: it was sent, and no refusal came back."""
    import openai

    never_sent = type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout")
    return not (isinstance(error, openai.APIStatusError) or never_sent)


def meaning(refusal: Refusal, server: str, key: str, task: Task, *, answered: bool = False) -> MediaAssetsError:
    """The project's error for what a server says.

    A refused request is no fault of the file, unless the server speaks of what the file holds, or took the same request
    with other files and says nothing about its form.

    Args:
        server: Name of the server for the message; without credentials.
        key: Never shown.
        answered: Whether the server answered a request of the same form in this run.
    """
    status = refusal.status
    bare = f"status {status}, code {refusal.code}" if refusal.code else f"status {status}"
    quoted = quotable(refusal.words or bare, key)
    subject = refusal.text.lower()
    if status == 401 or refusal.code == "invalid_api_key":
        return Fatal(
            f"{server} refused the API key (status {status})",
            next_step="Set OPENAI_API_KEY to a valid key of this server, in the environment or in .env, then run again",
        )
    if status == 402 or (any(words in subject for words in _OUT_OF_QUOTA) and not _PASSES_SOON.search(subject)):
        return Fatal(
            f"the quota at {server} is used up ({quoted})", next_step="Add credit or raise the limit, then run again"
        )
    if says_too_long(status, refusal.text, refusal.code):
        return TooLong(f"does not fit into the model's window at {server} ({quoted})")
    if status < 500 and _FLAGGED.search(subject):
        return BadMedia(f"was refused by the content filter of {server} ({quoted})", next_step=task.by_hand)
    if status == 403:
        return Fatal(
            f"{server} denies the access ({quoted})",
            next_step="Give the key in OPENAI_API_KEY the right to use this model, then run again",
        )
    if status in (408, 409, 413, 425, 429) or status >= 500 or status < 400:
        return Transient(f"could not be {task.done}: {server} is busy or out of order ({quoted})")
    if _blames_file(refusal, task, answered=answered):
        return BadMedia(f"could not be {task.done}: {server} refused the request ({quoted})", next_step=task.by_hand)
    return Fatal(
        f"{server} does not take the configured request ({quoted})",
        next_step=f"Change `{task.section}` in library.yaml to what this server takes, then run again",
    )


def _blames_file(refusal: Refusal, task: Task, *, answered: bool) -> bool:
    if refusal.status in (404, 405, 406, 415) or refusal.param == "model":
        return False
    about_request = bool(_ABOUT_REQUEST.search(refusal.text))
    if task.material.search(refusal.words):
        return not about_request or bool(_OF_THIS_FILE.search(refusal.words))
    return answered and not about_request


_SECRETS = re.compile(r"\b(sk|gsk|xai|hf|pk|key)[-_][\w-]{12,}|(?<=[Bb]earer )\S{8,}")


def quotable(message: str, key: str) -> str:
    """Words of a server on one line of bounded length, without this key and without what looks like another."""
    line = " ".join(storable(message).split())
    if key:
        line = line.replace(key, "…")
    line = _SECRETS.sub("…", line)
    return line if len(line) <= 300 else f"{line[:300]}…"
