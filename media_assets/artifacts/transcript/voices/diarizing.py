"""Who speaks when, in a recording of any length: heard part by part, then told apart as a whole."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.hearing.windows import SAMPLE_RATE, Window, WindowLength, cut_windows
from media_assets.artifacts.transcript.voices.clustering import (
    FRAMES_A_SECOND,
    Groups,
    VoiceLikeness,
    all_groups,
    grouped,
    groups_of_part,
    unit,
    voices_among,
)
from media_assets.artifacts.transcript.voices.embedding import PIECE_FRAMES, Pieces, joined, pieces_of
from media_assets.artifacts.transcript.voices.mel import FRAME_SAMPLES
from media_assets.artifacts.transcript.voices.network import VoiceNetwork
from media_assets.artifacts.transcript.voices.regions import speech_regions
from media_assets.artifacts.transcript.voices.smoothing import likeliest_voices
from media_assets.artifacts.transcript.voices.value import Diarization, SpokenTurn, Voice
from media_assets.base.freed_memory import give_back_freed_memory
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np

PART_LENGTH = WindowLength(shortest_seconds=240.0, longest_seconds=300.0)
"""Half an engine's window: 20 MB of samples, and at most 750 pieces to be compared with each other."""
_HEARING = 0.97
"""The share of the work that hearing is."""
_SAME_TURN_SECONDS = 0.3
"""A pause of the same voice up to this is no end of its turn."""
_ROUNDS = 2
_STRICTEST = 6


@dataclass(frozen=True)
class SpeakerCount:
    """How many speak at least and at most; None: nobody knows."""

    least: int | None = None
    most: int | None = None


_ANY_COUNT = SpeakerCount()


def diarize(
    pcm: Iterator[bytes],
    work: Work,
    network: VoiceNetwork,
    *,
    duration_seconds: float,
    count: SpeakerCount = _ANY_COUNT,
    threads: int = 1,
) -> Diarization:
    """Tell who speaks when. The same sound gives the same answer, with any number of threads.

    Args:
        pcm: Mono, signed 16 bit, little-endian, 16,000 samples a second; closed at the end if it is a generator.
        duration_seconds: For progress only.
        threads: How many processors to use. Memory is about 100 MB, and 30 MB for each.

    Raises:
        Cancelled: the run was asked to stop.
        TimeLimitExceeded: the file's time is up.
    """
    parts = list(_heard_parts(pcm, work, network, duration_seconds, threads))
    pieces = joined(parts)
    if not len(pieces):
        work.report(1.0)
        return Diarization()
    work.check()
    path, middles = _told_apart(parts, pieces, count, work.check)
    work.report(1.0)
    return _as_value(pieces, path, middles)


def _heard_parts(
    pcm: Iterator[bytes], work: Work, network: VoiceNetwork, duration_seconds: float, threads: int
) -> Iterator[Pieces]:
    with ExitStack() as stack:
        if isinstance(pcm, Generator):
            stack.enter_context(closing(pcm))
        for window in cut_windows(pcm, PART_LENGTH):
            start = window.start_sample / SAMPLE_RATE

            def report(fraction: float, start: float = start, length: float = window.duration_seconds) -> None:
                work.check()
                if duration_seconds > 0:
                    work.report(_HEARING * min(1.0, (start + fraction * length) / duration_seconds))

            report(0.0)
            yield _heard(window, network, threads, report)
            give_back_freed_memory()


def _heard(window: Window, network: VoiceNetwork, threads: int, progress: Callable[[float], None]) -> Pieces:
    import numpy as np

    audio = window.audio()
    part = pieces_of(
        audio,
        speech_regions(audio),
        network,
        first_frame=round(window.start_sample / FRAME_SAMPLES),
        threads=threads,
        progress=progress,
    )
    return replace(part, embeddings=part.embeddings.astype(np.float16))


def _told_apart(
    parts: Sequence[Pieces], pieces: Pieces, count: SpeakerCount, check: Callable[[], None]
) -> tuple[np.ndarray, np.ndarray]:
    """The number of a voice for each piece, and the middle of each voice."""
    likeness = VoiceLikeness()
    for _ in range(_STRICTEST):
        found = [groups_of_part(part, likeness) for part in parts if len(part)]
        check()
        path, middles = _settled(pieces, voices_among(all_groups(found), likeness, count.most), likeness, count)
        if count.least is None or len(middles) >= count.least:
            break
        likeness = likeness.stricter()
    return path, middles


def _settled(
    pieces: Pieces, voices: Groups, likeness: VoiceLikeness, count: SpeakerCount
) -> tuple[np.ndarray, np.ndarray]:
    """Give each piece to a voice, and find the voices' middles from the pieces they got, until both fit."""
    for _ in range(_ROUNDS):
        path = likeliest_voices(pieces, voices.middles)
        voices = voices_among(grouped(pieces, pure := _pure(pieces, path), path[pure]), likeness, count.most)
    return likeliest_voices(pieces, voices.middles), voices.middles


def _pure(pieces: Pieces, path: np.ndarray) -> np.ndarray:
    """The pieces that say what a voice is like: whole ones, with nobody else in the pieces beside them.

    A voice without such is known by what there is of it.
    """
    import numpy as np

    turned = (np.diff(pieces.regions) == 0) & (np.diff(path) != 0)
    whole = pieces.heard >= PIECE_FRAMES
    pure = whole & ~np.concatenate((turned, [False])) & ~np.concatenate(([False], turned))
    for more in (whole, np.ones(len(path), bool)):
        pure |= more & ~np.isin(path, path[pure])
    return pure


def _as_value(pieces: Pieces, path: np.ndarray, middles: np.ndarray) -> Diarization:
    import numpy as np

    order = list(dict.fromkeys(path.tolist()))
    names = {voice: f"S{number}" for number, voice in enumerate(order, 1)}
    turns: list[SpokenTurn] = []
    for start, end, voice in zip(pieces.starts.tolist(), pieces.ends.tolist(), path.tolist(), strict=True):
        begins, ends = start / FRAMES_A_SECOND, end / FRAMES_A_SECOND
        last = turns[-1] if turns else None
        if last and last.speaker == names[voice] and begins - last.end_seconds <= _SAME_TURN_SECONDS:
            turns[-1] = last.model_copy(update={"end_seconds": ends})
        else:
            turns.append(SpokenTurn(start_seconds=begins, end_seconds=ends, speaker=names[voice]))
    seconds = np.bincount(path, pieces.frames, len(middles)) / FRAMES_A_SECOND
    return Diarization(
        turns=tuple(turns),
        voices=tuple(
            Voice(
                speaker=names[voice],
                seconds=round(float(seconds[voice]), 2),
                embedding=tuple(round(float(number), 5) for number in unit(middles[voice])),
            )
            for voice in order
        ),
    )
