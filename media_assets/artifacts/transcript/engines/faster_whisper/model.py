"""Finding and loading a Whisper model; whatever can be wrong with it is said with the way to repair it.

What belongs here: everything up to a loaded `WhisperModel`. What is done with it is in `engine.py`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.engines.faster_whisper import bundled as whisper_bundled
from media_assets.artifacts.transcript.engines.faster_whisper.encoding import encode_one_by_one
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.activity import hear_little_by_little
from media_assets.base.errors import Fatal
from media_assets.base.freed_memory import give_back_freed_memory

if TYPE_CHECKING:
    import faster_whisper

_NEEDED_FILES = ("config.json", "model.bin", "tokenizer.json")
"""Files without which a model is not whole: for want of tokenizer.json another model's would be fetched."""

MODEL_MEGABYTES = {
    **dict.fromkeys(("tiny.en", "tiny"), 75),
    **dict.fromkeys(("base.en", "base"), 145),
    **dict.fromkeys(("small.en", "small"), 484),
    **dict.fromkeys(("medium.en", "medium"), 1530),
    **dict.fromkeys(("large-v1", "large-v2", "large-v3", "large"), 3090),
    **dict.fromkeys(("large-v3-turbo", "turbo"), 1620),
    "distil-small.en": 332,
    "distil-medium.en": 789,
    **dict.fromkeys(("distil-large-v2", "distil-large-v3", "distil-large-v3.5"), 1510),
}
"""The names that faster-whisper knows, and what is fetched, in MB: two bytes for each weight."""


