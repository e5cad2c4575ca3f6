"""What the failures of an OpenAI-compatible server mean for the file and for the batch.

Messages of servers are quoted, but never with the key in them, and not at all where the key is the subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient

if TYPE_CHECKING:
    import openai


@dataclass(frozen=True)
class Task:
    """What a server is asked to do, in the words of messages."""

    section: str
    """The section of library.yaml that names the server."""
    engine: str
    done: str
    """What is done with the file: the word that follows "could not be"."""
    by_hand: str
    instead: str
    """What works without a key."""


SUMMARY = Task("summary", "summarizer", "summarised", "Summarise it by hand", "use the engine `extractive`")
TRANSCRIPTION = Task(
    "transcription", "transcriber", "transcribed", "Transcribe it by hand", "use the engine `faster-whisper`"
)


class TooLong(MediaAssetsError):
    """The request or its answer did not fit; with half of the material it may."""


# Words of OpenAI, llama.cpp and llama-cpp-python, vLLM, LM Studio, Groq. llama.cpp says it with status 500 too
# (ggml-org/llama.cpp#19774), and OpenAI with 429 when one request exceeds the tokens per minute, which waiting does
# not cure.
_TOO_LONG = (
    "context length",
    "context_length",
    "context size",
    "context_size",
    "context window",
    "maximum model length",
    "request too large",
    "prompt is too long",
    "too many tokens",
    "maximum for this model",
)
_OUT_OF_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "exceeded your current quota")
_FLAGGED = ("content_filter", "content_policy", "content management policy", "invalid_prompt", "flagged")
# Named when it is the configuration that the server does not take, and not the transcript.
_CONFIGURATION = (
    "temperature",
    "response_format",
    "json_schema",
    "timestamp_granularities",
    "model_not_found",
    "does not exist",
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
        cause = f" ({_quotable(str(error.__cause__), key)})" if error.__cause__ else ""
        return Transient(f"could not be {task.done}: the connection to {server} failed{cause}")
    if not isinstance(error, openai.APIStatusError):
        return Transient(f"{failed} gave an answer that cannot be read")
    return _by_status(error, server, key, task)


def may_be_charged(error: openai.APIError) -> bool:
    """Whether a server may charge for a request that ended so: it was sent, and no refusal came back."""
    import openai

    never_sent = type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout")
    return not (isinstance(error, openai.APIStatusError) or never_sent)


def _by_status(error: openai.APIStatusError, server: str, key: str, task: Task) -> MediaAssetsError:
    status = error.status_code
    # FastAPI's refusals (vLLM, llama-cpp-python) have no message, only details.
    details = f" {error.body}" if isinstance(error.body, dict) and "message" not in error.body else ""
    quoted = _quotable(f"{error.message}{details}", key)
    subject = f"{error.message} {error.body}".lower()
    if status == 401 or error.code == "invalid_api_key":
        return Fatal(
            f"{server} refused the API key (status {status})",
            next_step="Set OPENAI_API_KEY to a valid key of this server, in the environment or in .env, then run again",
        )
    if any(words in subject for words in _OUT_OF_QUOTA) or status == 402:
        return Fatal(
            f"the quota at {server} is used up ({quoted})", next_step="Add credit or raise the limit, then run again"
        )
    if status == 413 or any(words in subject for words in _TOO_LONG):
        return TooLong(f"does not fit into the model's window at {server} ({quoted})")
    if status < 500 and any(words in subject for words in _FLAGGED):
        return BadMedia(f"was refused by the content filter of {server} ({quoted})", next_step=task.by_hand)
    if status == 403:
        return Fatal(
            f"{server} denies the access ({quoted})",
            next_step="Give the key in OPENAI_API_KEY the right to use this model, then run again",
        )
    if status in (408, 409, 425, 429) or status >= 500:
        return Transient(f"could not be {task.done}: {server} is busy or out of order ({quoted})")
    if status == 404 or error.param == "model" or any(words in subject for words in _CONFIGURATION):
        return Fatal(
            f"{server} does not take the configured request ({quoted})",
            next_step=f"Change `{task.section}` in library.yaml to what this server takes, then run again",
        )
    return BadMedia(f"could not be {task.done}: {server} refused the request ({quoted})")


def _quotable(message: str, key: str) -> str:
    line = " ".join(message.split())
    if key:
        line = line.replace(key, "…")
    return line if len(line) <= 300 else f"{line[:300]}…"
