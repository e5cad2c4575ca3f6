"""What other libraries call duplicates: perceptual hashes of pictures, and of the frame in the middle of a video.

Neither library is needed by anything but the benchmark: `pip install imagehash`, `pip install imagededup` (the latter
brings PyTorch, some 5 GB, and has wheels for Python 3.11 and 3.12 alone). Neither has anything for sound. imagededup's
better method, CNN, fetches weights from the network and is not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import av

from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.duplicates.scores import Pair

MOST_BITS = 10
"""Of 64 that may differ: imagededup's `max_distance_threshold` by default, and the usual limit of a pHash (Krawetz,
"Looks Like It", 2011: more than 10 is another picture)."""


def _imagehash() -> Callable[[Path], int]:
    from PIL import Image

    library: Any = import_module("imagehash")

    def code(path: Path) -> int:
        with Image.open(path) as picture:
            return int(str(library.phash(picture)), 16)

    return code


def _imagededup() -> Callable[[Path], int]:
    hasher: Any = import_module("imagededup.methods").PHash(verbose=False)
    return lambda path: int(hasher.encode_image(image_file=str(path)), 16)


_PEERS: dict[str, Callable[[], Callable[[Path], int]]] = {"imagehash": _imagehash, "imagededup": _imagededup}


def peers() -> dict[str, Callable[[Path], int] | None]:
    """The codes of pictures by each library; None where that is not installed."""
    return {name: make() if find_spec(name) else None for name, make in _PEERS.items()}


def called_by(
    code: Callable[[Path], int], pictures: Iterable[Path], videos: Iterable[Path], scratch: Path
) -> set[Pair]:
    """The pairs whose codes differ in few bits."""
    called: set[Pair] = set()
    frames = {path: _middle(path, scratch / f"{path.name}.png") for path in videos}
    for shown in ({path: path for path in pictures}, frames):
        codes = {path: code(picture) for path, picture in shown.items()}
        called |= {
            frozenset(pair)
            for pair in combinations(codes, 2)
            if (codes[pair[0]] ^ codes[pair[1]]).bit_count() <= MOST_BITS
        }
    return called


def _middle(video: Path, picture: Path) -> Path:
    if not picture.exists():
        with av.open(str(video)) as container:
            seconds = (container.duration or 0) / av.time_base / 2
        media.ffmpeg("-ss", f"{seconds:.2f}", "-i", video, "-frames:v", "1", picture)
    return picture
