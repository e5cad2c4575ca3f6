"""The weights of Resemblyzer's voice encoder: where they lie, whether they are the published ones, and what is in them.

The package `Resemblyzer` brings them in its wheel (17 MB). It is never imported, for that would import PyTorch, and is
installed without what it depends on. The file is a pickle, so it is compared with the published checksum before a byte
of it is believed, and read by a reader that constructs nothing but tensors.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.legacy_pickle import NotReadable, read_tensors
from media_assets.base.errors import Fatal
from media_assets.base.files import read_file

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "Resemblyzer"
VERSION = "0.1.4"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"
"""Without its dependencies: PyTorch and librosa, which nothing here needs."""
_FILE = "resemblyzer/pretrained.pt"
_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
_TURN_OFF = "set transcript.speakers.enabled to false in library.yaml"
_LAYERS = 3
BANDS = 40
"""Mel bands that the network takes in."""
UNITS = 256
"""Cells of a layer, and numbers of an embedding."""


@dataclass(frozen=True)
class LSTMLayer:
    """One layer of long short-term memory. The rows of all are those of the input, forget, cell and output gates."""

    from_input: np.ndarray
    """(4 x UNITS, inputs)"""
    from_before: np.ndarray
    """(4 x UNITS, UNITS)"""
    bias: np.ndarray
    """(4 x UNITS,)"""


@dataclass(frozen=True)
class EncoderWeights:
    """All that the network consists of."""

    layers: tuple[LSTMLayer, ...]
    linear: np.ndarray
    """(UNITS, UNITS)"""
    linear_bias: np.ndarray
    """(UNITS,)"""


class WeightsNotInstalled(Fatal):
    """The package that brings the weights is not installed."""


def weights_file() -> Path:
    """Where the package has put its weights. Imports nothing of it.

    Raises:
        WeightsNotInstalled: the package is not installed.
        Fatal: it has no weights.
    """
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:
        raise WeightsNotInstalled(
            f"to tell who speaks needs the weights that come with the package {PACKAGE}, which is not installed",
            next_step=f"Run `{INSTALL}` (17 MB; it needs no PyTorch), or {_TURN_OFF}",
        ) from None
    path = Path(str(installed.locate_file(_FILE)))
    if not path.is_file():
        raise Fatal(
            f"the package {PACKAGE} {installed.version} has no weights at {path}",
            next_step=f"Install it again: {INSTALL} --force-reinstall",
        )
    return path


def load_weights(path: Path | None = None) -> EncoderWeights:
    """Read the weights, and nothing if they are not the published ones.

    Args:
        path: The file; that of the package when absent.

    Raises:
        Fatal: the package is not installed, or its file is damaged or another one.
    """
    path = path or weights_file()
    try:
        content = read_file(path)
    except OSError as error:
        raise Fatal(
            f"the weights that tell voices apart cannot be read: {error.strerror} ({path})",
            next_step=f"Install them again: {INSTALL} --force-reinstall",
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256:
        raise Fatal(
            f"the weights that tell voices apart in {path} are damaged or of another version: their SHA-256 is "
            f"{found[:8]}… and should be {_SHA256[:8]}…",
            next_step=f"Install them again: {INSTALL} --force-reinstall",
        )
    return weights_in(content)


def weights_in(content: bytes) -> EncoderWeights:
    """The weights in the content of such a file.

    Raises:
        NotReadable: it is damaged, wants more than tensors, or is of another network.
    """
    tensors = read_tensors(content, "model_state")

    def take(name: str, *shape: int) -> np.ndarray:
        tensor = tensors.get(name)
        if tensor is None or tensor.shape != shape:
            raise NotReadable(f"it has no tensor {name} of {' x '.join(map(str, shape))} numbers")
        return tensor

    return EncoderWeights(
        layers=tuple(
            LSTMLayer(
                from_input=take(f"lstm.weight_ih_l{number}", 4 * UNITS, UNITS if number else BANDS),
                from_before=take(f"lstm.weight_hh_l{number}", 4 * UNITS, UNITS),
                bias=take(f"lstm.bias_ih_l{number}", 4 * UNITS) + take(f"lstm.bias_hh_l{number}", 4 * UNITS),
            )
            for number in range(_LAYERS)
        ),
        linear=take("linear.weight", UNITS, UNITS),
        linear_bias=take("linear.bias", UNITS),
    )
