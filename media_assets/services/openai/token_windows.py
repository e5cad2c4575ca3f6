"""How many tokens a server holds for a model, asked of the server itself: each kind tells it in another place.

The configured host alone is asked, a few times for a short while, and no answer is no failure. OpenAI's own host is
not: it refuses what does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openai

_TIMEOUT_SECONDS = 3.0
OLLAMA_DEFAULT_TOKENS = 4096
"""What Ollama gives a model where nothing is set and graphics memory is small; longer prompts lose their beginning
without a word (ollama's FAQ, "How can I specify the context window size?")."""
_SMALLEST, _LARGEST = 128, 100_000_000
_LISTED = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
"""vLLM and SGLang; OpenRouter and Together; Groq; Mistral; llama.cpp."""


@dataclass(frozen=True)
class TokenWindow:
    """How much a model holds at a server: the prompt and the answer together."""

    tokens: int
    told_by: str
    """Where that stands, and what to do about it."""
    assumed: bool = False
    """True where the server does not tell, and its kind has a default."""

    @property
    def line(self) -> str:
        return f"window {self.tokens:,} tokens ({self.told_by})"


class _Silence(Exception):
    """The server does not answer questions at all."""


def ask_window(client: openai.OpenAI, model: str) -> TokenWindow | None:
    """What the server says; None when it does not."""
    get = partial(_answer, client.with_options(timeout=_TIMEOUT_SECONDS, max_retries=0))
    root = str(client.base_url).rstrip("/").removesuffix("/v1")
    try:
        listed = _of_list(get(f"{str(client.base_url).rstrip('/')}/models"), model)
        return listed or _of_ollama(get, root, model) or _of_lm_studio(get, root, model) or _of_llama_cpp(get, root)
    except _Silence:
        return None


def _of_list(answer: object, model: str) -> TokenWindow | None:
    entry = _entry(_at(answer, "data"), model, alone=True)
    places = [entry, _at(entry, "meta"), _at(entry, "top_provider")]
    found = [tokens for place in places for name in _LISTED if (tokens := _tokens(_at(place, name)))]
    return TokenWindow(min(found), "as the server lists it") if found else None


def _of_ollama(get: Callable[..., object], root: str, model: str) -> TokenWindow | None:
    loaded = _tokens(_at(_entry(_at(get(f"{root}/api/ps"), "models"), model), "context_length"))
    if loaded:
        return TokenWindow(loaded, "as Ollama has loaded the model; OLLAMA_CONTEXT_LENGTH or num_ctx sets it")
    shown = get(f"{root}/api/show", {"model": model, "name": model})
    facts = _at(shown, "model_info")
    if not isinstance(facts, Mapping):
        return None
    parameters = re.search(r"^\s*num_ctx\s+(\d+)", str(_at(shown, "parameters") or ""), re.MULTILINE)
    set_to = _tokens(int(parameters[1][:12])) if parameters else None
    if set_to:
        return TokenWindow(set_to, "num_ctx of the model at Ollama")
    holds = next((_tokens(value) for name, value in facts.items() if str(name).endswith(".context_length")), None)
    could = f"; the model could hold {holds:,}" if holds else ""
    return TokenWindow(
        min(holds or OLLAMA_DEFAULT_TOKENS, OLLAMA_DEFAULT_TOKENS),
        f"Ollama's default until the model is loaded{could}: set OLLAMA_CONTEXT_LENGTH or num_ctx there for more",
        assumed=True,
    )


def _of_lm_studio(get: Callable[..., object], root: str, model: str) -> TokenWindow | None:
    entry = _entry(_at(get(f"{root}/api/v0/models"), "data"), model)
    for name, told_by in (
        ("loaded_context_length", "as LM Studio has loaded the model"),
        ("max_context_length", "the most that LM Studio gives the model"),
    ):
        tokens = _tokens(_at(entry, name))
        if tokens:
            return TokenWindow(tokens, told_by)
    return None


def _of_llama_cpp(get: Callable[..., object], root: str) -> TokenWindow | None:
    properties = get(f"{root}/props")
    tokens = _tokens(_at(_at(properties, "default_generation_settings"), "n_ctx")) or _tokens(_at(properties, "n_ctx"))
    return TokenWindow(tokens, "of each slot of llama.cpp; -c sets it") if tokens else None


def _answer(client: openai.OpenAI, url: str, body: Mapping[str, str] | None = None) -> object:
    """JSON, or None where the server has no such page."""
    import openai

    try:
        if body is None:
            return client.get(url, cast_to=object, options={"follow_redirects": False})
        return client.post(url, cast_to=object, body=body, options={"follow_redirects": False})
    except (openai.APIConnectionError, openai.AuthenticationError) as error:
        raise _Silence from error
    except (openai.APIError, ValueError):
        return None


def _entry(entries: object, model: str, *, alone: bool = False) -> object:
    """The entry of a model.

    Args:
        alone: The only entry is taken whatever its name: local servers take any name for the model they serve.
    """
    found = entries if isinstance(entries, list) else []
    names = (model, f"{model}:latest")
    for entry in found[:10_000]:
        if any(_at(entry, field) in names for field in ("id", "model", "name")):
            return entry
    return found[0] if alone and len(found) == 1 else None


def _at(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _tokens(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if _SMALLEST <= value <= _LARGEST else None
