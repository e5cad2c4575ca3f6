"""Where a talk turns to another subject: TextTiling (Hearst 1997) over the sentences' TF-IDF vectors.

Between every two sentences the stretch before is compared with the stretch behind; where their likeness drops deepest
between two peaks, a chapter begins.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any

from media_assets.artifacts.summary.engines.extractive.sentences import Sentence

_MIN_SENTENCES = 4
_MIN_SECONDS = 20.0
_MIN_DEPTH = 0.1
"""How far likeness has to drop at a border, on Hearst's scale of 0 to 2."""
_WINDOW_SENTENCES = (5, 40)
"""Fewest and most sentences that are compared before and behind a border."""
_LONG_SECONDS = 1200.0
"""A talk this long gets chapters of equal length when its subject never turns."""
_EQUAL_SECONDS = 600.0
_ROUNDING = 1e-9
"""What is left of a term when all its weights were taken off again."""


def chapter_starts(sentences: Sequence[Sentence], matrix: Any, max_chapters: int) -> list[int]:
    """Positions of the sentences that begin a chapter; 0 is always the first.

    Args:
        sentences: In order of time.
        matrix: Their vectors, a row each, of unit length.
        max_chapters: How many there may be.
    """
    begin = sentences[0].start_seconds
    seconds = sentences[-1].end_seconds - begin
    apart = max(_MIN_SECONDS, seconds / (3 * max_chapters))
    starts = [0]
    if max_chapters > 1 and len(sentences) >= 2 * _MIN_SENTENCES:
        for position in _drops(matrix, max_chapters):
            borders = [*starts, len(sentences)]
            times = [sentences[i].start_seconds for i in starts] + [sentences[-1].end_seconds]
            far_enough = all(abs(position - border) >= _MIN_SENTENCES for border in borders)
            if far_enough and all(abs(sentences[position].start_seconds - time) >= apart for time in times):
                starts.append(position)
            if len(starts) == max_chapters:
                break
    if len(starts) == 1 and seconds >= _LONG_SECONDS:
        count = min(max_chapters, round(seconds / _EQUAL_SECONDS))
        wanted = [begin + seconds * i / count for i in range(1, count)]
        starts += [min(range(len(sentences)), key=lambda i: abs(sentences[i].start_seconds - t)) for t in wanted]
    return sorted(set(starts))


def _drops(matrix: Any, max_chapters: int) -> list[int]:
    """Positions where likeness is at a low between two peaks, the deepest first."""
    fewest, most = _WINDOW_SENTENCES
    window = min(most, max(fewest, matrix.shape[0] // (2 * max_chapters)))
    likeness = _smoothed(_likeness(matrix, window), max(1, window // 4))
    depths = [_depth(likeness, i) for i in range(len(likeness))]
    threshold = max(_MIN_DEPTH, fmean(depths) + pstdev(depths) / 2)
    order = sorted(range(len(depths)), key=lambda i: -depths[i])
    return [i + 1 for i in order if depths[i] >= threshold]


def _likeness(matrix: Any, window: int) -> list[float]:
    """Cosine of the `window` sentences before each inner border with those behind it; entry i is that before i + 1."""
    indices, data, ends = matrix.indices.tolist(), matrix.data.tolist(), matrix.indptr.tolist()
    rows = [list(zip(indices[a:b], data[a:b], strict=True)) for a, b in pairwise(ends)]
    before: defaultdict[int, float] = defaultdict(float)
    behind: defaultdict[int, float] = defaultdict(float)

    def add(position: int, sums: defaultdict[int, float], sign: int) -> None:
        for term, weight in rows[position] if 0 <= position < len(rows) else ():
            sums[term] += sign * weight

    for position in range(window):
        add(position, behind, 1)
    likeness = []
    for border in range(1, len(rows)):
        add(border - 1, before, 1)
        add(border - 1 - window, before, -1)
        add(border - 1, behind, -1)
        add(border - 1 + window, behind, 1)
        likeness.append(_cosine(before, behind))
    return likeness


def _smoothed(values: Sequence[float], reach: int) -> list[float]:
    """Means over so many neighbours on both sides: single sentences make dents that are no turns."""
    return [fmean(values[max(0, i - reach) : i + reach + 1]) for i in range(len(values))]


def _cosine(a: defaultdict[int, float], b: defaultdict[int, float]) -> float:
    for sums in (a, b):
        for term in [term for term, weight in sums.items() if weight < _ROUNDING]:
            del sums[term]
    product = sum(weight * b[term] for term, weight in a.items() if term in b)
    lengths = math.hypot(*a.values()) * math.hypot(*b.values())
    return product / lengths if lengths else 0.0


def _depth(likeness: Sequence[float], position: int) -> float:
    """How far likeness rises to the next peak on both sides (Hearst's depth score); 0 beside a low."""
    value = likeness[position]
    peaks = []
    for step in (-1, 1):
        peak, i = value, position + step
        while 0 <= i < len(likeness) and likeness[i] >= peak:
            peak, i = likeness[i], i + step
        peaks.append(peak)
    return sum(peaks) - 2 * value if min(peaks) > value else 0.0
