"""What a server of audio transcriptions is asked with a piece of sound, and what of it can be left out.

Mistral takes no granularities together with a language, speaches and others know no `verbose_json`, some no prompt.
"""

from __future__ import annotations

import io
import wave
from typing import Any

from media_assets.artifacts.transcript.engines.faster_whisper.bundled import bundled_folder
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.prompting import MOST_TOKENS, HeardPrompt, fitting
from media_assets.artifacts.transcript.hearing.windows import SAMPLE_BYTES, SAMPLE_RATE
from media_assets.artifacts.transcript.vocabulary import Vocabulary

LADDER = (
    "timestamp_granularities", "include", "temperature", "prompt", "language",
    "verbose_json", "json", "default", "srt", "vtt", "flac", "one_piece",
)  # fmt: skip
"""What a request can be sent without, what is missed least first. Without granularities segments have times, and words
often none; without the language the server detects it."""
NEVER_GUESSED = frozenset({"verbose_json", "json", "default", "srt", "vtt", "flac", "one_piece"})
"""Given up when the server names it alone: without the first, pieces are short and their times may be estimated;
without the second no format is asked for, and what comes is JSON by default; without the third, captions are, then
those of WebVTT, then bare text. Without FLAC, WAV is sent; without `one_piece` the server parts the sound."""
NEEDS = {"default": frozenset({"json"}), "srt": frozenset({"default"}), "vtt": frozenset({"srt"})}
"""What has to be given up before these are part of a request."""
_SOUND = ("flac", "one_piece")
_TOKENIZER = "tokenizer.json"


def options(
    settings: OpenAITranscription,
    language: str | None,
    prompt: str,
    *,
    timed: bool,
    with_logprobs: bool,
    without: frozenset[str],
) -> dict[str, Any]:
    """The fields of a request beside the sound and the model.

    Args:
        language: The one of the piece, where it is known; else the server detects it.
        prompt: What the server is told before it hears.
        timed: Whether times are asked for.
        without: What of `LADDER` the server does not take.
    """
    fields = _fields(settings, language, prompt, timed=timed, with_logprobs=with_logprobs)
    fields["response_format"] = "verbose_json" if timed else "json"
    if not timed and "json" in without:
        del fields["response_format"]
    if not timed and "default" in without:
        fields["response_format"] = "text" if "vtt" in without else "vtt" if "srt" in without else "srt"
    if "one_piece" in without:
        fields["chunking_strategy"] = "auto"
    return {name: value for name, value in fields.items() if name not in without}


def parts_sent(
    settings: OpenAITranscription, language: str | None, prompt: str, *, timed: bool, with_logprobs: bool
) -> tuple[str, ...]:
    """Which parts of `LADDER` a whole request has. Times that are configured are not given up."""
    fields = _fields(settings, language, prompt, timed=timed, with_logprobs=with_logprobs)
    if not timed:
        return (*fields, "json", "default", "srt", "vtt", *_SOUND)
    return (*fields, "verbose_json", *_SOUND) if settings.answers == "auto" else (*fields, *_SOUND)


def as_wav(pcm: bytes) -> bytes:
    """Mono sound of 16 bit as servers take it that take no FLAC.

    Args:
        pcm: At `SAMPLE_RATE`.
    """
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((1, SAMPLE_BYTES, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(pcm)
    return held.getvalue()


def prompt_for(settings: OpenAITranscription, vocabulary: Vocabulary) -> HeardPrompt:
    """What a server is told: the prompt of its section, and the vocabulary behind it.

    Whisper hears the last 224 tokens of it; what is in front of them is cut off here, between words, and told. It is
    counted with the tokens of English, of which a text in another language has more than it has of Whisper's own.
    """
    if not vocabulary.text:
        return HeardPrompt(settings.prompt or "")
    text = " ".join(filter(None, (settings.prompt, vocabulary.text)))
    if settings.model.startswith("gpt-"):
        return HeardPrompt(text)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(bundled_folder((_TOKENIZER,)) / _TOKENIZER))
    return fitting(text, lambda part: len(tokenizer.encode(f" {part}", add_special_tokens=False)) <= MOST_TOKENS)


def _fields(
    settings: OpenAITranscription, language: str | None, prompt: str, *, timed: bool, with_logprobs: bool
) -> dict[str, Any]:
    fields: dict[str, Any] = {"temperature": settings.temperature}
    if timed:
        fields["timestamp_granularities"] = ["word", "segment"]
    if with_logprobs:
        fields["include"] = ["logprobs"]
    if language:
        fields["language"] = language
    if prompt:
        fields["prompt"] = prompt
    return fields
