"""Transcription with Whisper through faster-whisper.

faster-whisper takes a file into memory whole, so it gets one window after the other. Each window is decoded without
regard to the text before it (`condition_on_previous_text`): what the model made up once does not lead it on.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.transcript.engines.faster_whisper.answers import utterances_of
from media_assets.artifacts.transcript.engines.faster_whisper.model import (
    check_device,
    check_language,
    download_size,
    is_bundled,
    load_model,
    local_folder,
    not_made_out,
    speaks_english_only,
)
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.hearing.assembling import UNDETERMINED, to_transcript
from media_assets.artifacts.transcript.hearing.guards import NOT_MADE_OUT, objection, total
from media_assets.artifacts.transcript.hearing.languages import choices, the_one
from media_assets.artifacts.transcript.hearing.making_out import is_made_out
from media_assets.artifacts.transcript.hearing.mending import number_of
from media_assets.artifacts.transcript.hearing.prompting import MOST_TOKENS, PROMPT_ECHO, HeardPrompt, fitting
from media_assets.artifacts.transcript.hearing.readable import split_readably
from media_assets.artifacts.transcript.hearing.speech import is_pause, speech_in
from media_assets.artifacts.transcript.hearing.telling_languages import (
    Piece,
    asked_about,
    joined,
    last_sure,
    pieces,
    stretches,
)
from media_assets.artifacts.transcript.hearing.utterances import to_segments
from media_assets.artifacts.transcript.hearing.windows import (
    SAMPLE_BYTES,
    SAMPLE_RATE,
    Heard,
    Window,
    WindowLength,
    transcribe_windows,
)
from media_assets.artifacts.transcript.value import LanguageStretch, Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.errors import Fatal
from media_assets.base.freed_memory import give_back_freed_memory
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.mixing import MonoMix
from media_assets.work.work import Work

if TYPE_CHECKING:
    import faster_whisper
    import faster_whisper.transcribe
    import numpy as np

_BATCH_SIZES = {"cpu": 2, "cuda": 8}
"""A CPU is busy with two windows; each more costs memory and saves no time. One by one, faster-whisper takes the
features of the whole audio at once, which needs more memory than two."""


class FasterWhisperTranscriber:
    """One model serves all threads; CTranslate2 queues what they ask of it."""

    name = "faster-whisper"

    def __init__(
        self,
        settings: FasterWhisperTranscription,
        ffmpeg: FFmpeg,
        *,
        state_dir: Path | None = None,
        workers: int = 1,
        window_length: WindowLength | None = None,
    ) -> None:
        self._settings = settings
        self._ffmpeg = ffmpeg
        self._seen_whole = None if state_dir is None else state_dir / "tiny.en.whole"
        self._workers = workers
        self._window_length = window_length or WindowLength()
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        folder = Path(self._settings.model).expanduser()
        return folder.name if folder.is_dir() else self._settings.model

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """See `Transcriber`. Languages that are not set are detected, part by part."""
        return self.transcribe_knowing(
            audio, Vocabulary(), duration_seconds=duration_seconds, offset_seconds=offset_seconds, work=work
        )

    def transcribe_knowing(
        self, audio: Path, vocabulary: Vocabulary, *, duration_seconds: float, offset_seconds: float, work: Work
    ) -> Transcript:
        """See `TakesVocabulary`. Every window is heard with all of it, as far as the model takes so much."""
        prompt = self._prompt(vocabulary)
        mix = MonoMix(SAMPLE_RATE)
        windows = transcribe_windows(
            self._ffmpeg.pcm(audio, work, sample_rate=SAMPLE_RATE, mix=mix),
            work,
            duration_seconds=duration_seconds,
            length=self._window_length,
            hear=partial(self._hear, prompt),
        )
        transcript = to_transcript(
            windows,
            engine=self.name,
            model=self.model,
            language=self._settings.language,
            max_repetitions=self._settings.guards.max_repetitions,
            duration_seconds=duration_seconds,
            offset_seconds=offset_seconds,
            note="; ".join(filter(None, [mix.note, prompt.note])) or None,
        )
        # Whoever says that it is English has the words, however unsure they are.
        if (
            the_one(self._settings.language)
            or is_made_out(windows, duration_seconds)
            or self._whisper.model.is_multilingual
        ):
            return transcript
        dropped = total([transcript.dropped, {NOT_MADE_OUT: len(transcript.segments)} if transcript.segments else {}])
        update = {
            "segments": (),
            "dropped": dropped,
            "language": UNDETERMINED,
            "note": "; ".join(
                filter(
                    None, [mix.note, prompt.note, not_made_out(self.model, is_anything_left=bool(transcript.segments))]
                )
            ),
        }
        return transcript.model_copy(update=update)

    def check(self) -> str:
        """See `Transcriber`."""
        device = check_device(self._settings)
        folder = local_folder(self._settings)
        check_language(self._settings)
        where = f"in {folder}" if folder else f"fetched at its first use{download_size(self._settings)}"
        if is_bundled(self._settings):
            where = "installed with media-assets"
        version = importlib.metadata.version("faster-whisper")
        only = ", English only: for other languages set `transcription.model: small`"
        return (
            f"faster-whisper {version}, model {self.model} ({where}), on {device}"
            f"{only if speaks_english_only(self._settings) else ''}"
        )

    @property
    def _whisper(self) -> faster_whisper.WhisperModel:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> faster_whisper.WhisperModel:
        return load_model(self._settings, seen_whole=self._seen_whole, workers=self._workers)

    def _prompt(self, vocabulary: Vocabulary) -> HeardPrompt:
        text = vocabulary.text
        if not text:
            return HeardPrompt()
        tokenizer = self._whisper.hf_tokenizer
        return fitting(text, lambda part: len(tokenizer.encode(f" {part}", add_special_tokens=False)) <= MOST_TOKENS)

    def _hear(self, prompt: HeardPrompt, window: Window, sure: str | None, report: Callable[[float], None]) -> Heard:
        try:
            if language := the_one(self._settings.language):
                return self._transcribe(prompt, window, language, report)
            return self._hear_any(prompt, window, sure, report)
        except RuntimeError as error:
            if check_device(self._settings) == "cpu":
                raise
            raise Fatal(
                f"the Whisper model {self.model} failed on the GPU: {error}",
                next_step="If its memory ran out, lower `transcription.batch_size`, or set a smaller "
                "`transcription.model` or `transcription.compute_type: int8` in library.yaml; if a library is missing, "
                "install CUDA 12 and cuDNN 9, or set `transcription.device: cpu`",
            ) from error

    def _hear_any(
        self, prompt: HeardPrompt, window: Window, sure: str | None, report: Callable[[float], None]
    ) -> Heard:
        """A window of which nobody said in which language it is."""
        speech = speech_in(window.audio()) if self._settings.vad else None
        if speech is not None and not speech:
            return Heard()
        if not self._whisper.model.is_multilingual:
            return self._transcribe(prompt, window, "en", report)
        among = choices(self._settings.language)
        ask = partial(self._probabilities, window.audio())
        asked, answers = asked_about(pieces(window, speech), ask, among=among)
        del ask  # and the sound with it
        found = stretches(asked, answers, among=among, known=sure)
        heard = [self._transcribe_part(prompt, window, stretch, report) for stretch in found]
        return joined(heard, found, last_sure(asked, answers, among=among))

    def _probabilities(self, audio: np.ndarray, piece: Piece) -> dict[str, float]:
        """How probable each language is, by its code; none where nobody speaks."""
        import numpy as np

        if not piece.speech:
            return {}
        spoken = np.concatenate([audio[start:end] for start, end in piece.speech])
        _, _, probabilities = self._whisper.detect_language(spoken)
        return {str(code): float(probability) for code, probability in probabilities}

    def _transcribe_part(
        self, prompt: HeardPrompt, window: Window, stretch: LanguageStretch, report: Callable[[float], None]
    ) -> Heard:
        start, end = round(stretch.start_seconds * SAMPLE_RATE), round(stretch.end_seconds * SAMPLE_RATE)
        part = Window(window.start_sample + start, window.pcm[start * SAMPLE_BYTES : end * SAMPLE_BYTES])

        def report_of_all(fraction: float) -> None:
            report((start + fraction * part.samples) / window.samples)

        return self._transcribe(prompt, part, stretch.language, report_of_all)

    def _transcribe(self, prompt: HeardPrompt, window: Window, language: str, report: Callable[[float], None]) -> Heard:
        segments, about = self._begun(prompt, window, language)
        give_back_freed_memory()
        unmended, dropped, dropped_seconds = self._guarded(prompt, window, segments, report)
        kept, lacking = utterances_of(unmended, prompt)
        readable = chain.from_iterable(map(split_readably, to_segments(kept, window.duration_seconds)))
        return Heard(
            segments=tuple(readable),
            language=language,
            dropped=dropped,
            lacking=lacking,
            dropped_seconds=dropped_seconds,
            speech_seconds=float(about.duration_after_vad) if self._settings.vad else 0.0,
        )

    def _begun(
        self, prompt: HeardPrompt, window: Window, language: str
    ) -> tuple[Iterable[faster_whisper.transcribe.Segment], faster_whisper.transcribe.TranscriptionInfo]:
        """What faster-whisper answers. Of the sound, it holds what the model takes in, until it has given all segments.

        The model works while these are asked for.
        """
        import faster_whisper

        whisper = self._whisper  # loaded before the sound is in memory
        guards = self._settings.guards
        options: dict[str, Any] = {
            "language": language,
            "beam_size": self._settings.beam_size,
            "condition_on_previous_text": False,
            "compression_ratio_threshold": guards.max_compression_ratio,
            "log_prob_threshold": guards.min_average_log_probability,
            "no_speech_threshold": guards.max_no_speech_probability,
            "word_timestamps": True,
            "vad_filter": self._settings.vad,
            # Not as `initial_prompt`: of that, only the first half minute is heard with it.
            "hotwords": prompt.text or None,
        }
        batch_size = self._settings.batch_size or _BATCH_SIZES[check_device(self._settings)]
        if batch_size > 1 and self._settings.vad:  # batches are made of what the VAD found
            pipeline = faster_whisper.BatchedInferencePipeline(whisper)  # has state: one per call
            segments, about = pipeline.transcribe(window.audio(), batch_size=batch_size, **options)
        else:
            segments, about = whisper.transcribe(window.audio(), **options)
        return segments, about

    def _guarded(
        self,
        prompt: HeardPrompt,
        window: Window,
        segments: Iterable[faster_whisper.transcribe.Segment],
        report: Callable[[float], None],
    ) -> tuple[list[faster_whisper.transcribe.Segment], dict[str, int], float]:
        """What the guards leave of the segments, how many they drop by their names, and how many seconds."""
        kept: list[faster_whisper.transcribe.Segment] = []
        dropped: Counter[str] = Counter()
        dropped_seconds = 0.0
        speech = cache(lambda: speech_in(window.audio()))
        for segment in segments:
            start, end = number_of(segment.start), number_of(segment.end)
            report(min(1.0, (start or 0.0) / window.duration_seconds))
            measures: dict[str, Any] = {
                "average_log_probability": number_of(segment.avg_logprob) or 0.0,
                "no_speech_probability": number_of(segment.no_speech_prob) or 0.0,
                "guards": self._settings.guards,
            }
            guard = objection(segment.text or "", **measures)
            nobody = partial(_nobody_speaks, speech, start, end)
            if guard is None and prompt.is_echo(segment.text or "", **measures, nobody_speaks=nobody):
                guard = PROMPT_ECHO
            if guard is None:
                kept.append(segment)
            else:
                dropped[guard] += 1
                dropped_seconds += 0.0 if start is None or end is None else end - start
        report(1.0)
        return kept, dict(dropped), dropped_seconds


def _nobody_speaks(
    speech: Callable[[], Sequence[tuple[int, int]]], start_seconds: float | None, end_seconds: float | None
) -> bool:
    return is_pause(speech(), start_seconds or 0.0, end_seconds)
