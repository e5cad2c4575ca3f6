"""Which pieces are of one voice, when nobody has said how many voices there are.

The pieces of a part of the recording are put together from below, those nearest first, until no two groups are alike
any more. The groups of all parts are put together in the same way, now by how near their pieces are to each other
compared with how near they are within each group: in a room with much noise, or with a voice that changes, both are
less. Pieces that share sound are near for that reason, so such pairs do not count. What is left and was heard for some
seconds is a voice.

The limits were chosen on recordings of meetings and on half of the made voices of benchmarks/speakers.py, and hold for
the embeddings of `network`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.embedding import PIECE_FRAMES, Pieces

if TYPE_CHECKING:
    import numpy as np

FRAMES_A_SECOND = 100
_LEAST_HEARD_FRAMES = 100
"""What was heard for less says too little of a voice to begin a group."""
_LEAST_GROUP_SECONDS = 2.0
"""What is heard for less in a part is left out at once: moments in which two speak at once add up in an hour."""
_SHARED_FRAMES = PIECE_FRAMES + 10
"""Pieces that begin within this share sound, or nearly."""
_LEAST_COUNTED = 0.2
"""The share of pairs that has to count for their mean to say something."""
_PIECES_AT_ONCE = 1000
_USUAL_WITHIN = 0.78
"""Mean cosine of two pieces of one voice, where a recording does not tell its own."""


@dataclass(frozen=True)
class VoiceLikeness:
    """From which cosine on two are of one voice.

    Pieces of 1.6 s of one voice: 0.79 in the middle, 0.64 to 0.86 for 9 of 10; of two voices in one room: 0.65, 0.51 to
    0.73. The mean between two groups of one voice, divided by that within them: 0.90 and above for 19 of 20; of two
    voices: 0.82 and below for 19 of 20, 0.90 at most.
    """

    of_pieces: float = 0.70
    of_groups: float = 0.91
    least_seconds: float = 3.0
    """Who is heard for less is taken for the nearest of the others."""

    def stricter(self) -> VoiceLikeness:
        return VoiceLikeness(self.of_pieces + 0.04, self.of_groups + 0.02, max(1.0, self.least_seconds - 0.5))


@dataclass(frozen=True)
class Groups:
    """Groups of pieces: the sum of their embeddings, each by its seconds, and the seconds.

    Of pairs of pieces that share sound, one of each of two groups, the sum of their cosines and of their weights.
    """

    sums: np.ndarray
    seconds: np.ndarray
    shared: np.ndarray
    shared_weights: np.ndarray

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def middles(self) -> np.ndarray:
        return unit(self.sums)

    def only(self, kept: np.ndarray) -> Groups:
        return Groups(
            self.sums[kept], self.seconds[kept], self.shared[kept][:, kept], self.shared_weights[kept][:, kept]
        )


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each vector at length 1; a zero stays one."""
    import numpy as np

    result: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return result


def groups_of_part(pieces: Pieces, likeness: VoiceLikeness) -> Groups:
    """The groups of a part of a recording that were heard for two seconds or more; the largest in any case."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage

    chosen = pieces.heard >= _LEAST_HEARD_FRAMES
    if not chosen.any():
        chosen = pieces.heard > 0
    if chosen.sum() > 1:
        tree = linkage(pieces.embeddings[chosen].astype(np.float64), method="average", metric="cosine")
        labels = fcluster(tree, 1 - likeness.of_pieces, "distance") - 1
    else:
        labels = np.zeros(1, np.int64)
    return _without_small(grouped(pieces, chosen, labels), min(_LEAST_GROUP_SECONDS, likeness.least_seconds))


def grouped(pieces: Pieces, chosen: np.ndarray, labels: np.ndarray) -> Groups:
    """The groups that labels 0, 1 … make of the chosen pieces; a label that nothing has is a group without seconds."""
    import numpy as np

    embeddings = pieces.embeddings[chosen]
    seconds = pieces.frames[chosen] / FRAMES_A_SECOND
    starts = pieces.starts[chosen]
    count = int(labels.max()) + 1
    sums = np.zeros((count, embeddings.shape[1]))
    for some in _blocks(len(embeddings)):
        np.add.at(sums, labels[some], embeddings[some].astype(np.float64) * seconds[some, None])
    shared, weights = np.zeros((count, count)), np.zeros((count, count))
    for lag in range(len(starts)):
        first = np.flatnonzero(starts[lag:] - starts[: len(starts) - lag] < _SHARED_FRAMES)
        if not len(first):
            break
        second = first + lag
        weight = seconds[first] * seconds[second]
        cosines = _products(embeddings, first, second) * weight
        for one, other in ((first, second), (second, first))[: 1 if lag == 0 else 2]:
            np.add.at(shared, (labels[one], labels[other]), cosines)
            np.add.at(weights, (labels[one], labels[other]), weight)
    return Groups(sums, np.bincount(labels, seconds, count), shared, weights)


def _products(embeddings: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The product of the embeddings of each pair of pieces, in 64 bit."""
    import numpy as np

    found = np.empty(len(first))
    for some in _blocks(len(first)):
        pair = (embeddings[which[some]].astype(np.float64) for which in (first, second))
        np.einsum("ij,ij->i", *pair, out=found[some])
    return found


