"""What the network hears of a sound: how loud 40 bands of pitch are, every 10 ms.

The same numbers as librosa's `melspectrogram` gives with what Resemblyzer asks of it: frames of 25 ms every 10 ms, each
centred, Hann's window, power, 40 bands of Slaney's mel scale, each of the same area. No logarithm is taken, so they
depend on the level; see `level_gains`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.hearing.windows import SAMPLE_RATE
from media_assets.artifacts.transcript.voices.weights import BANDS

if TYPE_CHECKING:
    import numpy as np

FRAME_SAMPLES = SAMPLE_RATE // 100
"""From the middle of a frame to that of the next: 10 ms."""
_SPAN_SAMPLES = SAMPLE_RATE // 40
_FRAMES_AT_ONCE = 1_500
"""15 s: few enough for 8 MB to hold what is worked on, and for the processor's cache to be of use."""
_LINEAR_STEP = 200.0 / 3
_LOG_FROM = 1000.0
_LOG_STEP = 0.06875177742094912
"""log(6.4) / 27: Slaney's scale is linear up to 1000 Hz, and logarithmic from there on."""
_TARGET_LEVEL = 10 ** (-30 / 20)
"""-30 dBFS, as a share of full scale."""


def mel_frames(audio: np.ndarray) -> np.ndarray:
    """The bands of each frame: (1 + samples // FRAME_SAMPLES, BANDS). Before the start and behind the end is silence.

    Args:
        audio: Mono, from -1 to 1, 32 bit, at `SAMPLE_RATE`.
    """
    import numpy as np
    from scipy.fft import rfft

    count = 1 + len(audio) // FRAME_SAMPLES
    half = _SPAN_SAMPLES // 2
    spans = np.lib.stride_tricks.sliding_window_view(np.pad(audio, half), _SPAN_SAMPLES)[::FRAME_SAMPLES][:count]
    # Hann's window as it is for spectra: one sample longer, without its last.
    window = np.hanning(_SPAN_SAMPLES + 1)[:-1].astype(np.float32)
    bands = np.empty((count, BANDS), np.float32)
    for start in range(0, count, _FRAMES_AT_ONCE):
        spectrum = rfft(spans[start : start + _FRAMES_AT_ONCE] * window, axis=1)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        np.matmul(power, _filters(), out=bands[start : start + _FRAMES_AT_ONCE])
    return bands


def level_gains(mean_squares: np.ndarray) -> np.ndarray:
    """The factor by which the samples of each sound are made louder: to -30 dBFS if they are quieter, else not at all.

    Args:
        mean_squares: Of the samples of each sound, which go from -1 to 1.
    """
    import numpy as np

    levels = np.sqrt(mean_squares)
    gains: np.ndarray = np.where(levels > 0, np.maximum(1.0, _TARGET_LEVEL / np.maximum(levels, 1e-12)), 1.0)
    return gains


@cache
def _filters() -> np.ndarray:
    """The triangles by which a spectrum's bins go into bands: (bins, BANDS)."""
    import numpy as np

    hertz = np.arange(_SPAN_SAMPLES // 2 + 1) * (SAMPLE_RATE / _SPAN_SAMPLES)
    corners = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), BANDS + 2))
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (hertz[:, None] - low) / (middle - low)
    falling = (high - hertz[:, None]) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))
    result: np.ndarray = triangles.astype(np.float32)
    return result


def _mel(hertz: float) -> float:
    import numpy as np

    return float(_LOG_FROM / _LINEAR_STEP + np.log(hertz / _LOG_FROM) / _LOG_STEP)


def _hertz(mel: np.ndarray) -> np.ndarray:
    import numpy as np

    turn = _LOG_FROM / _LINEAR_STEP
    return np.where(mel < turn, mel * _LINEAR_STEP, _LOG_FROM * np.exp(_LOG_STEP * (mel - turn)))
