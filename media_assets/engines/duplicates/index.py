"""Which files may be near duplicates of a given one: neighbour queries over the codes of all files.

Pictures: `faiss.IndexBinaryMultiHash` looks codes up by parts of their bits; any two codes that differ in less bits
than there are parts are found for certain, most that differ in a few more too. Sound: equal 32 bit values, of which the
same part is taken from every file because their own bits decide. Candidates are only candidates: `compare` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.engines.duplicates import audio_prints
from media_assets.engines.duplicates.codes import ORIENTATIONS, oriented
from media_assets.engines.duplicates.evidence import Evidence, key_frames
from media_assets.models import MediaKind
from media_assets.settings_duplicates import SimilaritySettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PARTS = {MediaKind.IMAGE: (5, 12), MediaKind.VIDEO: (4, 16)}
"""Parts and bits of each: an image has one chance to be found, a video has several and many more codes. Measured on
270,000 codes: 18 and 2.5 µs a query; the exhaustive index takes 88, usearch's graph 85 and 44 s to build."""
_SEARCHED_BITS = 9
_SAMPLED_VALUES = 256
"""At most so many values of a sound are looked up."""
_FEWEST_SHARED_VALUES = 2


class Candidate(NamedTuple):
    file: int
    orientation: int | None
    """How that file is turned against the one that asks; None when it was found by its sound."""


class PictureIndex:
    """The key frames of files of one kind, hashed by one algorithm."""

    def __init__(
        self, files: Sequence[int], evidence: Sequence[Evidence], kind: MediaKind, limits: SimilaritySettings
    ) -> None:
        import faiss
        import numpy as np

        self._algorithm = evidence[files[0]].algorithm
        self._turns = range(len(ORIENTATIONS)) if limits.orientations else range(1)
        keys = [key_frames(evidence[file]) for file in files]
        codes = np.concatenate(keys)
        owners = np.repeat(np.array(files, np.int32), [len(own) for own in keys])
        if kind is MediaKind.VIDEO:
            kept = ~np.isin(codes, _common(codes, limits.common_frame_files))
            codes, owners = codes[kept], owners[kept]
        self._codes, self._owners = codes, owners
        self._index = faiss.IndexBinaryMultiHash(64, *_PARTS[kind])
        self._index.add(codes.view(np.uint8).reshape(-1, 8))

    def candidates(self, files: Sequence[int]) -> dict[int, list[Candidate]]:
        """Per file that asks, the files that share frames with it, those that share most first."""
        import numpy as np

        own = np.isin(self._owners, files)
        codes, owners = self._codes[own], self._owners[own]
        if not codes.size:
            return {}
        asked = np.concatenate([oriented(codes, self._algorithm, turn) for turn in self._turns])
        limits, _, found = self._index.range_search(asked.view(np.uint8).reshape(-1, 8), _SEARCHED_BITS)
        who = np.repeat(np.arange(len(asked)), np.diff(limits.astype(np.int64)))
        return self._ranked(owners[who % len(codes)], self._owners[found], who // len(codes))

    def _ranked(
        self, askers: NDArray[np.int32], found: NDArray[np.int32], orientations: NDArray[np.intp]
    ) -> dict[int, list[Candidate]]:
        import numpy as np

        other = askers != found
        table = np.stack([askers[other], found[other], orientations[other]], axis=1)
        pairs, votes = np.unique(table, axis=0, return_counts=True)
        ranked: dict[int, list[Candidate]] = {}
        for asker, file, orientation in pairs[np.lexsort((-votes, pairs[:, 0]))].tolist():
            ranked.setdefault(asker, []).append(Candidate(file, orientation))
        return ranked


class SoundIndex:
    """The fingerprints of files with sound."""

    def __init__(self, files: Sequence[int], evidence: Sequence[Evidence], limits: SimilaritySettings) -> None:
        import numpy as np

        self._sampled = {file: _sampled(evidence[file].sound) for file in files}
        values = np.concatenate([np.zeros(0, np.uint32), *self._sampled.values()])
        owners = np.repeat(np.array(files, np.int32), [len(own) for own in self._sampled.values()])
        kept = ~np.isin(values, _common(values, limits.common_frame_files))
        order = np.argsort(values[kept], kind="stable")
        self._values, self._owners = values[kept][order], owners[kept][order]

    def candidates(self, file: int) -> Iterator[Candidate]:
        """The files that share moments of sound with one, those that share most first."""
        import numpy as np

        own = self._sampled.get(file)
        if own is None:
            return
        left, right = (np.searchsorted(self._values, own, side) for side in ("left", "right"))
        counts = right - left
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found, votes = np.unique(self._owners[np.repeat(left, counts) + steps], return_counts=True)
        for place in np.argsort(-votes, kind="stable"):
            if votes[place] >= min(_FEWEST_SHARED_VALUES, len(own)) and found[place] != file:
                yield Candidate(int(found[place]), None)


def _sampled(sound: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Different audible values, of a long sound a part: that with the least mixed bits, the same in every file."""
    import numpy as np

    values: NDArray[np.uint32] = np.unique(sound[audio_prints.audible(sound)])
    # Multiplicative hashing (Knuth, volume 3, 6.4): the values themselves are not evenly spread.
    mixed = values * np.uint32(2654435761)
    limit = 1 << 32
    while np.count_nonzero(mixed < limit) > _SAMPLED_VALUES:
        limit //= 2
    return values[mixed < limit]


def _common(values: NDArray[np.generic], most_files: int) -> NDArray[np.generic]:
    """What more files have than candidates should be found by. Within a file the values differ."""
    import numpy as np

    different, counts = np.unique(values, return_counts=True)
    common: NDArray[np.generic] = different[counts > most_files]
    return common
