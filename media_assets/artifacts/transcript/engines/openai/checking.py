"""Whatever a server of audio transcriptions answers with status 200, checked."""

from __future__ import annotations

import re

from media_assets.artifacts.transcript.engines.openai.answers import SpeechAnswer
from media_assets.artifacts.transcript.engines.openai.bodies import decoded
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
        if body.get("error"):
            raise meaning(read_refusal(body, 200), server, key, TRANSCRIPTION)
        found, lacking = readable(body)
    except ValueError as error:
        quoted = quotable(" ".join(content[:_QUOTED_BYTES].decode(errors="replace").split()), key)
        raise Transient(
            f"could not be transcribed: {server} gave an answer that cannot be used ({error}): {quoted}"
        ) from None
    answer = SpeechAnswer.model_validate(found)
    if not answer.segments and answer.text.strip():
        lacking[UNTIMED_TEXT] = 1
    return answer, lacking
