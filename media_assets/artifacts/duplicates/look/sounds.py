"""The verdict on two sounds, from how loud each pitch is at each moment.

A fingerprint follows what is loudest: under the same music another voice leaves it as it is, and a few words of a long
announcement are few of its bits. Here both are laid over each other, brought to the same level, and compared moment by
moment: what encoding does is small and everywhere, another word is large and in one place.

Measured on speech, music, noise, clicks and their mixtures: copies as MP3 at 16 to 64 kbit/s, Opus at 24, mu-law at
8 kHz, louder, clipped, with other treble and bass, or normalised differed by 4.4 dB at most where they differ most, and
then everywhere by 1 dB or more; copies that differed by less than 0.1 dB in the middle, by 1.8 dB, and one of 40 by
2.3. Other words differed by 7 dB and more, half a word that was muted by 3.4 dB, a third of a syllable by 2.4 dB,
another voice under music that is four times as loud by 2.9 dB and nowhere else; what is fainter, `voices` tells.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bands = NDArray[np.float32]
    """Decibels of each moment (rows) and each band of pitches (columns)."""

SAMPLE_RATE = 8000
STEP_SAMPLES = 128
STEP_SECONDS = STEP_SAMPLES / SAMPLE_RATE
WINDOW_SAMPLES = 512
_LOWEST_HERTZ, _HIGHEST_HERTZ, _BANDS = 120, 3300, 24
"""What a telephone carries: what is above, encoders leave out first."""
_NOTHING = 1e-9
SILENT_DECIBELS = -65.0
"""A recording that is nowhere louder in any band holds nothing to compare."""

_PART_STEPS = 1875
"""Half a minute: of each part the place and the level are found anew, for clocks drift and levels are ridden."""
_FEWEST_STEPS = 20
_REACH_STEPS = 40
_SMOOTHED_STEPS = 5
_NEARBY_STEPS, _MASKED_DECIBELS = 13, 25
"""What is so much quieter than the loudest near it is not heard, and encoders do with it as they like."""
_QUIET_DECIBELS = 40
_TONE_DECIBELS = 6.0
"""So much may treble or bass have been changed."""
_PLACE_STEPS, _PLACE_BANDS = 13, 3
"""A difference counts for as long as a short syllable lasts (0.2 s), over a third of an octave or two."""
_LEAST_DECIBELS, _PER_USUAL, _MOST_DECIBELS = 2.0, 4.0, 6.0
_FEWEST_BANDS = 6


def bands_of(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The power of each moment and band.

    Args:
        samples: One channel, at SAMPLE_RATE, full scale 1.

    Returns:
        Of shape (moments, bands); the first moment is the first WINDOW_SAMPLES.
    """
    import numpy as np

    if len(samples) < WINDOW_SAMPLES:
        return np.zeros((0, _BANDS), np.float32)
    edges = np.geomspace(_LOWEST_HERTZ, _HIGHEST_HERTZ, _BANDS + 1)
    pitches = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / SAMPLE_RATE)
    inside = (pitches[:, None] >= edges[:-1]) & (pitches[:, None] < edges[1:])
    empty = np.flatnonzero(~inside.any(axis=0))  # narrower than a step of the transform
    inside[np.abs(pitches[:, None] - (edges[empty] + edges[empty + 1]) / 2).argmin(axis=0), empty] = True
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::STEP_SAMPLES]
    spectra = np.abs(np.fft.rfft(windows * np.hanning(WINDOW_SAMPLES).astype(np.float32))) ** 2
    return (spectra @ inside / WINDOW_SAMPLES).astype(np.float32)


def decibels(powers: NDArray[np.float32]) -> Bands:
    import numpy as np

    found: Bands = (10 * np.log10(powers + _NOTHING)).astype(np.float32)
    return found


def is_silent(bands: Bands) -> bool:
    return not len(bands) or float(bands.max()) < SILENT_DECIBELS


def slowed_bands(bands: Bands, speed: float) -> Bands:
    """What they would be if it were played as slowly as the other."""
    import numpy as np

    at = np.clip(np.arange(round(len(bands) * speed)) / speed, 0, len(bands) - 1)
    before = at.astype(np.intp)
    share = (at - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(bands) - 1)
    mixed: Bands = bands[before] * (1 - share) + bands[after] * share
    return mixed


