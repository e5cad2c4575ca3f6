"""A chat completion as servers really send it: where the text stands, and what it took.

What does not belong here: what the text means (`reading`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from media_assets.base.errors import Fatal, Transient
from media_assets.services.openai.chat.streamed import unwrapped
from media_assets.services.openai.errors import RefusedRequest, Task
from media_assets.services.openai.refusals import Refusal, read_refusal

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

_NOT_SAID = ("thinking", "reasoning", "reasoning_content", "redacted_thinking", "thought")


def completion_in(response: Any) -> object:
    """What the client library makes of a raw response, or what we make of it where that is no completion; None where
    it is broken."""
    from openai.types.chat import ChatCompletion

    try:
        found: object = response.parse()
    except (json.JSONDecodeError, UnicodeDecodeError):
        found = None
    if isinstance(found, ChatCompletion):
        return found
    body = unwrapped(response.http_response.content)
    return found if body is None else ChatCompletion.construct(**body)


def checked(completion: object, server: str, key: str, task: Task, *, answered_before: bool) -> ChatCompletion:
    """The library hands over whatever came with status 200, as text or with fields missing.

    Args:
        answered_before: Whether the same address answered with a completion in this run.

    Raises:
        RefusedRequest: it is an error: gateways report that of the model behind them so.
    """
    from openai.types.chat import ChatCompletion

    if completion is None:
        raise Transient(f"could not be {task.done}: {server} answered with broken JSON")
    if not isinstance(completion, ChatCompletion):
        if answered_before:
            raise Transient(f"could not be {task.done}: {server} answered with something that is no chat completion")
        raise Fatal(
            f"{server} answers with something that is no chat completion",
            next_step=f"Set `{task.section}.base_url` in library.yaml to the address that ends before "
            "/chat/completions",
        )
    body = completion.model_dump(warnings=False)
    choices: object = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    broken = not isinstance(first, dict) or not isinstance(first.get("message"), dict)
    for place in (body, first):
        error = place.get("error") if isinstance(place, dict) else None
        if error and (place is first or broken):
            refusal = read_refusal({"error": error}, 200)
            raise _refused(refusal, server, key, task)
    if broken:
        said = read_refusal({name: value for name, value in body.items() if name not in ("id", "model", "object")}, 200)
        if said.words:
            raise _refused(said, server, key, task)
        raise Transient(f"could not be {task.done}: {server} answered without a completion")
    return completion


def _refused(refusal: Refusal, server: str, key: str, task: Task) -> RefusedRequest:
    refused = RefusedRequest(refusal, server, key, task)
    if not isinstance(refused.failure, Transient):
        return refused
    return RefusedRequest(refusal, f"{server} answered without a completion:", key, task)


def text_of(message: object) -> str:
    """What a message says: its content, be it text or chunks; else the arguments of a call, else of its reasoning."""
    for place in _places(message):
        text = "".join(_texts(place))
        if text.strip():
            return text
    return ""


def _places(message: object) -> Iterator[object]:
    yield getattr(message, "content", None)
    for call in _as_list(getattr(message, "tool_calls", None)):
        yield getattr(getattr(call, "function", None), "arguments", None)
    yield getattr(getattr(message, "function_call", None), "arguments", None)
    # vLLM's parsers put the whole answer of a model that does not think there. Only an answer counts.
    for name in ("reasoning_content", "reasoning"):
        text = getattr(message, name, None)
        if isinstance(text, str) and text.rstrip().endswith(("}", "```")):
            yield text


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for chunk in content:
            yield from _texts(chunk)
    elif isinstance(content, dict) and content.get("type") not in _NOT_SAID:
        text = content.get("text", content.get("content"))
        if isinstance(text, dict):
            text = text.get("value", text)
        if isinstance(text, str | list):
            yield from _texts(text)
        elif "type" not in content:
            # The answer itself, where the server has decoded it.
            yield json.dumps(content, ensure_ascii=False)


def used_tokens(usage: object) -> tuple[int, int] | None:
    """Tokens of the prompt and of the answer; None where neither is told, so that the estimate counts."""
    if usage is None:
        return None
    found = count(getattr(usage, "prompt_tokens", None)), count(getattr(usage, "completion_tokens", None))
    return None if found == (None, None) else (found[0] or 0, found[1] or 0)


def counted_prompt(usage: object) -> int | None:
    """Tokens of the whole prompt, those from a cache included: Anthropic's way of counting leaves them out."""
    told = count(getattr(usage, "prompt_tokens", None))
    details = getattr(usage, "prompt_tokens_details", None)
    cached = [
        getattr(details, "cached_tokens", None),
        *(getattr(usage, name, None) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")),
    ]
    return None if told is None else told + sum(count(each) or 0 for each in cached)


def count(value: object) -> int | None:
    """A count that may be written as 812.0, "812" or 811.6; rounded up. None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return math.ceil(number) if math.isfinite(number) and 0 <= number < 1e12 else None


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
