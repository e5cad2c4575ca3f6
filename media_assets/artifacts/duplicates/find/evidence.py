"""A row of the index with its arrays unpacked, and the few frames of it by which candidates are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, SIDE, unpacked
from media_assets.artifacts.duplicates.settings import HashAlgorithm
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.info import MediaKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_FRAMES = 8
_NEIGHBOURHOOD_SECONDS = 3.0
_DISTINCT_BITS = 6
STILLS = (1 / 6, 1 / 2, 5 / 6)
"""Shares of the frames of a video at which small pictures of it are kept."""


class SmallPicture(NamedTuple):
    """A small picture of a video."""

    place: int
    """Which frame it is, among those that have codes."""
    picture: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a file is compared by."""

    kind: MediaKind
    algorithm: HashAlgorithm
    interval_seconds: float
    codes: NDArray[np.uint64]
    motion: NDArray[np.uint8]
    packed_thumbnail: str
    sound: NDArray[np.uint32]
    item_seconds: float
    packed_stills: str = ""
    seconds: float = 0.0
    """How long it takes; 0 where that is not known."""

    @property
    def thumbnail(self) -> NDArray[np.float32] | None:
        """Unpacked when it is asked for: of a large library only few are ever compared."""
        return _standardised(self.packed_thumbnail) if self.packed_thumbnail else None

    @property
    def stills(self) -> list[SmallPicture]:
        """Small pictures of a video, those in which there is something to see."""
        import numpy as np

        pixels = unpacked(self.packed_stills, "u1").reshape(-1, SIDE, SIDE).astype(np.float32)
        places = (int(len(self.codes) * share) for share in STILLS)
        return [
            SmallPicture(place, picture)
            for place, picture in zip(places, pixels, strict=False)
            if self.codes[place] != NO_PICTURE
        ]

    @property
    def picture_seconds(self) -> float:
        return len(self.codes) * self.interval_seconds


def evidence_of(row: DedupRow) -> Evidence:
    """Unpack a row."""
    import numpy as np

    frames, audio = row.frames, row.audio
    return Evidence(
        kind=row.kind,
        algorithm=cast(HashAlgorithm, frames.algorithm if frames else "phash"),
        interval_seconds=frames.interval_seconds if frames else 0.0,
        codes=unpacked(frames.codes if frames else "", "<u8").astype(np.uint64, copy=False),
        motion=unpacked(frames.motion if frames else "", "u1").astype(np.uint8, copy=False),
        packed_thumbnail=frames.thumbnail if frames else "",
        packed_stills=frames.stills if frames else "",
        sound=unpacked(audio.values if audio else "", "<u4").astype(np.uint32, copy=False),
        item_seconds=audio.item_seconds if audio else 0.0,
        seconds=row.duration_seconds or 0.0,
    )


def _standardised(thumbnail: str) -> NDArray[np.float32]:
    """Brightness with mean 0 and deviation 1: a copy that is a little brighter or flatter stays the same."""
    import numpy as np

    pixels = unpacked(thumbnail, "u1").astype(np.float32)
    side = int(np.sqrt(len(pixels)))
    standard: NDArray[np.float32] = (pixels - pixels.mean()) / max(1.0, float(pixels.std()))
    return standard.reshape(side, side)


def key_frames(evidence: Evidence) -> NDArray[np.uint64]:
    """At most KEY_FRAMES different codes that a trimmed or re-encoded copy has too.

    Frames are taken where the picture changes least around them: there the copy's frames, taken some tenths of a
    second earlier or later, show the same. In a clip of some seconds they are nearer to each other: of two or three a
    copy may have none.
    """
    import numpy as np

    codes = evidence.codes
    if len(codes) == 1:
        return codes if codes[0] != NO_PICTURE else codes[:0]
    if len(codes) < 3 or not evidence.interval_seconds:
        return np.unique(codes[codes != NO_PICTURE])
    ahead = np.bitwise_count(codes[1:] ^ codes[:-1]).astype(np.int32)
    change = np.concatenate([ahead[:1], np.maximum(ahead[1:], ahead[:-1]), ahead[-1:]])
    change[codes == NO_PICTURE] = 64
    free = codes != NO_PICTURE
    apart_seconds = min(_NEIGHBOURHOOD_SECONDS, evidence.picture_seconds / (2 * KEY_FRAMES))
    reach = max(1, round(apart_seconds / evidence.interval_seconds))
    chosen: list[int] = []
    while len(chosen) < KEY_FRAMES and free.any():
        place = int(np.where(free, change, 65).argmin())
        chosen.append(place)
        free[max(0, place - reach) : place + reach + 1] = False
        free &= np.bitwise_count(codes ^ codes[place]) > _DISTINCT_BITS
    return codes[chosen]
