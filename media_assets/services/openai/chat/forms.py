"""A question to a language model as it is sent, and in which other forms to servers that do not take it so.

Seen: Anthropic's endpoint and gateways to it want `max_tokens`, newer models of OpenAI `max_completion_tokens`; some
models of Qwen answer in streams only; some servers want contents as a list, or no answer of an assistant among the
messages. Which of it a server wants is found out by its refusals (`services.openai.concessions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LADDER = (
    "json_schema", "json_object", "temperature", "system",
    "long_answer", "max_tokens", "open_length", "stream_options", "whole", "text_content", "turns", "untyped",
)  # fmt: skip
"""What a request can be sent without, what is missed least first: without a schema the answer is checked all the same,
and without a system message its text stands before the first question. The second line is what servers demand."""
NEVER_GUESSED = frozenset(LADDER[4:])
NEEDS = {
    "max_tokens": frozenset({"open_length"}),
    "long_answer": frozenset({"open_length"}),
    "stream_options": frozenset({"whole"}),
    "untyped": frozenset({"json_schema", "json_object"}),
}
"""What has to be given up before these are part of a request."""
MOST_ANSWER_TOKENS = 4096
"""The limit where one is demanded: what every model may give (Claude 3), and several times what is mostly answered."""
FEW_ANSWER_TOKENS = 1000

Message = dict[str, str]


def form(
    messages: list[Message],
    temperature: float,
    without: frozenset[str],
    answer_tokens: int,
    schema: Mapping[str, Any],
) -> dict[str, Any]:
    """A request without what the server does not take. The instructions name every field that the schema has.

    Args:
        answer_tokens: The limit of the answer where one is demanded.
        schema: The answer's: its `name`, and the `schema` itself.
    """
    found: dict[str, Any] = {"messages": _messages(messages, without)}
    if "temperature" not in without:
        found["temperature"] = temperature
    if "json_schema" not in without:
        found["response_format"] = {"type": "json_schema", "json_schema": {"strict": True, **schema}}
    elif "json_object" not in without:
        found["response_format"] = {"type": "json_object"}
    elif "untyped" in without:
        found["response_format"] = {"type": "text"}
    if "open_length" in without:
        name = "max_completion_tokens" if "max_tokens" in without else "max_tokens"
        found[name] = min(answer_tokens, FEW_ANSWER_TOKENS) if "long_answer" in without else answer_tokens
    if "whole" in without:
        # Not by the client's own argument: it would give its stream out of hand, and `streamed` reads the whole.
        options = {} if "stream_options" in without else {"stream_options": {"include_usage": True}}
        found["extra_body"] = {"stream": True, **options}
    return found


def _messages(messages: list[Message], without: frozenset[str]) -> list[dict[str, Any]]:
    if "system" in without and messages[0]["role"] == "system":
        system, first, *rest = messages
        messages = [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
    if "turns" in without and any(message["role"] == "assistant" for message in messages):
        standing = [message for message in messages if message["role"] == "system"]
        said = [message["content"] for message in messages if message["role"] != "system"]
        messages = [*standing, {"role": "user", "content": "\n\n".join(said)}]
    if "text_content" in without:
        return [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]
    return list(messages)
