"""Finding and loading a pocketsphinx model; whatever can be wrong with it is said with the way to repair it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.engines.transcribers.windows import SAMPLE_RATE
from media_assets.errors import Fatal

if TYPE_CHECKING:
    import pocketsphinx

_LAYOUT = "a folder with `mdef` in it or in one subfolder, one *.dict and one *.lm or *.lm.bin"
_LOAD = "import sys, pocketsphinx; pocketsphinx.Decoder(hmm=sys.argv[1], lm=sys.argv[2], dict=sys.argv[3])"
_LOADING_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class ModelFiles:
    acoustic_dir: Path
    language_model: Path
    dictionary: Path


def load_decoder(model_dir: Path | None) -> pocketsphinx.Decoder:
    """A decoder with the model; None stands for the one in the package.

    Raises:
        Fatal: the model is incomplete or damaged.
    """
    import pocketsphinx

    files = find_model(model_dir)
    if model_dir is not None:
        _try_elsewhere(model_dir, files)
    try:
        return pocketsphinx.Decoder(
            hmm=str(files.acoustic_dir),
            lm=str(files.language_model),
            dict=str(files.dictionary),
            samprate=SAMPLE_RATE,
            loglevel="FATAL",
        )
    except (RuntimeError, ValueError) as error:
        raise _cannot_load(files.language_model.parent, str(error)) from error


def _try_elsewhere(model_dir: Path, files: ModelFiles) -> None:
    """Load the model in another process first: some damage makes pocketsphinx end the process it is in."""
    answer = subprocess.run(
        [sys.executable, "-P", "-c", _LOAD, files.acoustic_dir, files.language_model, files.dictionary],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_LOADING_TIMEOUT_SECONDS,
        check=False,
    )
    if answer.returncode != 0:
        complaints = [line for line in answer.stderr.splitlines() if "ERROR" in line or "FATAL" in line]
        raise _cannot_load(model_dir, complaints[-1] if complaints else f"exit code {answer.returncode}")


def _cannot_load(folder: Path, reason: str) -> Fatal:
    return Fatal(
        f"pocketsphinx cannot load the model in {folder}: {reason}",
        next_step="Correct `transcription.model_dir` in library.yaml, or remove it to use the model inside the "
        "package; if it is that one, install pocketsphinx again",
    )


def find_model(model_dir: Path | None) -> ModelFiles:
    """The files of a model in the layout that pocketsphinx's own models have; None stands for the one in the package.

    Raises:
        Fatal: something is missing or ambiguous.
    """
    if model_dir is None:
        import pocketsphinx

        model_dir = Path(pocketsphinx.get_model_path("en-us"))
    folders = [model_dir, *sorted(path for path in model_dir.glob("*") if path.is_dir())]
    acoustic = [folder for folder in folders if (folder / "mdef").is_file()]
    files = sorted(path for path in model_dir.glob("*") if path.is_file() and "phone" not in path.name)
    language_models = [path for path in files if path.name.endswith((".lm", ".lm.bin", ".lm.gz", ".lm.dmp"))]
    dictionaries = [path for path in files if path.name.endswith((".dict", ".dic"))]
    for what, found in (
        ("acoustic models", acoustic),
        ("language models", language_models),
        ("dictionaries", dictionaries),
    ):
        if len(found) != 1:
            raise Fatal(
                f"the pocketsphinx model in {model_dir} has {len(found)} {what} where one is needed",
                next_step=f"Make `transcription.model_dir` in library.yaml {_LAYOUT}, or remove it to use the model "
                "inside the package",
            )
    return ModelFiles(acoustic[0], language_models[0], dictionaries[0])
