"""Whether a server says that a request is too long, in the words of the many that speak OpenAI's API.

What belongs here: lengths only. A request above a rate is another matter, unless it is above the rate all by itself:
then waiting does not cure it, and less material does.
"""

from __future__ import annotations

import re

# Each with who says so. Numbers and names of models stand between the words, so most are patterns.
_TOO_LONG = re.compile(
    "|".join(
        (
            # OpenAI, DeepSeek, Cerebras, vLLM, SGLang, llama.cpp (with status 500 too, ggml-org/llama.cpp#19774),
            # llama-cpp-python, LM Studio, OpenRouter, Mistral, MiniMax, Anthropic behind a gateway
            r"context[\s_-]?(length|size|window|limit)",
            r"context the overflows",
            r"maximum model length",
            r"exceed_context|context_exceeded",
            # Anthropic and Bedrock, Fireworks, Baidu; and NIM, TabbyAPI
            r"(prompt|input|inputs|query|message|text|body|request|tokens?)( \w+)? (is |are |was )?too (long|large)",
            r"too (long|large) for (the )?(requested )?model",
            r"maximum for this model",
            # Gemini; Poolside and SiliconFlow ("has exceeded max_prompt_tokens"); NVIDIA NIM
            r"(token|input|prompt|length|tokens)\b[^.]{0,80}exceed(s|ed|ing)? (the |model |model's |a )?"
            r"(max|limit|allowed|context)",
            r"(text|message|prompt|input|content|tokens)\b[^.]{0,60}(longer|larger|bigger|more) than "
            r"(is |the )?(allowed|permitted|limit|max)",
            # Moonshot, MiniMax, Ollama's embeddings
            r"exceed(s|ed)? (the )?(model('s)? )?(token|input|prompt|length|sequence)s?[\s_](limit|length|size)",
            r"tokens? limit exceeded|tokens_limit_reached",
            # xAI
            r"maximum (prompt|input|sequence|allowed input)[\s_]length",
            r"max(imum)? (allowed )?(number of )?(input|prompt) (characters|tokens|length)",
            r"(tokens?|length)\b[^.]{0,20}\d+ ?(>|exceeds?) ?\d+",
            # TGI and Together: "`inputs` tokens + `max_new_tokens` must be <= 4097", "must have less than 1024 tokens"
            r"inputs?`?( tokens)?[^.]{0,40}(must be <=|must have less than|must be less than)",
            r"length of prompt_tokens|max_(seq_len|total_tokens|prompt_tokens|input_tokens|input_length|model_len)\b",
            # Qwen at DashScope
            r"range of input length",
            # Bedrock's Titan and Cohere; the second is not its "Too many tokens, please wait"
            r"expected maxlength",
            r"too many (input )?tokens[:.]? (max|total|in|for)|(prompt|input|request) has too many tokens",  # AI21
            r"number of tokens in the prompt cannot exceed",
            # Zhipu, whose code 1261 comes with it; Hunyuan, Doubao
            r"超长|过长|太长|(输入|上下文|prompt|token)[^。]{0,12}(过长|超过|超出|太长)",
            r"超(过|出)[^。]{0,12}(长度|上下文|token)",
            r"时长[^。]{0,8}(超过|超出|过长|超限)",  # of a recording
            r"prompt exceeds max|exceeds? max(imum)? (message )?(tokens|length)|exceed max message tokens",
            # LM Studio, SGLang, MLC, TabbyAPI
            r"(longer|larger|greater) than (the )?(model's |model |maximum )?"
            r"(context|maximum|input|max_seq_len|max_model_len)",
            # vLLM ≥ 0.6, OpenAI and Cerebras by their advice
            r"reduce (the |your )?(length|prompt)|string_above_max_length|string too long",
            r"request_too_large|entity too large|payload too large|maximum content size",
        )
    ),
    re.IGNORECASE,
)
# OpenAI (429), Groq (413), GitHub Models: the one request is above what a minute may hold.
_LARGE_REQUEST = re.compile(r"request (body )?too large", re.IGNORECASE)
_RATE = re.compile(
    r"rate.?limit|per[ _](minute|min|day|second|hour)|\b[TR]P[MD]\b|please wait|slow down|throttl|too many requests",
    re.IGNORECASE,
)
_LIMIT_AND_REQUESTED = re.compile(r"limit:?\s*(\d[\d,]*)\b.*?requested:?\s*(\d[\d,]*)", re.IGNORECASE | re.DOTALL)
_CODES = ("1261", "context_length_exceeded")


def says_too_long(status: int, words: str, code: str | None = None) -> bool:
    """Whether less material would be taken.

    Args:
        status: HTTP's.
        words: All that the server says; transcripts are not in it.
        code: The server's own code of the error.
    """
    if code in _CODES:
        return True
    if _LARGE_REQUEST.search(words):
        return not _fits_later(words)
    if status == 429 or (status == 413 and _RATE.search(words)):
        # A code in the words, as gateways wrap it.
        return "context_length_exceeded" in words
    return status == 413 or bool(_TOO_LONG.search(words) and not _throttled(words))


def _throttled(words: str) -> bool:
    """Bedrock's "Too many tokens, please wait before trying again" comes with 400 from gateways."""
    return bool(_RATE.search(words)) and "context" not in words.lower()


def _fits_later(words: str) -> bool:
    """Groq says of a request that would fit into an emptier minute what it says of one that never does."""
    numbers = _LIMIT_AND_REQUESTED.search(words)
    if numbers is None:
        return False
    limit, requested = (int(number.replace(",", "")) for number in numbers.groups())
    return requested <= limit
