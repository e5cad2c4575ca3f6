"""Whatever a server of audio transcriptions answers with status 200, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from media_assets.artifacts.transcript.engines.openai.answers import SpeechAnswer
from media_assets.artifacts.transcript.engines.openai.bodies import decoded
from media_assets.artifacts.transcript.engines.openai.jobs import job_state
from media_assets.artifacts.transcript.engines.openai.layers import inside, layers_to_text, names_in
from media_assets.artifacts.transcript.engines.openai.names import says_something
from media_assets.artifacts.transcript.engines.openai.reading import readable
from media_assets.artifacts.transcript.hearing.mending import UNTIMED_TEXT
from media_assets.base.errors import BadResult, Fatal, MediaAssetsError, Transient
from media_assets.services.openai.errors import TRANSCRIPTION, meaning, quotable
from media_assets.services.openai.refusals import read_refusal

_QUOTED_BYTES = 300
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|\?xml|html|head|body|script|error)\b", re.IGNORECASE)
"""Text may begin so too, but for what stands behind the sign: `<laughs>`, `<|en|>`."""

_WORDS = ("message", "msg", "detail", "details", "errors", "error_description", "error_msg", "code")
_REASON = re.compile(r"reason|message|msg|details?$|error", re.IGNORECASE)
_PASSES = re.compile(
    r"busy|overload|rate.?limit|try again|unavailable|tim(ed|e).?out|capacity|too many|loading|warming|maintenance"
    r"|temporar|upstream|gateway",
    re.IGNORECASE,
)
"""Words about what passes by itself."""


def checked_answer(content: bytes, server: str, key: str, *, heard_before: bool) -> tuple[SpeechAnswer, dict[str, int]]:
    """The answer, with what had to be done without.

    Args:
        content: The body.
        key: Never shown.
        heard_before: Whether the same address answered with a transcription in this run.

    Raises:
        Fatal: it is a web page or has no known form, and the address is the wrong one.
        BadResult: it has no known form, and others had.
        Transient: it cannot be used, or says that something went wrong or is not done.
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
        if isinstance(body, list):
            raise _unknown(body, server, key, heard_before=heard_before)
        layers = layers_to_text(body)
        _refuse_errors(body, layers, server, key)
        if body and not layers:
            raise _unknown(body, server, key, heard_before=heard_before)
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
    told = bool(layers) and says_something(layers[-1])
    around = [body, *layers[1:]]
    beside = [inner for layer in around for inner in inside(layer)]
    speaking = around if told else [*around, *beside]
    for layer in speaking:
        if layer.get("error"):
            raise meaning(read_refusal(layer, 200), server, key, TRANSCRIPTION)
    state = job_state(around, beside, says_something=told)
    if state is None:
        return
    if state.failed:
        words = "; ".join(dict.fromkeys([*_reasons(speaking), state.words]))
        raise meaning(replace(read_refusal(body, state.status), words=words), server, key, TRANSCRIPTION)
    raise Transient(
        f"could not be transcribed: {server} says that the transcription is not finished "
        f"({quotable(state.words, key)})",
        next_step="Set `transcription.base_url` in library.yaml to an address that answers with the text itself and "
        "not with a job",
    )


def _reasons(layers: Iterable[dict[str, Any]]) -> Iterator[str]:
    for layer in layers:
        told = {name: value for name, value in layer.items() if _REASON.search(name)}
        yield from filter(None, (read_refusal({"message": value}, 200).words for value in told.values()))


def _unknown(body: dict[str, Any] | list[Any], server: str, key: str, *, heard_before: bool) -> MediaAssetsError:
    """What it means that nobody knows where the text stands in an answer. To ask again would be paid for again."""
    told_of = body if isinstance(body, dict) else {}
    refusal = read_refusal({name: told_of[name] for name in _WORDS if name in told_of}, 200)
    if refusal.words:
        told = meaning(refusal, server, key, TRANSCRIPTION)
        if not isinstance(told, Transient) or refusal.status >= 400 or _PASSES.search(refusal.words):
            return told
    says = f" and says: {quotable(refusal.words, key)}" if refusal.words else ""
    what = f"an answer in no form that is known here ({quotable(names_in(body), key)})"
    if heard_before:
        return BadResult(
            f"could not be transcribed: {server} gave {what}{says}",
            next_step="The server is at fault, not the file: look into its log, then `media-assets retry`",
            place=f"{server}: {what}",
        )
    return Fatal(
        f"{server} gave {what}{says}",
        next_step="Set `transcription.base_url` in library.yaml to the address that ends before /audio/transcriptions, "
        "of a server that answers there in OpenAI's form",
    )
