"""Which pieces are of one voice, when nobody has said how many voices there are.

The pieces of a part of the recording are put together from below, those nearest first, until no two groups are alike
any more. The groups of all parts are put together in the same way, now by their middles: a middle of many pieces is
free of what single ones have by chance, so that two middles of one voice are much nearer than two of its pieces. What
is left and was heard for some seconds is a voice.

The limits were chosen on recordings of meetings and on half of the made voices of benchmarks/speakers.py, and hold for
the embeddings of `network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.embedding import Pieces

if TYPE_CHECKING:
    import numpy as np

FRAMES_A_SECOND = 100
_LEAST_HEARD_FRAMES = 100
"""What was heard for less says too little of a voice to begin a group."""
_LEAST_GROUP_SECONDS = 1.0


@dataclass(frozen=True)
class VoiceLikeness:
    """From which cosine on two are of one voice.

    Pieces of 1.6 s of one voice: 0.79 in the middle, 0.64 to 0.86 for 9 of 10; of two voices in one room: 0.65, 0.51 to
    0.73. Middles of one voice, each of 5 s or more: 0.87 and above; of two: 0.80 and below for 19 of 20.
    """

    of_pieces: float = 0.70
    of_middles: float = 0.84
    least_seconds: float = 3.0
    """Who is heard for less is taken for the nearest of the others."""

    def stricter(self) -> VoiceLikeness:
        return VoiceLikeness(self.of_pieces + 0.04, self.of_middles + 0.03, max(1.0, self.least_seconds - 0.5))


@dataclass(frozen=True)
class Groups:
    """Groups of pieces: the sum of their embeddings, each by its seconds, and the seconds."""

    sums: np.ndarray
    seconds: np.ndarray

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def middles(self) -> np.ndarray:
        return unit(self.sums)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each vector at length 1; a zero stays one."""
    import numpy as np

    result: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return result


def groups_of_part(pieces: Pieces, likeness: VoiceLikeness) -> Groups:
    """The groups of a part of a recording that were heard for a second or more; the largest in any case."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage

    chosen = pieces.heard >= _LEAST_HEARD_FRAMES
    if not chosen.any():
        chosen = pieces.heard > 0
    embeddings = pieces.embeddings[chosen].astype(np.float64)
    seconds = pieces.frames[chosen] / FRAMES_A_SECOND
    if len(embeddings) > 1:
        tree = linkage(embeddings, method="average", metric="cosine")
        labels = fcluster(tree, 1 - likeness.of_pieces, "distance") - 1
    else:
        labels = np.zeros(len(embeddings), np.int64)
    return _without_small(summed(embeddings, seconds, labels), min(_LEAST_GROUP_SECONDS, likeness.least_seconds))


def summed(embeddings: np.ndarray, seconds: np.ndarray, labels: np.ndarray) -> Groups:
    """The groups that labels 0, 1 … make; a label that nothing has is a group without seconds."""
    import numpy as np

    count = int(labels.max()) + 1 if len(labels) else 0
    sums = np.zeros((count, embeddings.shape[1]))
    np.add.at(sums, labels, embeddings * seconds[:, None])
    return Groups(sums, np.bincount(labels, seconds, count))


def all_groups(parts: Sequence[Groups]) -> Groups:
    """The groups of several parts, beside each other."""
    import numpy as np

    return Groups(np.concatenate([part.sums for part in parts]), np.concatenate([part.seconds for part in parts]))


def voices_among(groups: Groups, likeness: VoiceLikeness, most: int | None = None) -> Groups:
    """Put together what is of one voice, and leave out who is heard for too short a time to be told from others.

    Args:
        most: How many voices there are at most.
    """
    return _put_together(_without_small(_put_together(groups, likeness), likeness.least_seconds), likeness, most)


def _put_together(groups: Groups, likeness: VoiceLikeness, most: int | None = None) -> Groups:
    """Two by two, the nearest first, as long as they are alike or there are more than may be."""
    import numpy as np

    sums, seconds = groups.sums.copy(), groups.seconds.copy()
    near = unit(sums) @ unit(sums).T
    np.fill_diagonal(near, -1.0)
    left = len(seconds)
    while left > 1:
        first, second = sorted(np.unravel_index(int(near.argmax()), near.shape))
        if near[first, second] < likeness.of_middles and (most is None or left <= most):
            break
        sums[first] += sums[second]
        seconds[first] += seconds[second]
        sums[second], seconds[second] = 0.0, 0.0
        near[first] = unit(sums) @ unit(sums[first])
        gone = seconds == 0.0
        near[first, gone] = near[first, first] = -1.0
        near[:, first] = near[first]
        near[second] = near[:, second] = -1.0
        left -= 1
    kept = seconds > 0.0
    return Groups(sums[kept], seconds[kept])


def _without_small(groups: Groups, least_seconds: float) -> Groups:
    import numpy as np

    kept = groups.seconds >= least_seconds
    if len(kept) and not kept.any():
        kept[int(np.argmax(groups.seconds))] = True
    return Groups(groups.sums[kept], groups.seconds[kept])
