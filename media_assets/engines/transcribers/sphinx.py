"""Transcription with pocketsphinx: English without a download, for clear speech.

The decoder's own settings are left at their defaults: of some forty variations of beams, weights, penalties and
endpointing none gained more than a point of word error rate. It gives neither punctuation nor capital letters.
"""

from __future__ import annotations

import importlib.metadata
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers.readable import split_readably
from media_assets.engines.transcribers.utterances import Utterance, mean_confidence, place, to_segments
from media_assets.engines.transcribers.windows import (
    SAMPLE_BYTES,
    SAMPLE_RATE,
    Heard,
    Window,
    WindowLength,
    quietest_moment,
    transcribe_windows,
)
from media_assets.engines.work import Work
from media_assets.errors import Fatal
from media_assets.models import Transcript, Word
from media_assets.settings import PocketsphinxTranscription

if TYPE_CHECKING:
    import pocketsphinx

_LONGEST_UTTERANCE_SECONDS = 30.0
"""Speech without a pause is cut at its quietest moment: the search's memory and the time it cannot be stopped grow
with the utterance."""
_FRAMES_PER_SECOND = 100
_FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_VARIANT = re.compile(r"\(\d+\)$")
_LAYOUT = "a folder with `mdef` in it or in its only subfolder that has one, one *.dict and one *.lm or *.lm.bin"


@dataclass(frozen=True)
class ModelFiles:
    acoustic_dir: Path
    language_model: Path
    dictionary: Path


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
        for start_sample, pcm in _utterances(window.pcm):
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
            decoder.process_raw(pcm, full_utt=True)
            decoder.end_utt()
            if decoder.hyp() is None:
                return ()
            return tuple(_word(segment, start_seconds) for segment in decoder.seg() if not _FILLER.match(segment.word))

    @cached_property
    def _decoder(self) -> pocketsphinx.Decoder:
        """Loaded under the lock, at the first utterance."""
        import pocketsphinx

        files = find_model(self._settings.model_dir)
        try:
            return pocketsphinx.Decoder(
                hmm=str(files.acoustic_dir),
                lm=str(files.language_model),
                dict=str(files.dictionary),
                samprate=SAMPLE_RATE,
                loglevel="FATAL",
            )
        except (RuntimeError, ValueError) as error:
            raise Fatal(
                f"pocketsphinx cannot load the model in {files.acoustic_dir.parent}: {error}",
                next_step="Correct `transcription.model_dir` in library.yaml, or remove it to use the model inside "
                "the package",
            ) from error


def find_model(model_dir: Path | None) -> ModelFiles:
    """The files of a model in the layout that pocketsphinx's own models have; None stands for the one in the package.

    Raises:
        Fatal: something is missing or ambiguous.
    """
    if model_dir is None:
        import pocketsphinx

        model_dir = Path(pocketsphinx.get_model_path("en-us"))
    folders = [model_dir, *sorted(path for path in model_dir.glob("*") if path.is_dir())]
    acoustic = [folder for folder in folders if (folder / "mdef").is_file()]
    files = sorted(path for path in model_dir.glob("*") if path.is_file() and "phone" not in path.name)
    language_models = [path for path in files if path.name.endswith((".lm", ".lm.bin", ".lm.gz", ".lm.dmp"))]
    dictionaries = [path for path in files if path.name.endswith((".dict", ".dic"))]
    for what, found in (
        ("acoustic models", acoustic),
        ("language models", language_models),
        ("dictionaries", dictionaries),
    ):
        if len(found) != 1:
            raise Fatal(
                f"the pocketsphinx model in {model_dir} has {len(found)} {what} where one is needed",
                next_step=f"Make `transcription.model_dir` in library.yaml {_LAYOUT}, or remove it to use the model "
                "inside the package",
            )
    return ModelFiles(acoustic[0], language_models[0], dictionaries[0])


def _utterances(pcm: bytes) -> Iterator[tuple[int, bytes]]:
    """Stretches of speech, each with the number of its first sample."""
    longest = round(_LONGEST_UTTERANCE_SECONDS * SAMPLE_RATE)
    speech = bytearray()
    for start_sample, part, ended in _speech(pcm):
        if not speech:
            start = start_sample
        speech += part
        while len(speech) >= longest * SAMPLE_BYTES:
            cut = quietest_moment(speech, longest // 2, longest, stretch_seconds=0.2)
            yield start, bytes(speech[: cut * SAMPLE_BYTES])
            del speech[: cut * SAMPLE_BYTES]
            start += cut
        if ended and speech:
            yield start, bytes(speech)
            speech.clear()
    if speech:
        yield start, bytes(speech)


def _speech(pcm: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """The parts that pocketsphinx's voice activity detection takes for speech: the sample where the stretch of speech
    began, its next piece, and whether that is its last."""
    import pocketsphinx

    endpointer = pocketsphinx.Endpointer(sample_rate=SAMPLE_RATE)
    size = endpointer.frame_bytes
    for position in range(0, len(pcm), size):
        frame = pcm[position : position + size]
        # The last frame goes to end_stream whatever its size: only that gives out what the endpointer still holds.
        last = position + size >= len(pcm)
        if last and not endpointer.in_speech:
            return
        part = endpointer.end_stream(frame) if last else endpointer.process(frame)
        if part is not None:
            yield round(endpointer.speech_start * SAMPLE_RATE), part, not endpointer.in_speech


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