def first_difference(first: Bands, second: Bands, offset_steps: int) -> float | None:
    """The second of the first at which something else is heard in the second; None when all is the same.

    Args:
        offset_steps: About where the second starts in the first.
    """
    start, end = max(0, offset_steps), min(len(first), offset_steps + len(second))
    if end - start < _FEWEST_STEPS:
        return None
    import numpy as np

    quiet = max(float(first.max()), float(second.max())) - _QUIET_DECIBELS
    parts = np.linspace(start, end, max(1, round((end - start) / _PART_STEPS)) + 1).astype(int)
    offset = offset_steps
    for earliest, latest in pairwise(parts.tolist()):
        offset = _best_offset(first, second, earliest, latest, offset)
        begin, stop = max(earliest, offset), min(latest, offset + len(second))
        if stop - begin < _FEWEST_STEPS:
            continue
        place = _place_of_difference(first[begin:stop], second[begin - offset : stop - offset], quiet)
        if place is not None:
            return float(begin + place) * STEP_SECONDS
    return None


def _best_offset(first: Bands, second: Bands, begin: int, stop: int, offset: int) -> int:
    """Where the second starts in the first, by the part between two steps of it."""
    import numpy as np

    best, found = -1.0, offset
    for tried in sorted(range(offset - _REACH_STEPS, offset + _REACH_STEPS + 1), key=lambda one: abs(one - offset)):
        left, right = max(begin, tried), min(stop, tried + len(second))
        if right - left < max(_FEWEST_STEPS, (stop - begin) // 2):
            continue
        one, other = _above_noise(first[left:right]), _above_noise(second[left - tried : right - tried])
        one, other = one - one.mean(), other - other.mean()
        length = float(np.sqrt((one**2).sum() * (other**2).sum()))
        alike = float((one * other).sum()) / length if length else 0.0
        if alike > best + 1e-4:
            best, found = alike, tried
    return found


def _above_noise(bands: Bands) -> Bands:
    import numpy as np

    found: Bands = np.maximum(bands, bands.max() - _QUIET_DECIBELS)
    return found


def _place_of_difference(one: Bands, other: Bands, quiet: float) -> int | None:
    """The step at which two sounds that lie over each other differ; None where none does."""
    import numpy as np
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    one, other = (decibels(uniform_filter1d(10 ** (bands / 10), _SMOOTHED_STEPS, axis=0)) for bands in (one, other))
    other = other + _level(one, other)
    top = np.maximum(one, other)
    near = maximum_filter1d(top.max(axis=1), _NEARBY_STEPS) - _MASKED_DECIBELS
    floor = np.maximum(near, max(quiet, float(top.max()) - _QUIET_DECIBELS))[:, None]
    apart = np.abs(np.maximum(one, floor) - np.maximum(other, floor))
    usual = float(np.median(apart.sum(axis=1) / np.maximum((top > floor).sum(axis=1), _FEWEST_BANDS)))
    limit = min(_MOST_DECIBELS, _LEAST_DECIBELS + _PER_USUAL * usual)
    inside = apart[_SMOOTHED_STEPS:-_SMOOTHED_STEPS]  # encoders are not themselves where they begin
    for axis, size in enumerate((_PLACE_STEPS, _PLACE_BANDS)):
        # Encoders and filters do with the lowest and the highest band as they like: alone these count for less.
        inside = uniform_filter1d(inside, size, axis=axis, mode="constant")
    worst = inside.max(axis=1)
    return int(worst.argmax()) + _SMOOTHED_STEPS if len(worst) and float(worst.max()) > limit else None


def _level(one: Bands, other: Bands) -> NDArray[np.float32]:
    """How much louder the first is, in each band."""
    import numpy as np

    loud = (one.max(axis=1) > one.max() - 35) & (other.max(axis=1) > other.max() - 35)
    if not loud.any():
        return np.zeros(one.shape[1], np.float32)
    louder = np.median((one - other)[loud], axis=0)
    level = np.median(louder)
    found: Bands = (level + np.clip(louder - level, -_TONE_DECIBELS, _TONE_DECIBELS)).astype(np.float32)
    return found
