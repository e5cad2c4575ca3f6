"""From two channels of sound to one in which nobody falls silent.

What belongs here: mixing for whoever listens to one channel only. A cable with crossed wires, or two microphones that
face each other, record the same voice in opposite phase: both channels are loud, and their mean is silence. So the mean
is compared with the channels stretch by stretch, and where it lost nearly all the louder channel is taken alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK_SECONDS = 0.25
"""How long a stretch is that is mixed in one way: shorter than a word is missed for."""
_FADE_SECONDS = 0.01
"""From one way to the other; a step would be heard as a click."""
_CANCELLED = 0.1
"""Energy of the mean, as a share of the louder channel's, below which the channels cancel. One silent channel leaves
0.25, unrelated ones 0.5."""
_WHOLE_AGAIN = 0.2
"""The share from which the mean is taken again."""
_SILENCE = 100.0
"""Mean square of 16 bit samples below which there is nothing to compare: -50 dB of full scale."""
_WORTH_SAYING_SECONDS = 0.5


@dataclass
class MonoMix:
    """Mixes one recording, a chunk after the other; afterwards it tells what it had to do."""

    sample_rate: int
    cancelled_seconds: float = 0.0
    """How long one channel was taken alone."""
    loudest: int | None = None
    """The channel that is taken alone at the moment, 0 or 1; None while both are mixed."""

    def mixed(self, pair: bytes) -> bytes:
        """Mono of stereo, both signed 16 bit, little-endian; whole samples of both channels."""
        import numpy as np

        samples = np.frombuffer(pair, "<i2").reshape(-1, 2).astype(np.float32)
        block = max(1, round(self.sample_rate * _BLOCK_SECONDS))
        mixed = [self._block(samples[start : start + block]) for start in range(0, len(samples), block)]
        return b"".join(np.rint(part).clip(-32768, 32767).astype("<i2").tobytes() for part in mixed)

    @property
    def note(self) -> str | None:
        """What a person should know of it; None when both channels were mixed as usual."""
        if self.cancelled_seconds < _WORTH_SAYING_SECONDS:
            return None
        return (
            f"the two channels of the sound cancel each other out (opposite phase): for {self.cancelled_seconds:.1f} s "
            "the louder one was heard alone"
        )

    def _block(self, pair: NDArray[np.float32]) -> NDArray[np.float32]:
        import numpy as np

        before = self._weights()
        self._look(pair)
        weights = np.repeat(self._weights()[None], len(pair), axis=0)
        if self.loudest is not None:
            self.cancelled_seconds += len(pair) / self.sample_rate
        fade = min(len(pair), round(self.sample_rate * _FADE_SECONDS))
        share = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)[:, None]
        weights[:fade] = before * (1 - share) + weights[:fade] * share
        mixed: NDArray[np.float32] = (pair * weights).sum(axis=1)
        return mixed

    def _weights(self) -> NDArray[np.float32]:
        import numpy as np

        alone = self.loudest
        return np.array([0.5, 0.5] if alone is None else [alone == 0, alone == 1], np.float32)

    def _look(self, pair: NDArray[np.float32]) -> None:
        """Decide how a stretch is mixed; in silence everything stays as it was."""
        import numpy as np

        energies = np.mean(pair**2, axis=0) if len(pair) else np.zeros(2, np.float32)
        if energies.max() < _SILENCE:
            return
        needed = _CANCELLED if self.loudest is None else _WHOLE_AGAIN
        # Hum and bumps lie below speech and need not be in opposite phase: their steps from sample to sample are small.
        kept = min(_kept(pair), _kept(np.diff(pair, axis=0)))
        self.loudest = int(energies.argmax()) if kept < needed else None


def _kept(pair: NDArray[np.float32]) -> float:
    """Energy of the mean as a share of that of the louder channel."""
    import numpy as np

    loudest = float(np.mean(pair**2, axis=0).max()) if len(pair) else 0.0
    return float(np.mean(pair.mean(axis=1) ** 2)) / loudest if loudest else 1.0


def equal_mix(channels: int, gain: float) -> str:
    """The filter that adds up all channels, of which nobody knows where they are heard, to one.

    Args:
        gain: What each is multiplied by.
    """
    return weighted_mix([gain] * channels)


def weighted_mix(weights: Sequence[float]) -> str:
    """The filter that adds up all channels to one, each multiplied by a number of its own."""
    return f"pan=mono|{_output(0, weights)}"


def stereo_mix(left: Sequence[float], right: Sequence[float]) -> str:
    """The filter that adds up all channels to two, each multiplied by numbers of its own."""
    return f"pan=stereo|{_output(0, left)}|{_output(1, right)}"


def _output(number: int, weights: Sequence[float]) -> str:
    return f"c{number}={'+'.join(f'{weight:.6f}*c{channel}' for channel, weight in enumerate(weights))}"


def one_channel(channel: int) -> str:
    """The filter that takes one channel alone."""
    return f"pan=mono|c0=c{channel}"
