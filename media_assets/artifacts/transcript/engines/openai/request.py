"""What a server of audio transcriptions is asked with a piece of sound, and what of it can be left out.

Mistral takes no granularities together with a language, speaches and others know no `verbose_json`, some no prompt.
"""

from __future__ import annotations

from typing import Any

from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription

LADDER = ("timestamp_granularities", "include", "temperature", "prompt", "language", "verbose_json", "json", "default")
"""What a request can be sent without, what is missed least first. Without granularities segments have times, and words
often none; without the language the server detects it."""
NEVER_GUESSED = frozenset({"verbose_json", "json", "default"})
"""Given up when the server names it alone: without the first, times are estimated from then on; without the second no
format is asked for, and what comes is JSON by default; without the third, captions are."""


def options(
    settings: OpenAITranscription, language: str | None, *, timed: bool, with_logprobs: bool, without: frozenset[str]
) -> dict[str, Any]:
    """The fields of a request beside the sound and the model.

    Args:
        language: The one of the piece, where it is known; else the server detects it.
        timed: Whether times are asked for.
        without: What of `LADDER` the server does not take.
    """
    fields = _fields(settings, language, timed=timed, with_logprobs=with_logprobs)
    fields["response_format"] = "verbose_json" if timed else "json"
    if not timed and "json" in without:
        del fields["response_format"]
    if not timed and "default" in without:
        fields["response_format"] = "srt"
    return {name: value for name, value in fields.items() if name not in without}


def parts_sent(
    settings: OpenAITranscription, language: str | None, *, timed: bool, with_logprobs: bool
) -> tuple[str, ...]:
    """Which parts of `LADDER` a whole request has. Times that are configured are not given up."""
    fields = _fields(settings, language, timed=timed, with_logprobs=with_logprobs)
    if not timed:
        return (*fields, "json", "default")
    return (*fields, "verbose_json") if settings.answers == "auto" else tuple(fields)


def _fields(settings: OpenAITranscription, language: str | None, *, timed: bool, with_logprobs: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"temperature": settings.temperature}
    if timed:
        fields["timestamp_granularities"] = ["word", "segment"]
    if with_logprobs:
        fields["include"] = ["logprobs"]
    if language:
        fields["language"] = language
    if settings.prompt:
        fields["prompt"] = settings.prompt
    return fields
