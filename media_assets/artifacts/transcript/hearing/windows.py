"""Hours of audio in windows of minutes: memory stays bounded, and a crash costs one window at most.

What belongs here: cutting a stream of samples where nobody speaks, handing the windows to an engine, and keeping what
it heard in the journal. What a window's sound means is the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.value import LanguageStretch, TranscriptSegment
from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole
from media_assets.base.freed_memory import give_back_freed_memory
from media_assets.base.model import Model
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np

SAMPLE_RATE = 16_000
"""Samples per second; what both engines were trained on."""
SAMPLE_BYTES = 2
_FRAME = SAMPLE_RATE // 100


@dataclass(frozen=True)
class WindowLength:
    """A window ends at its quietest moment between these two, in seconds.

    The defaults hold some 16 of Whisper's 30 second pieces, enough to fill its batches, in 60 MB at most.
    """

    shortest_seconds: float = 480.0
    longest_seconds: float = 600.0


@dataclass(frozen=True)
class Window:
    """A part of the audio that an engine takes in at once."""

    start_sample: int
    pcm: bytes
    """Mono, signed 16 bit, little-endian."""

    @property
    def samples(self) -> int:
        return len(self.pcm) // SAMPLE_BYTES

    @property
    def duration_seconds(self) -> float:
        return self.samples / SAMPLE_RATE

    def audio(self) -> np.ndarray:
        """The samples from -1 to 1, 32 bit: a new array, twice as large as `pcm`."""
        import numpy as np

        samples = np.frombuffer(self.pcm, dtype="<i2").astype(np.float32)
        samples /= 32768.0
        return samples


class Heard(Model):
    """What an engine heard in one window. Times are seconds from the start of the window."""

    segments: tuple[TranscriptSegment, ...] = ()
    language: str | None = None
    """ISO 639-1 code of most of it; None when nothing was there to tell it from."""
    languages: tuple[LanguageStretch, ...] = ()
    """Which is spoken when, in order of time; empty where none was detected."""
    sure_language: str | None = None
    """The last that was detected surely: what is unsure in the windows behind is taken for it."""
    dropped: dict[str, int] = Field(default_factory=dict)
    lacking: dict[str, int] = Field(default_factory=dict)
    """How much of what an engine left out of its answer and was done without."""
    remarks: dict[str, int] = Field(default_factory=dict)
    """What became of how many pieces that a person should know of: "were …"."""
    dropped_seconds: float = 0.0
    speech_seconds: float = 0.0
    """How much of the window voice activity detection took for speech; 0 where it was not asked."""
    cost_usd: float = 0.0
    """What an engine that costs money was paid for this window."""


class FinishedWindow(Model):
    """An entry of the journal. Times of the segments are seconds from the start of the audio."""

    start_sample: int
    samples: int
    heard: Heard


Hear = Callable[[Window, str | None, Callable[[float], None]], Heard]
"""Called with a window, the last language that was detected surely in those before, and what receives the fraction of
the window that is done."""


def transcribe_windows(
    pcm: Iterator[bytes],
    work: Work,
    *,
    duration_seconds: float,
    length: WindowLength,
    hear: Hear,
    parts: Callable[[Window], Iterable[Window]] = lambda window: (window,),
) -> list[Heard]:
    """Let an engine hear the audio window by window; windows that the journal holds are not heard again.

    The audio in front of the first missing window is decoded and thrown away: that takes seconds per hour, and is exact
    to the sample in every container, which seeking is not.

    Args:
        pcm: Mono, signed 16 bit, little-endian, at `SAMPLE_RATE`; closed at the end if it is a generator.
        work: Its journal, when there is one, receives every window as it is finished.
        duration_seconds: For progress only.
        length: How long windows are. A journal made with another length is still of use.
        parts: The windows in which a window is heard, one after the other without gap.

    Returns:
        By window, what was heard, with times in seconds from the start of the audio.
    """
    finished = list(_stored(work.journal))
    sure = next((window.heard.sure_language for window in reversed(finished) if window.heard.sure_language), None)
    position = sum(window.samples for window in finished)
    with ExitStack() as stack:
        if isinstance(pcm, Generator):
            stack.enter_context(closing(pcm))
        rest = _skip(pcm, position * SAMPLE_BYTES)
        for window in chain.from_iterable(map(parts, cut_windows(rest, length, start_sample=position))):
            work.check()
            heard = hear(window, sure, _progress(work, window, duration_seconds))
            sure = heard.sure_language or sure
            finished.append(_finish(window, heard))
            _store(work.journal, len(finished) - 1, finished[-1])
            give_back_freed_memory()
    return [window.heard for window in finished]


def cut_windows(pcm: Iterable[bytes], length: WindowLength, *, start_sample: int = 0) -> Iterator[Window]:
    """Windows one after the other without gap or overlap; only the last may be shorter than `length`."""
    shortest, longest = (round(s * SAMPLE_RATE) for s in (length.shortest_seconds, length.longest_seconds))
    pending = bytearray()
    for chunk in pcm:
        pending += chunk
        while len(pending) >= longest * SAMPLE_BYTES:
            samples = quietest_moment(pending, shortest, longest)
            with memoryview(pending) as everything:
                window = Window(start_sample, bytes(everything[: samples * SAMPLE_BYTES]))
            del pending[: samples * SAMPLE_BYTES]  # before the window is heard, so that it is in memory once
            yield window
            start_sample += samples
    if pending:
        yield Window(start_sample, bytes(pending))


def quietest_moment(pcm: bytes | bytearray, earliest: int, latest: int, stretch_seconds: float = 0.5) -> int:
    """The middle of the stretch with the least energy between two samples; of equals the first.

    Args:
        pcm: Mono, signed 16 bit, little-endian.
        earliest: The stretch begins at this sample or later …
        latest: … and ends at this one or earlier.
        stretch_seconds: How long the stretch is; shorter when there is less between the two samples.

    Returns:
        A sample's number, within the two.
    """
    import numpy as np

    count = (latest - earliest) // _FRAME
    if count < 1:
        return latest
    samples = np.frombuffer(pcm, dtype="<i2", count=count * _FRAME, offset=earliest * SAMPLE_BYTES)
    energy = np.square(samples.reshape(count, _FRAME), dtype=np.float32).sum(axis=1, dtype=np.float64)
    frames = min(count, max(1, round(stretch_seconds * SAMPLE_RATE / _FRAME)))
    sums = np.concatenate(([0.0], np.cumsum(energy)))
    quietest = int(np.argmin(sums[frames:] - sums[:-frames]))
    return earliest + quietest * _FRAME + frames * _FRAME // 2


def _skip(pcm: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    for chunk in pcm:
        if size_bytes < len(chunk):
            yield chunk[size_bytes:]
        size_bytes = max(0, size_bytes - len(chunk))


def _progress(work: Work, window: Window, duration_seconds: float) -> Callable[[float], None]:
    start = window.start_sample / SAMPLE_RATE

    def report(fraction: float) -> None:
        work.check()
        if duration_seconds > 0:
            work.report(min(1.0, (start + fraction * window.duration_seconds) / duration_seconds))

    return report


def _finish(window: Window, heard: Heard) -> FinishedWindow:
    segments = place(
        heard.segments,
        offset_seconds=window.start_sample / SAMPLE_RATE,
        duration_seconds=window.duration_seconds,
    )
    return FinishedWindow(
        start_sample=window.start_sample,
        samples=window.samples,
        heard=heard.model_copy(update={"segments": segments, "languages": _later(heard.languages, window)}),
    )


def _later(languages: Sequence[LanguageStretch], window: Window) -> tuple[LanguageStretch, ...]:
    start = window.start_sample / SAMPLE_RATE
    return tuple(
        one.model_copy(
            update={
                "start_seconds": round(start + one.start_seconds, 3),
                "end_seconds": round(start + min(one.end_seconds, window.duration_seconds), 3),
            }
        )
        for one in languages
    )


def _stored(journal: Path | None) -> Iterator[FinishedWindow]:
    """The windows from the start of the audio up to the first that is missing or cannot be read."""
    position = 0
    index = 0
    while journal is not None:
        try:
            window = FinishedWindow.model_validate_json(read_if_file(_path(journal, index)) or b"")
        except (FileNotFoundError, ValidationError):
            return
        if window.start_sample != position:
            return
        yield window
        position += window.samples
        index += 1


def _store(journal: Path | None, index: int, window: FinishedWindow) -> None:
    """Written whole or not at all, and on the disk when this returns."""
    if journal is None:
        return
    write_whole(_path(journal, index), window.model_dump_json().encode(), mode=PRIVATE_MODE)


def _path(journal: Path, index: int) -> Path:
    return journal / f"window-{index:05d}.json"
