"""A real Whisper model of a few megabytes, written in a moment, that says the same words about whatever it hears.

It goes through the whole of faster-whisper and CTranslate2. What it says next depends on the position alone: the
position encodings are unit vectors, the projection is solved for the words that are wanted, and nothing else reaches
it. Its attention is solved too, so that the words come 0.4 s apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

WIDTH = 16
MELS = 80
AUDIO_POSITIONS = 1500
TEXT_POSITIONS = 448
TEXT_TOKENS = 50257
TIMESTAMPS = 1501
SECONDS_PER_TIMESTAMP = 0.02
SECONDS_PER_WORD = 0.4
_POSITIONS_PER_WORD = 20
_SPECIAL_TOKENS = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{code}|>" for code in _LANGUAGE_CODES if code != "yue"),
    *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nocaptions|>", "<|notimestamps|>"),
    *(f"<|{i * SECONDS_PER_TIMESTAMP:.2f}|>" for i in range(TIMESTAMPS)),
]


def write_tiny_whisper(
    folder: Path,
    words: Sequence[str] = ("we", "talk", "about", "water"),
    *,
    language: str = "en",
    logit: float = 20.0,
    no_speech: bool = False,
    ends_after_seconds: float = 2.0,
    english_only: bool = False,
    languages: Mapping[str, tuple[int, int]] | None = None,
) -> Path:
    """Write the model and return its folder.

    Args:
        words: What it says about every piece of audio; ten at most.
        language: What it takes every piece of audio for …
        languages: … unless it tells languages by where their sound is: from which mel band to before which. The more
            of 30 s has such a sound, the surer it is. Needs a `logit` of 80; three languages, five words at most.
        logit: How sure it is: 20 gives an average log probability near 0, 9 one near -2.
        no_speech: Whether it believes that nobody speaks.
        ends_after_seconds: From the start of a piece to the end of the words.
        english_only: Whether it is of the kind that knows no other language.
    """
    tokenizer = _tokenizer(words, english_only)
    specials = {token: TEXT_TOKENS + i for i, token in enumerate(_SPECIAL_TOKENS)}
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": MELS, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400})
    )
    first_timestamp = specials["<|notimestamps|>"] + 1
    script = [
        *([] if english_only else [specials[f"<|{language}|>"], specials["<|transcribe|>"]]),
        first_timestamp,
        *(tokenizer.token_to_id(f"Ġ{word}") for word in words),
        first_timestamp + round(ends_after_seconds / SECONDS_PER_TIMESTAMP),
        specials["<|endoftext|>"],
    ]
    logits = np.zeros((len(script), tokenizer.get_vocab_size()), np.float32)
    for position, token in enumerate(script):
        logits[position, token] = logit
    if languages:
        logits[0] = 0.0
    logits[0, specials["<|nocaptions|>"]] = 2 * logit if no_speech else 0.0

    spec = _spec(logits, words=len(words))
    if languages:
        _tell_by_sound(spec, {specials[f"<|{code}|>"]: band for code, band in languages.items()})
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [specials["<|endoftext|>"]]
    spec.config.lang_ids = [specials[f"<|{code}|>"] for code in _LANGUAGE_CODES if f"<|{code}|>" in specials]
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    spec.register_vocabulary([tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())])
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(str(folder))
    return folder


def _tokenizer(words: Sequence[str], english_only: bool) -> Tokenizer:
    """A byte-level tokenizer with the words as tokens of their own, and the special tokens where Whisper has them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = dict.fromkeys([*letters, *(f"Ġ{word}" for word in words)])
    vocabulary = {token: i for i, token in enumerate(tokens)}
    vocabulary |= {f"<unused {i}>": i for i in range(len(vocabulary), TEXT_TOKENS - 1)}
    # The empty token is that by which CTranslate2 knows a multilingual model.
    vocabulary["<unused>" if english_only else ""] = TEXT_TOKENS - 1
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(_SPECIAL_TOKENS)
    return tokenizer