def _blocks(count: int) -> Iterator[slice]:
    """Some pieces after the other: in 64 bit all would be 18 MB an hour, three times."""
    return (slice(start, start + _PIECES_AT_ONCE) for start in range(0, count, _PIECES_AT_ONCE))


def all_groups(parts: Sequence[Groups]) -> Groups:
    """The groups of several parts, beside each other. Pieces of different parts share no sound."""
    import numpy as np
    from scipy.linalg import block_diag

    return Groups(
        np.concatenate([part.sums for part in parts]),
        np.concatenate([part.seconds for part in parts]),
        block_diag(*(part.shared for part in parts)),
        block_diag(*(part.shared_weights for part in parts)),
    )


def voices_among(groups: Groups, likeness: VoiceLikeness, most: int | None = None) -> Groups:
    """Put together what is of one voice, and leave out who is heard for too short a time to be told from others.

    Args:
        most: How many voices there are at most.
    """
    kept = _without_small(_put_together(groups, likeness), likeness.least_seconds)
    return _put_together(kept, likeness, most)


def _put_together(groups: Groups, likeness: VoiceLikeness, most: int | None = None) -> Groups:
    """Two by two, the nearest first, as long as they are alike or there are more than may be."""
    import numpy as np

    sums, seconds = groups.sums.copy(), groups.seconds.copy()
    shared, weights = groups.shared.copy(), groups.shared_weights.copy()
    products, within = sums @ sums.T, np.full(len(seconds), _USUAL_WITHIN)

    def mean(row: int) -> np.ndarray:
        """The mean cosine of a piece of one group with one of each: of pairs that share no sound, if there are any."""
        pairs = seconds[row] * seconds
        counted = pairs - weights[row]
        enough = counted > _LEAST_COUNTED * pairs
        everything = products[row] / np.maximum(pairs, 1e-12)
        result: np.ndarray = np.where(
            enough, (products[row] - shared[row]) / np.where(enough, counted, 1.0), everything
        )
        within[row] = result[row] if enough[row] else _USUAL_WITHIN
        return result

    between = np.array([mean(row) for row in range(len(seconds))]).reshape(len(seconds), len(seconds))
    near = between / np.sqrt(within[:, None] * within)
    np.fill_diagonal(near, -1.0)
    for left in range(len(seconds), 1, -1):
        first, second = sorted(map(int, np.unravel_index(int(near.argmax()), near.shape)))
        if near[first, second] < likeness.of_groups and (most is None or left <= most):
            break
        for matrix in (shared, weights, products):
            matrix[first] += matrix[second]
            matrix[:, first] += matrix[:, second]
        sums[first] += sums[second]
        seconds[first] += seconds[second]
        sums[second], seconds[second] = 0.0, 0.0
        row = mean(first)
        near[first] = row / np.sqrt(within[first] * within)
        near[first, (seconds == 0.0) | (np.arange(len(seconds)) == first)] = -1.0
        near[:, first] = near[first]
        near[second] = near[:, second] = -1.0
    return Groups(sums, seconds, shared, weights).only(seconds > 0.0)


def _without_small(groups: Groups, least_seconds: float) -> Groups:
    import numpy as np

    kept = groups.seconds >= least_seconds
    if len(kept) and not kept.any():
        kept[int(np.argmax(groups.seconds))] = True
    return groups.only(kept)
