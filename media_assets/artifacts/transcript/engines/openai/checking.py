"""Whatever a server of audio transcriptions answers with status 200, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from media_assets.artifacts.transcript.engines.openai.answers import SpeechAnswer
from media_assets.artifacts.transcript.engines.openai.bodies import decoded
from media_assets.artifacts.transcript.engines.openai.jobs import job_state
from media_assets.artifacts.transcript.engines.openai.layers import layers_to_text, within
from media_assets.artifacts.transcript.engines.openai.names import says_something
from media_assets.artifacts.transcript.engines.openai.reading import readable
from media_assets.artifacts.transcript.hearing.mending import UNTIMED_TEXT
from media_assets.base.errors import Fatal, Transient
from media_assets.services.openai.errors import TRANSCRIPTION, meaning, quotable
from media_assets.services.openai.refusals import read_refusal

_QUOTED_BYTES = 300
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|\?xml|html|head|body|script|error)\b", re.IGNORECASE)
"""Text may begin so too, but for what stands behind the sign: `<laughs>`, `<|en|>`."""


def checked_answer(content: bytes, server: str, key: str, *, heard_before: bool) -> tuple[SpeechAnswer, dict[str, int]]:
    """The answer, with what had to be done without.

    Args:
        content: The body.
        key: Never shown.
        heard_before: Whether the same address answered with a transcription in this run.

    Raises:
        Fatal: it is a web page, and the address is the wrong one.
        Transient: it cannot be used, or says that something went wrong.
    """
    if _WEB_PAGE.match(content) and not heard_before:
        raise Fatal(
            f"{server} answers with something that is no transcription",
            next_step="Set `transcription.base_url` in library.yaml to the address that ends before "
            "/audio/transcriptions",
        )
    try:
        if _WEB_PAGE.match(content):
            raise ValueError("it is a web page")
        body = decoded(content)
        layers = layers_to_text(body)
        _refuse_errors(body, layers, server, key)
        found, lacking = readable(layers[-1] if layers else body)
    except ValueError as error:
        quoted = quotable(" ".join(content[:_QUOTED_BYTES].decode(errors="replace").split()), key)
        raise Transient(
            f"could not be transcribed: {server} gave an answer that cannot be used ({error}): {quoted}"
        ) from None
    answer = SpeechAnswer.model_validate(found)
    if not answer.segments and answer.text.strip():
        lacking[UNTIMED_TEXT] = 1
    return answer, lacking


def _refuse_errors(body: dict[str, Any], layers: Sequence[dict[str, Any]], server: str, key: str) -> None:
    """Raise what an answer of status 200 says that is no transcript.

    Args:
        layers: The objects from `body` to the text; none where there is no text.
    """
    around = [body, *layers[1:]]
    beside = [inner for layer in around for inner in within(layer)]
    for layer in around if layers else [*around, *beside]:
        if layer.get("error"):
            raise meaning(read_refusal(layer, 200), server, key, TRANSCRIPTION)
    state = job_state(around, beside, says_something=bool(layers) and says_something(layers[-1]))
    if state is None:
        return
    if state.failed:
        refusal = read_refusal(body, state.status)
        raise meaning(replace(refusal, words=refusal.words or state.words), server, key, TRANSCRIPTION)
    raise Transient(
        f"could not be transcribed: {server} says that the transcription is not finished "
        f"({quotable(state.words, key)})",
        next_step="Set `transcription.base_url` in library.yaml to an address that answers with the text itself and "
        "not with a job",
    )