def _spec(logits: np.ndarray, *, words: int) -> WhisperSpec:
    """A model whose decoder gives the i-th row of `logits` at the i-th position, and the last row from there on."""
    spec = WhisperSpec(num_encoder_layers=1, num_encoder_heads=2, num_decoder_layers=1, num_decoder_heads=2)
    zeros, ones = np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32)

    def fill(layer, linears, outputs: Sequence[int]) -> None:
        for linear, size in zip(linears, outputs, strict=True):
            linear.weight = np.zeros((size, WIDTH), np.float32)
            linear.bias = np.zeros(size, np.float32)
        layer.layer_norm.gamma, layer.layer_norm.beta = ones, zeros

    for half in (spec.encoder, spec.decoder):
        half.layer_norm.gamma, half.layer_norm.beta = ones, zeros
        layer = half.layer[0]
        fill(layer.self_attention, layer.self_attention.linear, (3 * WIDTH, WIDTH))
        fill(layer.ffn, (layer.ffn.linear_0, layer.ffn.linear_1), (WIDTH, WIDTH))
    fill(layer.attention, layer.attention.linear, (WIDTH, 2 * WIDTH, WIDTH))
    for convolution, channels in ((spec.encoder.conv1, MELS), (spec.encoder.conv2, WIDTH)):
        convolution.weight = np.zeros((WIDTH, channels, 3), np.float32)
        convolution.bias = zeros

    spoken = len(logits)
    unit = np.eye(WIDTH, dtype=np.float32)
    spec.decoder.position_encodings.encodings = unit[np.minimum(np.arange(TEXT_POSITIONS), spoken - 1)]
    spec.decoder.embeddings.weight = np.zeros((logits.shape[1], WIDTH), np.float32)
    spec.decoder.projection.weight = _solve(unit[:spoken], logits)

    # Both heads know a stretch of time for each word, and the rest, by vectors orthogonal or opposite to each other.
    hadamard = np.array([[(-1) ** (i & j).bit_count() for j in range(8)] for i in range(8)], np.float32)
    stretches = np.tile(np.concatenate((hadamard, -hadamard)), 2)
    first_word = spoken - words - 2  # behind the words come a timestamp and the end
    heard = np.minimum(np.arange(AUDIO_POSITIONS) // _POSITIONS_PER_WORD, words)
    spec.encoder.position_encodings.encodings = unit[heard]
    layer.attention.linear[1].weight[:WIDTH] = _solve(unit, stretches)
    layer.attention.linear[0].weight = _solve(unit[first_word:spoken], 10 * stretches[: spoken - first_word])
    return spec


def _tell_by_sound(spec: WhisperSpec, languages: Mapping[int, tuple[int, int]]) -> None:
    """Let how much louder each band is than all of them go through the whole model, in a channel of its own."""
    values = spec.decoder.layer[0].attention.linear
    for channel, (token, (first, last)) in enumerate(languages.items(), start=WIDTH - len(languages)):
        louder = np.full(MELS, -1 / MELS, np.float32)
        louder[first:last] += 1 / (last - first)
        spec.encoder.conv1.weight[channel, :, 1] = louder
        spec.encoder.conv2.weight[channel, channel, 1] = 1.0
        values[1].weight[WIDTH + channel, channel] = 1.0
        values[2].weight[channel, channel] = 1.0
        spec.decoder.projection.weight[:, channel] = 0.0
        spec.decoder.projection.weight[token, channel] = 4.0


def _solve(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The weights of a linear layer that turns the inputs, normalised as a layer norm does, into the outputs."""
    normalised = (inputs - inputs.mean(axis=1, keepdims=True)) / inputs.std(axis=1, keepdims=True)
    weights: np.ndarray = (np.linalg.pinv(normalised) @ outputs).T.astype(np.float32)
    return weights
