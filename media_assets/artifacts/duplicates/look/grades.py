"""How much two videos really show, measured on frames of both that show the same.

Fine detail: the energy of waves of 2.4 to 5 pixels of the smaller of both sizes. Measured at 640×360 against the file
that a copy was made of: 4 times as much before a coarse encode (x264 at crf 38, MPEG-2 at q 20), also where a fine one
followed it; 1.3 to 2 times as much as after a deinterlacer. What a coarser encode leaves is no wave of the original any
more: the two go together by 0.02 to 0.65 there, and by 0.95 and more where one was sharpened or made smaller and larger
again. Such filters take nothing away for sure, and sharpening adds nothing: they are not counted.

Pixels without detail: behind the finest wave that the smaller size can show, the waves of an enlarged picture have next
to no energy, and what they have is a mirror image of waves of the smaller one. A digital zoom has next to none there
either, and shows more than its copy in half the size all the same: see `_SHOWN_BEYOND`. What was enlarged by repeating
its pixels is not told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look.align import resized

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Grey = NDArray[np.float32]
    Waves = NDArray[np.complex64]

_FINE = (0.4, 0.85)
"""Waves that are fine detail, as shares of the finest one that a size can show."""
_FILTERED = 0.75
"""How far the fine waves of two go together, from 0 to 1, where one is the other behind a filter."""
_NEARLY_AS_LARGE = 1.1
_CLIFFS = ((1.25, 0.25), (1.5, 0.19), (2.0, 0.09))
"""How many times as large one is, and how far the energy of its waves falls where it was enlarged: at near sizes
less. Filters for that (bilinear, bicubic, Lanczos) leave 0.17 at most of what is next to it, at twice the size 0.05;
pictures of that size have 0.43, 0.26 at twice the size."""
_LEAST_ENERGY = 0.02
"""Squares of levels of 255, per wave: fine detail below that is the noise of encoding."""
_LEAST_MORE = 1.0
"""How far, in the same measure, fine detail differs at least where one has more of it: where two copies have 0.4 and
0.8, they are 45.1 and 45.3 dB from the original. What x264 at crf 30 takes is 1.7 and more."""
_NEXT_BELOW, _NEXT_ABOVE = (0.75, 0.95), (1.04, 1.25)
"""Waves at both sides of the finest one that the smaller size can show, in shares of it."""
_SHOWN_BEYOND = 0.3
"""How much energy waves behind that one have which no filter makes of the smaller picture, beside what the smaller one
has before it. Along the better of both axes 0.36 to 3.7 in films with a digital zoom of 1.2 to 1.9 beside their copies
in half and three quarters of the size; 0.21 at most where one was enlarged from such a copy and encoded at crf 8 to 28.
It is up to 0.5 where what was enlarged is blurred itself and was encoded at crf 28: then it is not called enlarged."""
_IMAGES = (0, -1, 1, -2, 2)
"""Which mirror images of its waves an enlarged picture may show, in widths of its own spectrum."""
_LEAST_LINES, _MOST_LINES = 32, 500
_REPEATED, _MIXED = 0.2, 0.5
"""Share of the greatest change close by that a frame has at most which is the one before again; and of the difference
from the mean of its neighbours that its own neighbours have, where it is a mixture of these."""
_AT_REST = 0.03
"""Share of the usual change of a burst, below which nothing moves: a frame that is shown for long."""
_CLOSE_BY = 5
"""Frames around one, with it: of a stretch in which little moves no frame is a repeat, though others move more."""
_MOVING = 0.6
"""Levels of 255 by which frames change where anything moves."""
_FEWEST_FRAMES, _FEWEST_MIXED = 4, 0.35
_COARSE_BLOCK, _FAR_APART = 4, 0.4
"""Mixtures are told in the means of so many pixels of a burst each way, and where the frames around are farther from
the mean of their own neighbours than such a share of what changes. Frames that H.264 predicts from both sides lose
their grain, and in a slow pan they are nearly such mixtures: 30 to 46 of 100 frames pixel by pixel, 13 at most in
these means, in which the frames around are 0.2 to 0.4 of the change away. Where things move by some pixels a frame,
true mixtures are 41 to 55 of 100, the frames around 0.5 and more away; in a slow pan they are not told."""
_CUT = 3.0
"""Times the usual change of a burst, above which a change is a cut to another scene: the frames at both sides lie far
from the mean of their neighbours, beside which any other frame would seem to be a mixture."""
_FEWEST_TOLD = 6
"""Frames of a burst, away from cuts, of which mixtures are counted: of fewer, two by chance are more than such a share.
Bursts with fewer are counted together."""
_MOST_FRAMES, _FLAT = 40, 4.0


def measured(
    pairs: Sequence[tuple[Pixels, Pixels]], bursts: tuple[Sequence[Sequence[Pixels]], Sequence[Sequence[Pixels]]]
) -> Measured:
    """What both show.

    Args:
        pairs: Frames that show the same, upright, without bars, in the sizes of the files.
        bursts: Of each, some bursts of all its frames, in any size.
    """
    usable = [
        (_grey(one), _grey(other)) for one, other in pairs if min(*one.shape[:2], *other.shape[:2]) > _LEAST_LINES
    ]
    fresh = fresh_share(bursts[0]), fresh_share(bursts[1])
    if not usable:
        return Measured(fresh=fresh)
    return Measured(round(_finer(usable), 3), _enlarged(usable), fresh)


def _grey(frame: Pixels) -> Grey:
    import numpy as np

    grey: Grey = frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


def _finer(pairs: Sequence[tuple[Grey, Grey]]) -> float:
    """See `Measured.finer`: along the axis along which the two differ most."""
    rows, columns = (min(pair[side].shape[axis] for pair in pairs for side in (0, 1)) for axis in (0, 1))
    alike = [(resized(one, (columns, rows)), resized(other, (columns, rows))) for one, other in pairs]
    found = [0.0]
    for axis in (0, 1):
        one, other = (_waves([pair[side] for pair in alike], axis) for side in (0, 1))
        fine = _between(one.shape[1], *_FINE)
        energies = _energy(one)[fine], _energy(other)[fine]
        if min(energy.mean() for energy in energies) <= 0 or abs(energies[0] - energies[1]).mean() < _LEAST_MORE:
            continue
        crossed = abs((one * other.conj()).mean(axis=0))[fine] ** 2
        if float((crossed / (energies[0] * energies[1])).mean()) < _FILTERED:
            found.append(math.log2(float(energies[0].mean() / energies[1].mean())))
    return max(found, key=abs)


def _enlarged(pairs: Sequence[tuple[Grey, Grey]]) -> int | None:
    """See `Measured.enlarged`: along each axis along which one is larger there is nothing finer in it."""
    found: set[int | None] = set()
    for axis in (0, 1):
        sizes = [pairs[0][side].shape[axis] for side in (0, 1)]
        larger = int(sizes[1] > sizes[0])
        if max(sizes) > _NEARLY_AS_LARGE * min(sizes):
            frames = [pair[larger] for pair in pairs]
            ends = _has_cliff(frames, axis, min(sizes) / max(sizes))
            small = [pair[1 - larger] for pair in pairs]
            found.add(larger if ends and not _shows_beyond(small, frames, axis) else None)
    return found.pop() if len(found) == 1 else None


def _has_cliff(frames: Sequence[Grey], axis: int, share: float) -> bool:
    """Whether waves end at a share of the finest ones that a size can show."""
    import numpy as np

    waves = _waves(frames, axis)
    energy = _energy(waves)
    far = min(2.0, 1 / share)
    below = energy[_between(waves.shape[1], share / far, 0.97 * share)].mean()
    above = energy[_between(waves.shape[1], 1.03 * share, 0.97 * share * far)].mean()
    times, cliffs = zip(*_CLIFFS, strict=True)
    return bool(below > _LEAST_ENERGY and above < float(np.interp(1 / share, times, cliffs)) * below)


def _shows_beyond(small: Sequence[Grey], large: Sequence[Grey], axis: int) -> bool:
    """Whether the larger of two shows detail just behind the finest wave of the smaller one, which no filter that
    enlarges makes of that one.
    """
    import numpy as np

    one, whole = ([frame if axis else frame.T for frame in frames] for frames in (small, large))
    other = [resized(frame, (frame.shape[1], len(rows))) for frame, rows in zip(whole, one, strict=True)]
    known, shown = _whole_waves(one), _whole_waves(other)
    count, more = known.shape[1], shown.shape[1]
    below = np.arange(*(round(share * count / 2) for share in _NEXT_BELOW))
    above = np.arange(round(_NEXT_ABOVE[0] * count / 2), round(min(_NEXT_ABOVE[1] * count, 0.97 * more) / 2))
    if not below.size or not above.size:
        return False
    images = [(above + image * more) % count for image in _IMAGES]
    apart = [number for number, own in enumerate(images) if all((own != before).all() for before in images[:number])]
    made_of = np.stack([known[:, images[number]] for number in apart], axis=-1).swapaxes(0, 1)
    wanted = shown[:, above].T[..., None]
    turned = made_of.conj().swapaxes(1, 2)
    squares = turned @ made_of
    firm = 1e-6 * np.trace(squares, axis1=1, axis2=2).real[:, None, None] + 1e-9
    left = wanted - made_of @ np.linalg.solve(squares + firm * np.eye(len(apart)), turned @ wanted)
    return float((abs(left) ** 2).mean()) > _SHOWN_BEYOND * float((abs(known[:, below]) ** 2).mean())


def _whole_waves(frames: Sequence[Grey]) -> NDArray[np.complex128]:
    """The waves of all rows, also those that run back; their phases counted from the edge of the first pixel, and
    their energy in the measure of a picture, whatever its size.
    """
    import numpy as np

    rows = np.concatenate(frames).astype(np.float64)
    places = (np.arange(rows.shape[1]) + 0.5) / rows.shape[1]
    window = np.sin(np.pi * places) ** 2
    waves = np.fft.fft((rows - rows.mean(axis=1, keepdims=True)) * window, axis=1)
    turned = np.exp(-1j * np.pi * np.fft.fftfreq(rows.shape[1]))
    found: NDArray[np.complex128] = waves * turned / rows.shape[1]
    return found


def _waves(frames: Sequence[Grey], axis: int) -> Waves:
    """The waves of all lines along an axis."""
    import numpy as np

    turned = [frame if axis else frame.T for frame in frames]
    lines = np.concatenate([frame[:: max(1, len(frame) // _MOST_LINES)] for frame in turned])
    window = np.hanning(lines.shape[1]).astype(np.float32)
    centred = (lines - lines.mean(axis=1, keepdims=True)) * window
    waves: Waves = (np.fft.rfft(centred, axis=1) / math.sqrt(float((window**2).sum()))).astype(np.complex64)
    return waves


def _energy(waves: Waves) -> NDArray[np.float64]:
    energy: NDArray[np.float64] = (abs(waves) ** 2).mean(axis=0, dtype="float64")
    return energy


def _between(count: int, low: float, high: float) -> slice:
    return slice(int(low * count), max(int(low * count) + 1, int(high * count)))


def fresh_share(bursts: Sequence[Sequence[Pixels]]) -> float:
    """See `Measured.fresh`."""
    import numpy as np
    from scipy.ndimage import maximum_filter1d

    shares = list[float]()
    told: list[tuple[float, NDArray[np.bool_]]] = []
    for burst in bursts:
        if len(burst) < 2:
            continue
        frames = np.stack([_grey(frame) for frame in burst])
        change = abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
        usual = float(np.sort(change)[-min(2, len(change))])  # the greatest may be a cut to another scene
        if usual < _MOVING:
            continue
        if len(burst) < _FEWEST_FRAMES:
            shares.append(1.0)  # so few a second are no repeats
            continue
        close_by = np.minimum(usual, maximum_filter1d(change, _CLOSE_BY))
        repeated = float(((change < _REPEATED * close_by) | (change < _AT_REST * usual)).mean())
        told.append((repeated, _are_mixtures(_in_blocks(frames))))
    few = [found for _, found in told if len(found) < _FEWEST_TOLD]
    for repeated, found in told:
        counted = found if len(found) >= _FEWEST_TOLD else np.concatenate(few)
        mixed = float(counted.mean()) if len(counted) >= _FEWEST_TOLD else 0.0
        shares.append(1 - (mixed if mixed > max(_FEWEST_MIXED, repeated) else repeated))
    return round(sum(shares) / len(shares), 3) if shares else 0.0


def _are_mixtures(frames: Grey) -> NDArray[np.bool_]:
    """Whether the frames of a burst are mixtures of their neighbours; those at a cut are left out."""
    import numpy as np

    changes = abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    moved = float(np.median(changes))
    is_cut = changes > _CUT * moved
    is_told = ~(is_cut[:-1] | is_cut[1:])
    apart = abs(frames[1:-1] - (frames[:-2] + frames[2:]) / 2).mean(axis=(1, 2))
    known = np.pad(np.where(is_told, apart, 0), 1)
    around = np.maximum(known[:-2], known[2:])
    are_mixtures: NDArray[np.bool_] = ((apart < _MIXED * around) & (around > _FAR_APART * moved))[is_told]
    return are_mixtures


def _in_blocks(frames: Grey) -> Grey:
    """The means of blocks of frames."""
    count, rows, columns = frames.shape
    high, wide = rows // _COARSE_BLOCK, columns // _COARSE_BLOCK
    inside = frames[:, : high * _COARSE_BLOCK, : wide * _COARSE_BLOCK]
    blocks: Grey = inside.reshape(count, high, _COARSE_BLOCK, wide, _COARSE_BLOCK).mean(axis=(2, 4))
    return blocks


def share_in_frame(bursts: Sequence[Sequence[Pixels]]) -> float:
    """Share of the picture of a video inside a frame whose lines have one colour in all frames; 1 where there is none.

    Args:
        bursts: Some frames of it, of one size.
    """
    import numpy as np

    frames = np.stack([frame for burst in bursts for frame in burst][:_MOST_FRAMES]).astype(np.float32)
    share = 1.0
    for axis in (1, 2):
        others = (0, 3 - axis)
        shown = np.flatnonzero(frames.std(axis=others).max(axis=-1) >= _FLAT)
        if not shown.size:
            return 1.0
        share *= (int(shown[-1]) - int(shown[0]) + 1) / frames.shape[axis]
    return share
