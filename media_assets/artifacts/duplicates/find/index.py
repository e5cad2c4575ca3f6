"""Which files may be near duplicates of a given one: neighbour queries over the codes of all files.

Pictures: one `faiss.IndexBinaryHash` for each part of the bits; any two codes that differ in less bits than there are
parts are found for certain, most that differ in a few more too. Sound: equal 32 bit values, of which the
same part is taken from every file because their own bits decide. Candidates are only candidates: `compare` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find import audio_prints
from media_assets.artifacts.duplicates.find.codes import ORIENTATIONS, oriented
from media_assets.artifacts.duplicates.find.evidence import Evidence, key_frames
from media_assets.artifacts.duplicates.settings import SimilaritySettings
from media_assets.media.info import MediaKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PARTS = {MediaKind.IMAGE: (5, 12), MediaKind.VIDEO: (4, 16)}
"""Parts and bits of each: an image has one chance to be found, a video has several and many more codes. Measured on
70,000 and 200,000 codes: 0.9 and 1.1 µs a query; `IndexBinaryMultiHash`, which finds the same, takes 6.8 and 3.2."""
_SEARCHED_BITS = 9
_SAMPLED_VALUES = 256
"""How many values of a sound are looked up at most."""
_FEWEST_SHARED_VALUES = 2
_SPAN = 1 << 31
"""More files than this there are not."""


class Candidate(NamedTuple):
    file: int
    orientation: int | None
    """How that file is turned against the one that asks; None when it was found by its sound."""
    is_part: bool = False
    """Whether it may be cut out of the one that asks."""


class PictureIndex:
    """The key frames of files of one kind, hashed by one algorithm."""

    def __init__(
        self, files: Sequence[int], evidence: Sequence[Evidence], kind: MediaKind, limits: SimilaritySettings
    ) -> None:
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
        self._neighbours = Neighbours(codes, *_PARTS[kind])

    def candidates(self, files: Sequence[int]) -> dict[int, list[Candidate]]:
        """The files that share frames with each file that asks, those that share most first."""
        import numpy as np

        own = np.isin(self._owners, files)
        codes, owners = self._codes[own], self._owners[own]
        if not codes.size:
            return {}
        asked = np.concatenate([oriented(codes, self._algorithm, turn) for turn in self._turns])
        who, found = self._neighbours.of(asked)
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


class Neighbours:
    """Codes that differ in few bits, told by parts of them that are equal.

    Args:
        parts, bits: How many parts, and the bits of each.
    """

    def __init__(self, codes: NDArray[np.uint64], parts: int, bits: int) -> None:
        import faiss

        # A query takes a microsecond; its threads would spend more than that on waiting for each other.
        faiss.omp_set_num_threads(1)
        self._count = len(codes)
        # The hash takes the first bits, so each table gets the codes with another part in front.
        self._tables = [(part * bits, faiss.IndexBinaryHash(64, bits)) for part in range(parts)]
        for shift, table in self._tables:
            table.add(_rolled(codes, shift))

    def of(self, asked: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs of places: of a code that was asked for, and of one that differs from it in few bits."""
        import numpy as np

        pairs: list[NDArray[np.int64]] = []
        for shift, table in self._tables:
            limits, _, found = table.range_search(_rolled(asked, shift), _SEARCHED_BITS)
            who = np.repeat(np.arange(len(asked)), np.diff(limits.astype(np.int64)))
            pairs.append(who * self._count + found)
        different = np.unique(np.concatenate(pairs))
        return different // self._count, different % self._count


def _rolled(codes: NDArray[np.uint64], shift: int) -> NDArray[np.uint8]:
    """Codes as faiss takes them, turned so that another bit is the first."""
    import numpy as np

    rolled = (codes >> np.uint64(shift)) | (codes << np.uint64(64 - shift)) if shift else codes
    rows: NDArray[np.uint8] = np.ascontiguousarray(rolled).view(np.uint8).reshape(-1, 8)
    return rows


class SoundIndex:
    """The fingerprints of files with sound: which two share moments is told by sorting the values of all once."""

    def __init__(self, files: Sequence[int], evidence: Sequence[Evidence], limits: SimilaritySettings) -> None:
        import numpy as np

        sampled = [_sampled(evidence[file].sound) for file in files]
        counts = [len(own) for own in sampled]
        # Values in front of their owners: sorted as one number, in place.
        both = np.concatenate([np.zeros(0, np.uint32), *sampled]).astype(np.uint64)
        both <<= np.uint64(32)
        both |= np.repeat(np.array(files, np.uint64), counts)
        both.sort()
        pairs, votes = _shared(both, limits.common_frame_files)
        fewest = np.zeros(max(files, default=0) + 1, np.int64)
        fewest[files] = np.minimum(_FEWEST_SHARED_VALUES, counts)
        askers, found = pairs // _SPAN, pairs % _SPAN
        kept = votes >= fewest[askers]
        askers, found, votes = askers[kept], found[kept], votes[kept]
        ranked = np.lexsort((found, -votes, askers))
        self._found: list[int] = found[ranked].tolist()
        self._starts: list[int] = np.searchsorted(askers[ranked], np.arange(len(fewest) + 1)).tolist()

    def candidates(self, file: int) -> Iterator[Candidate]:
        """The files behind one in order that share moments of sound with it, those that share most first."""
        if file + 1 < len(self._starts):
            for other in self._found[self._starts[file] : self._starts[file + 1]]:
                yield Candidate(other, None)


def _shared(both: NDArray[np.uint64], most_files: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of files that share values, as first · _SPAN + second, and how many they share.

    Args:
        both: Sorted; of each the value, and in the lower half the file that has it, once at most.
        most_files: What more files have is left out.
    """
    import numpy as np

    values = (both >> np.uint64(32)).astype(np.uint32)
    equal = values[1:] == values[:-1]
    twice = np.zeros(len(values), bool)
    twice[1:] |= equal
    twice[:-1] |= equal
    values, owners = values[twice], (both[twice] & np.uint64(_SPAN - 1)).astype(np.int64)
    edges = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]))
    lengths = edges[1:] - edges[:-1]
    shared = np.repeat(lengths <= most_files, lengths)
    values, owners = values[shared], owners[shared]
    pairs: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for step in range(1, most_files):
        same = np.flatnonzero(values[step:] == values[:-step])
        if not same.size:
            break
        pairs.append(owners[same] * _SPAN + owners[same + step])
    return np.unique(np.concatenate(pairs), return_counts=True)


def _sampled(sound: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Different audible values, mixed; of a long sound a part, those with the least bits, the same in every file."""
    import numpy as np

    heard = sound[audio_prints.audible(sound)]
    # Multiplicative hashing (Knuth, volume 3, 6.4): the values themselves are not evenly spread. The factor is odd, so
    # different values stay different.
    mixed = np.sort(heard * np.uint32(2654435761))
    mixed = mixed[np.concatenate(([True], mixed[1:] != mixed[:-1]))] if mixed.size else mixed
    limit = 1 << 32
    while np.searchsorted(mixed, limit) > _SAMPLED_VALUES:
        limit //= 2
    taken: NDArray[np.uint32] = mixed[: np.searchsorted(mixed, limit)]
    return taken


def _common(values: NDArray[np.generic], most_files: int) -> NDArray[np.generic]:
    """What more files have than candidates should be found by. Within a file the values differ."""
    import numpy as np

    different, counts = np.unique(values, return_counts=True)
    common: NDArray[np.generic] = different[counts > most_files]
    return common
