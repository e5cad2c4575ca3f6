"""Transcription with pocketsphinx: English without a download, for clear speech.

The decoder's own settings are left at their defaults: of some thirty variations of beams, weights, penalties and
endpointing none gained more than 1.3 points of word error rate. It gives neither punctuation nor capital letters.
"""

from __future__ import annotations

import importlib.metadata
import re
import threading
from collections.abc import Callable
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers.endpointing import speech_stretches
from media_assets.engines.transcribers.readable import split_readably
from media_assets.engines.transcribers.sphinx_model import find_model, load_decoder
from media_assets.engines.transcribers.utterances import Utterance, mean_confidence, place, to_segments
from media_assets.engines.transcribers.windows import SAMPLE_RATE, Heard, Window, WindowLength, transcribe_windows
from media_assets.engines.work import Work
from media_assets.models import Transcript, Word
from media_assets.settings import PocketsphinxTranscription

if TYPE_CHECKING:
    import pocketsphinx

_FRAMES_PER_SECOND = 100
_FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_VARIANT = re.compile(r"\(\d+\)$")


class PocketsphinxTranscriber:
    """One decoder serves all threads: pocketsphinx holds Python's global lock while it works, so that more decoders
    would cost memory and gain no time."""

    name = "pocketsphinx"

    def __init__(
        self, settings: PocketsphinxTranscription, ffmpeg: FFmpeg, *, window_length: WindowLength | None = None
    ) -> None:
        self._settings = settings
        self._ffmpeg = ffmpeg
        self._window_length = window_length or WindowLength()
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        return "en-us" if self._settings.model_dir is None else self._settings.model_dir.name

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """See `Transcriber`. Each stretch of speech between pauses becomes one segment, or several when it is long."""
        windows = transcribe_windows(
            self._ffmpeg.pcm(audio, work, sample_rate=SAMPLE_RATE),
            work,
            duration_seconds=duration_seconds,
            length=self._window_length,
            hear=self._hear,
        )
        segments = chain.from_iterable(window.segments for window in windows)
        return Transcript(
            language=self._settings.language,
            duration_seconds=duration_seconds,
            engine=self.name,
            model=self.model,
            segments=place(segments, offset_seconds=offset_seconds, duration_seconds=duration_seconds),
        )

    def check(self) -> str:
        """See `Transcriber`."""
        find_model(self._settings.model_dir)
        origin = "bundled" if self._settings.model_dir is None else str(self._settings.model_dir)
        return f"pocketsphinx {importlib.metadata.version('pocketsphinx')}, model {self.model} ({origin})"

    def _hear(self, window: Window, _language: str | None, report: Callable[[float], None]) -> Heard:
        utterances = []
        for start_sample, pcm in speech_stretches(window.pcm):
            report(start_sample / window.samples)
            words = self._words(pcm, start_sample / SAMPLE_RATE)
            if words:
                utterances.append(_utterance(words))
        report(1.0)
        segments = to_segments(utterances, window.duration_seconds)
        return Heard(segments=tuple(chain.from_iterable(map(split_readably, segments))))

    def _words(self, pcm: bytes, start_seconds: float) -> tuple[Word, ...]:
        """What is said in one utterance; it depends on nothing that was decoded before."""
        with self._lock:
            decoder = self._decoder
            decoder.reinit_feat()  # forgets the noise it has learnt from whatever came before
            decoder.start_utt()
            try:
                decoder.process_raw(pcm, full_utt=True)
            finally:
                decoder.end_utt()
            if decoder.hyp() is None:
                return ()
            return tuple(_word(segment, start_seconds) for segment in decoder.seg() if not _FILLER.match(segment.word))

    @cached_property
    def _decoder(self) -> pocketsphinx.Decoder:
        """Loaded under the lock, at the first utterance."""
        return load_decoder(self._settings.model_dir)


def _word(segment: pocketsphinx.Segment, start_seconds: float) -> Word:
    return Word(
        text=_VARIANT.sub("", segment.word),
        start_seconds=start_seconds + segment.start_frame / _FRAMES_PER_SECOND,
        end_seconds=start_seconds + (segment.end_frame + 1) / _FRAMES_PER_SECOND,
        confidence=min(1.0, max(0.0, segment.prob)),
    )


def _utterance(words: tuple[Word, ...]) -> Utterance:
    return Utterance(
        text=" ".join(word.text for word in words),
        start_seconds=words[0].start_seconds,
        end_seconds=words[-1].end_seconds,
        confidence=mean_confidence(words, 0.0),
        words=words,
    )