def load_model(
    settings: FasterWhisperTranscription, *, seen_whole: Path | None = None, workers: int = 1
) -> faster_whisper.WhisperModel:
    """The configured model, fetched first when it is not there and may be.

    Args:
        seen_whole: The file that remembers that the bundled model was compared with its checksum; see `verify`.
        workers: How many files are transcribed at once; they share the cores.

    Raises:
        Fatal: it cannot be found, fetched or loaded, or does not speak the configured language.
    """
    import ctranslate2
    import faster_whisper

    ctranslate2.set_log_level(logging.ERROR)  # it warns of each change of type, which is none of the user's business
    check_device(settings)
    folder = local_folder(settings) or _download(settings)
    if is_bundled(settings):
        whisper_bundled.verify(folder, seen_whole)
    try:
        json.loads((folder / "tokenizer.json").read_bytes())  # of a damaged one, `tokenizers` raises a bare Exception
        model = faster_whisper.WhisperModel(
            str(folder),
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.cpu_threads or max(1, _cores() // workers),
            num_workers=workers,
        )
    except (RuntimeError, ValueError) as error:
        raise Fatal(
            f"the Whisper model {settings.model} in {folder} cannot be loaded: {error}",
            next_step=whisper_bundled.INSTALL_AGAIN
            if is_bundled(settings)
            else "If it is damaged, delete that folder so that it is fetched again; if memory is short, set a "
            "smaller `transcription.model` or `transcription.compute_type: int8` in library.yaml",
        ) from error
    check_language(settings, _languages_of(model))
    encode_one_by_one(model)
    if settings.vad:
        hear_little_by_little()
    give_back_freed_memory()
    return model


def _languages_of(model: faster_whisper.WhisperModel) -> list[str]:
    """What the model was made for: faster-whisper names Cantonese for all, and only large-v3 and turbo have it."""
    known = list(model.supported_languages)
    if not model.model.is_multilingual:
        return known
    return [code for code in known if model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None]


def check_device(settings: FasterWhisperTranscription) -> str:
    """What the model would run on: `cuda` or `cpu`.

    Raises:
        Fatal: the configured device is not there, or it cannot compute with the configured type.
    """
    import ctranslate2

    devices = ctranslate2.get_cuda_device_count()
    if settings.device == "cuda" and devices == 0:
        raise Fatal(
            f"the Whisper model {settings.model} cannot run on `device: cuda`: CTranslate2 finds no CUDA device here",
            next_step="Install the NVIDIA driver with CUDA 12 and cuDNN 9, or set `transcription.device: auto` in "
            "library.yaml",
        )
    device = "cuda" if devices and settings.device != "cpu" else "cpu"
    supported = {"default", "auto", *ctranslate2.get_supported_compute_types(device)}
    if settings.compute_type not in supported:
        raise Fatal(
            f"the Whisper model {settings.model} cannot compute with {settings.compute_type} on the {device} here",
            next_step=f"Set `transcription.compute_type` in library.yaml to one of {', '.join(sorted(supported))}",
        )
    return device


def local_folder(settings: FasterWhisperTranscription) -> Path | None:
    """Where the model lies on this machine, complete; None when it would have to be fetched. Asks no network.

    Raises:
        Fatal: no such model or folder, or it may not be fetched.
    """
    configured = Path(settings.model).expanduser()
    if configured.is_dir():
        if missing := _missing_files(configured):
            raise Fatal(
                f"the folder {configured} is no Whisper model for CTranslate2: it has no {', '.join(missing)}",
                next_step="Convert the model with `ct2-transformers-converter --copy_files tokenizer.json "
                "preprocessor_config.json`, or set `transcription.model` in library.yaml to a name such as small",
            )
        return configured
    if is_bundled(settings):
        return whisper_bundled.bundled_folder(_NEEDED_FILES)
    found = _cached(settings)
    if found is not None and not _missing_files(found):
        return found
    if not settings.allow_download:
        raise Fatal(
            f"the Whisper model {settings.model}{download_size(settings)} is not on this machine and may not be "
            "fetched",
            next_step=f"Set `transcription.allow_download: true` in library.yaml, or run {_fetch_command(settings)}, "
            f"or set `transcription.model: {whisper_bundled.NAME}` (English), which is here",
        )
    return None


def is_bundled(settings: FasterWhisperTranscription) -> bool:
    """Whether the model is the one installed with the project: by its name, where models have no other folder."""
    return settings.model == whisper_bundled.NAME and settings.download_dir is None


def download_size(settings: FasterWhisperTranscription) -> str:
    """` (484 MB)`, as part of a sentence; empty for a model of which it is not known."""
    megabytes = MODEL_MEGABYTES.get(settings.model)
    return "" if megabytes is None else f" ({megabytes} MB)" if megabytes < 1000 else f" ({megabytes / 1000:.1f} GB)"


def speaks_english_only(settings: FasterWhisperTranscription) -> bool:
    """Whether the model knows no other language, as its name tells."""
    return Path(settings.model).name.endswith(".en")


def not_made_out(model: str, *, is_anything_left: bool) -> str:
    """The note for a recording in which somebody speaks and a model that knows English only made nothing out.

    Args:
        is_anything_left: Whether there is something to keep for whoever says that it is English.
    """
    if_english = (
        "`transcription.language: en` keeps what was made out"
        if is_anything_left
        else "such a larger model hears more of it"
    )
    return (
        f"Speech was heard that the model {model}, which knows English only, could not make out. For other languages "
        f"set `transcription.model: small` ({MODEL_MEGABYTES['small']} MB, fetched once); if it is English, "
        f"{if_english}"
    )


def _cached(settings: FasterWhisperTranscription) -> Path | None:
    import faster_whisper

    try:
        return Path(
            faster_whisper.download_model(settings.model, local_files_only=True, cache_dir=_cache_dir(settings))
        )
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Fatal(
            f"there is no Whisper model {settings.model}: neither a folder nor a name faster-whisper knows",
            next_step="Set `transcription.model` in library.yaml to the folder of a converted model, to owner/name on "
            f"the model hub, or to one of {', '.join(faster_whisper.available_models())}",
        ) from error


def _download(settings: FasterWhisperTranscription) -> Path:
    import faster_whisper

    try:
        folder = Path(faster_whisper.download_model(settings.model, cache_dir=_cache_dir(settings)))
    except OSError as error:  # the hub's own errors are OSErrors too
        reason = str(error).strip().splitlines()
        raise Fatal(
            f"the Whisper model {settings.model}{download_size(settings)} is not on this machine and could not be "
            f"fetched: {reason[0] if reason else type(error).__name__}",
            next_step=f"Run {_fetch_command(settings)} where there is a network, or set `transcription.model` in "
            "library.yaml to the folder of a model that is there",
        ) from error
    if missing := _missing_files(folder):
        raise Fatal(
            f"what the model hub has under {settings.model} is no Whisper model for CTranslate2: it has no "
            f"{', '.join(missing)}",
            next_step="Correct `transcription.model` in library.yaml",
        )
    return folder


def check_language(settings: FasterWhisperTranscription, known: Sequence[str] | None = None) -> None:
    """Compare the configured language with those of the model.

    Args:
        known: The model's languages; absent: what its name tells of them.

    Raises:
        Fatal: the model does not know the language.
    """
    if known is None:
        known = ["en"] if speaks_english_only(settings) else []
    set_here = (settings.language,) if isinstance(settings.language, str) else settings.language or ()
    unknown = [language for language in set_here if language not in known]
    if not known or not unknown:
        return
    one_of = f"one of {', '.join(known)}, or remove it to have it detected"
    raise Fatal(
        f"the Whisper model {settings.model} does not know the language {unknown[0]!r}",
        next_step="Set `transcription.model` in library.yaml to one for many languages, such as small"
        f"{download_size(settings.model_copy(update={'model': 'small'}))}"
        if list(known) == ["en"]
        else f"Set `transcription.language` in library.yaml to {one_of}",
    )


def _missing_files(folder: Path) -> list[str]:
    return [name for name in _NEEDED_FILES if not (folder / name).is_file()]


def _fetch_command(settings: FasterWhisperTranscription) -> str:
    arguments = repr(settings.model)
    if settings.download_dir is not None:
        arguments += f", cache_dir={str(settings.download_dir)!r}"
    return f'`python -c "import faster_whisper; print(faster_whisper.download_model({arguments}))"`'


def _cache_dir(settings: FasterWhisperTranscription) -> str | None:
    return None if settings.download_dir is None else str(settings.download_dir)


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
