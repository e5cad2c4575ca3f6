"""What ffmpeg tells with `-progress`: how far it is, and whether more was made since it told so before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_COUNTS = (b"frame", b"drop_frames", b"total_size", b"out_time_us")
"""Numbers that grow with work: pictures that were written, such that were decoded and left out, bytes, the furthest
time. One wild time stamp stops the last for good, and holds pictures back; the others go on."""


@dataclass
class FFmpegProgress:
    """Fed with all lines, in order."""

    seconds: float | None = None
    """The position that was told last; None until something was written."""
    _most: dict[bytes, int] = field(default_factory=dict, repr=False)

    def more(self, lines: Sequence[bytes]) -> bool:
        """Whether these lines tell of more than all before."""
        grown = False
        for line in lines:
            key, _, value = line.partition(b"=")
            value = value.strip()
            if key not in _COUNTS or not value.lstrip(b"-").isdigit():  # it is N/A until something was written
                continue
            number = int(value)
            if number > self._most.get(key, 0):
                self._most[key] = number
                grown = True
            if key == b"out_time_us":
                self.seconds = number / 1_000_000
        return grown
