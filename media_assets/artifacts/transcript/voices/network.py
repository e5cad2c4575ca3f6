"""The network that makes a voice's embedding: three layers of long short-term memory, one of a plain product.

The same numbers as Resemblyzer's `VoiceEncoder.forward` gives, in numpy, for many sounds at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.weights import UNITS, EncoderWeights

if TYPE_CHECKING:
    import numpy as np

SOUNDS_AT_ONCE = 64
"""Few enough for 30 MB to hold what is worked on."""
_STEPS_AT_ONCE = 24
"""How many steps of input are multiplied at once. A multiple of 12: to other pieces the library below numpy gives other
last digits than to the whole."""


@dataclass(frozen=True)
class _Layer:
    """Weights laid out for products: a sigmoid is taken as the tangent of half its argument, which is halved here."""

    from_input: np.ndarray
    from_before: np.ndarray
    bias: np.ndarray


class VoiceNetwork:
    """Holds the weights as it needs them. Safe for several threads: nothing is changed."""

    def __init__(self, weights: EncoderWeights) -> None:
        import numpy as np

        # Input, forget and output gates are sigmoids, the third is a hyperbolic tangent. Gates of a kind lie together.
        order = np.r_[0 : 2 * UNITS, 3 * UNITS : 4 * UNITS, 2 * UNITS : 3 * UNITS]
        scale = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], np.float32), UNITS)
        self._layers = [
            _Layer(
                np.ascontiguousarray((layer.from_input[order] * scale[:, None]).T),
                np.ascontiguousarray((layer.from_before[order] * scale[:, None]).T),
                layer.bias[order] * scale,
            )
            for layer in weights.layers
        ]
        self._linear = np.ascontiguousarray(weights.linear.T)
        self._linear_bias = weights.linear_bias

    def embed(self, sounds: np.ndarray) -> np.ndarray:
        """The embedding of each sound: (sounds, UNITS), none negative, each of length 1 (0 where nothing is heard).

        Args:
            sounds: (sounds, frames, BANDS), 32 bit; all of the same length.
        """
        import numpy as np

        found = np.empty((len(sounds), UNITS), np.float32)
        for start in range(0, len(sounds), SOUNDS_AT_ONCE):
            some = np.ascontiguousarray(sounds[start : start + SOUNDS_AT_ONCE].transpose(1, 0, 2))
            for layer in self._layers:
                some = _run(layer, some)
            raw = np.maximum(some[-1] @ self._linear + self._linear_bias, 0.0)
            found[start : start + SOUNDS_AT_ONCE] = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return found


def _run(layer: _Layer, inputs: np.ndarray) -> np.ndarray:
    """What a layer gives out at each step: (steps, sounds, UNITS) for inputs of (steps, sounds, inputs)."""
    import numpy as np

    steps, sounds, _ = inputs.shape
    outputs = np.empty((steps, sounds, UNITS), np.float32)
    cells = np.zeros((sounds, UNITS), np.float32)
    before = np.zeros((sounds, UNITS), np.float32)
    product = np.empty((sounds, 4 * UNITS), np.float32)
    for step, gate in enumerate(_input_gates(layer, inputs)):
        np.matmul(before, layer.from_before, out=product)
        gate += product
        np.tanh(gate, out=gate)
        opened = gate[:, : 3 * UNITS]
        opened *= 0.5
        opened += 0.5
        cells *= gate[:, UNITS : 2 * UNITS]
        cells += gate[:, :UNITS] * gate[:, 3 * UNITS :]
        before = outputs[step]
        np.tanh(cells, out=before)
        before *= gate[:, 2 * UNITS : 3 * UNITS]
    return outputs


def _input_gates(layer: _Layer, inputs: np.ndarray) -> Iterator[np.ndarray]:
    """What a layer's gates get from its input at each step: (sounds, 4 x UNITS), to be changed at will."""
    steps, sounds, size = inputs.shape
    for start in range(0, steps, _STEPS_AT_ONCE):
        some = inputs[start : start + _STEPS_AT_ONCE]
        gates = (some.reshape(len(some) * sounds, size) @ layer.from_input).reshape(len(some), sounds, 4 * UNITS)
        gates += layer.bias
        yield from gates
