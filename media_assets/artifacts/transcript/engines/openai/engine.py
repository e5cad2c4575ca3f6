"""Transcription behind OpenAI's API: OpenAI itself, or a server that speaks it.

A server takes requests of limited size, so the audio goes there in pieces. They are those of `hearing.windows`: cut at
the quietest moment of a stretch, exact to the sample, and kept in the journal, so that a crash pays for one piece at
most. A piece is sent as FLAC with 16,000 samples a second, which is what the models hear: nothing is lost, and it
is never larger than its samples, so the length of a piece bounds the size of its upload.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.transcript.engines.openai.answers import (
    SpeechAnswer,
    in_seconds,
    timed_utterances,
    untimed_utterances,
)
from media_assets.artifacts.transcript.engines.openai.checking import checked_answer
from media_assets.artifacts.transcript.engines.openai.piece import SentPiece, encoded, sounding, window_length
from media_assets.artifacts.transcript.engines.openai.request import (
    LADDER,
    NEEDS,
    NEVER_GUESSED,
    as_wav,
    options,
    parts_sent,
    prompt_for,
)
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.assembling import to_transcript
from media_assets.artifacts.transcript.hearing.estimating import spread_over_speech
from media_assets.artifacts.transcript.hearing.languages import any_code, choices, strange_name, the_one
from media_assets.artifacts.transcript.hearing.mending import BEHIND_THE_END, MILLISECONDS, UNTIMED_TEXT
from media_assets.artifacts.transcript.hearing.prompting import HeardPrompt
from media_assets.artifacts.transcript.hearing.readable import split_readably
from media_assets.artifacts.transcript.hearing.speech import parted_from_opening
from media_assets.artifacts.transcript.hearing.utterances import to_segments
from media_assets.artifacts.transcript.hearing.windows import (
    SAMPLE_RATE,
    Heard,
    Window,
    cut_windows,
    transcribe_windows,
)
from media_assets.artifacts.transcript.value import LanguageStretch, Transcript, TranscriptSegment
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.mixing import MonoMix
from media_assets.services.openai.concessions import Concessions
from media_assets.services.openai.errors import (
    TRANSCRIPTION,
    RefusedRequest,
    TooLong,
    may_be_charged,
    translate,
)
from media_assets.services.openai.refusals import refusal_of
from media_assets.services.openai.server import OpenAIServer
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    import openai

_log = logging.getLogger(__name__)
_SURE = 0.5
"""So probable is a language that what follows may be taken for it; servers that tell no probability are believed."""
_SHORTEST_PIECE_SECONDS = 10.0
_SHORTEST_SECONDS = 0.1
"""OpenAI refuses less."""


class _OtherPieces(Exception):
    """The server turned out to give text alone, or to take shorter pieces only. Nothing was paid for."""


class OpenAITranscriber:
    """A transcriber behind an API."""

    name = "openai"

    def __init__(self, settings: OpenAITranscription, ffmpeg: FFmpeg, secrets: Secrets) -> None:
        self.model = settings.model
        self._settings = settings
        self._ffmpeg = ffmpeg
        self._server = OpenAIServer(settings.base_url, secrets, TRANSCRIPTION)
        gpt = settings.model.startswith("gpt-")
        self._timed = settings.answers == "timed" or (settings.answers == "auto" and not gpt)
        self._with_logprobs = (
            not self._timed and settings.model.startswith("gpt-4o") and "diarize" not in settings.model
        )
        self._concessions = Concessions(self._server.name, LADDER, NEVER_GUESSED, NEEDS)
        self._gave_times: bool | None = None
        """Whether the last answer did that said anything."""
        self._answered = False
        """Whether any answer could be used, be it that nothing was said."""
        self._most_seconds = math.inf
        """Longer pieces were refused."""

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """See `Transcriber`. A language that is not set is detected by the server, piece by piece."""
        return self.transcribe_knowing(
            audio, Vocabulary(), duration_seconds=duration_seconds, offset_seconds=offset_seconds, work=work
        )

    def transcribe_knowing(
        self, audio: Path, vocabulary: Vocabulary, *, duration_seconds: float, offset_seconds: float, work: Work
    ) -> Transcript:
        """See `TakesVocabulary`. It is sent with every piece."""
        prompt = prompt_for(self._settings, vocabulary)
        work.spending.require(self._cost_usd(duration_seconds))
        with self._server.client(self._settings.timeout_seconds, self._settings.max_retries) as client:
            heard = None
            while heard is None:
                # What is heard already lies in the journal. Each time pieces are half as long, or have no times.
                with suppress(_OtherPieces):
                    heard = self._windows(client, audio, prompt, duration_seconds, work)
            mix, windows = heard
        work.report(1.0)
        return to_transcript(
            windows,
            engine=self.name,
            model=self.model,
            language=self._settings.language,
            max_repetitions=self._settings.guards.max_repetitions,
            duration_seconds=duration_seconds,
            offset_seconds=offset_seconds,
            note="; ".join(filter(None, [mix.note, prompt.note])) or None,
        )

    def _windows(
        self, client: openai.OpenAI, audio: Path, prompt: HeardPrompt, duration_seconds: float, work: Work
    ) -> tuple[MonoMix, list[Heard]]:
        timed = self._timed and not self._gives_no_times
        mix = MonoMix(SAMPLE_RATE)
        windows = transcribe_windows(
            self._ffmpeg.pcm(audio, work, sample_rate=SAMPLE_RATE, mix=mix),
            work,
            duration_seconds=duration_seconds,
            length=window_length(self._settings, timed=timed, most_seconds=self._most_seconds),
            hear=partial(self._hear, client, work, prompt, timed),
            parts=self._parts,
        )
        return mix, windows

    def _parts(self, window: Window) -> Iterable[Window]:
        """A window as it is sent: in short pieces for as long as the server answers without times."""
        length = window_length(self._settings, timed=False, most_seconds=self._most_seconds)
        if self._gave_times is False and window.duration_seconds > length.longest_seconds:
            return cut_windows((window.pcm,), length, start_sample=window.start_sample)
        return (window,) if self._set_language else parted_from_opening(window)

    @property
    def _set_language(self) -> str | None:
        return the_one(self._settings.language)

    @property
    def _gives_no_times(self) -> bool:
        return "verbose_json" in self._concessions.given_up

    def check(self) -> str:
        """See `Transcriber`."""
        return self._server.check(self.model)

    def _hear(
        self,
        client: openai.OpenAI,
        work: Work,
        prompt: HeardPrompt,
        timed: bool,
        window: Window,
        sure: str | None,
        report: Callable[[float], None],
    ) -> Heard:
        loud = sounding(window)
        if loud is None or window.duration_seconds < _SHORTEST_SECONDS:
            return Heard()
        report(0.0)
        piece = SentPiece(window, encoded(window, self._ffmpeg, work), loud, prompt)
        heard = self._heard(client, work, timed, piece, self._set_language)
        among = choices(self._settings.language)
        if not among or not heard.segments or heard.language in among:
            return heard
        if heard.language is None:
            return heard.model_copy(
                update={"remarks": heard.remarks or {"the server did not say in which a piece is": 1}}
            )
        # No request takes several languages: that a piece was taken for none of them shows when it has come.
        language, cost_usd = sure if sure in among else among[0], heard.cost_usd
        if self._can_be_told:
            taken_for, heard = heard.language, self._heard(client, work, timed, piece, language)
            remark = f"the server took pieces for {taken_for}, and was asked again for {language}"
            cost_usd += heard.cost_usd
        if not self._can_be_told:
            remark = f"the server took pieces for {heard.language}, and cannot be told another"
        return heard.model_copy(update={"cost_usd": cost_usd, "sure_language": None, "remarks": {remark: 1}})

    @property
    def _can_be_told(self) -> bool:
        return "language" not in self._concessions.given_up

    def _heard(self, client: openai.OpenAI, work: Work, timed: bool, piece: SentPiece, language: str | None) -> Heard:
        """What the server hears, in a language that it is told or detects."""
        # From here on nothing may end the work before the journal has what was paid for.
        with work.spending.paying(self._cost_usd(piece.duration_seconds)) as payment:
            shape: dict[str, Any] = {"timed": timed, "with_logprobs": self._with_logprobs}
            sent = parts_sent(self._settings, language, piece.prompt.text, **shape)
            asked = partial(options, self._settings, language, piece.prompt.text, **shape)
            attempt = partial(self._ask, client, piece, asked, work, payment, timed)
            content = self._concessions.asking(sent, attempt)
            try:
                answer, lacking = self._checked(content, timed, client.api_key)
            except TooLong as failure:
                raise self._too_long(piece, failure) from None
            seconds = answer.usage.seconds if answer.usage else None
            payment.cost_usd = self._cost_usd(piece.duration_seconds if seconds is None else seconds)
        readable, dropped = self._segments(answer, piece, lacking)
        told = language if self._can_be_told else None
        spoken = told or any_code(answer.language or "")
        strange = "" if told or spoken or not readable else strange_name(answer.language or "")
        probability = None if told else answer.language_probability
        stretch = LanguageStretch(
            start_seconds=0.0,
            end_seconds=piece.duration_seconds,
            language=spoken or "",
            probability=probability,
        )
        return Heard(
            segments=readable,
            language=spoken if readable else None,
            languages=(stretch,) if spoken and readable else (),
            sure_language=spoken if readable and (probability is None or probability >= _SURE) else None,
            dropped=dropped,
            lacking=lacking,
            remarks={f"the server calls that of pieces {strange!r}, which is not known here": 1} if strange else {},
            cost_usd=payment.cost_usd or 0.0,
        )

    def _checked(self, content: bytes, timed: bool, key: str) -> tuple[SpeechAnswer, dict[str, int]]:
        answer, lacking = checked_answer(content, self._server.name, key, heard_before=self._answered)
        self._answered = True
        untimed = lacking.pop(UNTIMED_TEXT, 0)
        if untimed and self._timed:
            lacking[UNTIMED_TEXT] = untimed
        if untimed and timed and self._gave_times is not False:
            _log.warning(
                "%s gave no times with the model %s: they are estimated. Set `transcription.answers: text` in "
                "library.yaml if it never gives any",
                self._server.name, self.model,
            )  # fmt: skip
        if answer.text.strip() or answer.segments:
            self._gave_times = bool(answer.segments)
        return answer, lacking

    def _segments(
        self, answer: SpeechAnswer, piece: SentPiece, lacking: dict[str, int]
    ) -> tuple[tuple[TranscriptSegment, ...], dict[str, int]]:
        """What the guards leave of an answer, short enough to be read, and how much each took out."""
        if divided := in_seconds(answer, piece.duration_seconds):
            answer = divided
            lacking[MILLISECONDS] = 1
        if answer.segments:
            kept, dropped = timed_utterances(answer, self._settings.guards, piece)
        else:
            kept, dropped = untimed_utterances(answer, self._settings.guards, piece)
            if kept and len(speech := piece.speech()) > 1:
                (whole,) = to_segments(kept, piece.duration_seconds)
                return spread_over_speech(whole.text, whole.confidence, speech), dropped
        if behind := sum(said.start_seconds > piece.duration_seconds for said in kept):
            lacking[BEHIND_THE_END] = behind
        segments = to_segments(kept, piece.duration_seconds)
        return tuple(chain.from_iterable(map(split_readably, segments))), dropped

    def _ask(
        self,
        client: openai.OpenAI,
        piece: SentPiece,
        asked: Callable[..., dict[str, Any]],
        work: Work,
        payment: Payment,
        timed: bool,
        without: frozenset[str],
    ) -> bytes:
        """The body of the answer.

        Raises:
            RefusedRequest: the server does not take it so.
            _OtherPieces: it takes none that asks for times, or none that is so long.
        """
        import openai

        if timed and "verbose_json" in without:
            self._concessions.remember(without, "it takes no verbose_json, so times are estimated in short pieces")
            raise _OtherPieces
        work.check()
        payment.cost_usd = None
        limits = (self._settings.timeout_seconds, work.remaining_seconds)
        create: Any = client.audio.transcriptions.with_raw_response.create
        flac = ("piece.flac", piece.sound, "audio/flac")
        try:
            response = create(
                file=("piece.wav", as_wav(piece.window.pcm), "audio/wav") if "flac" in without else flac,
                model=self.model,
                timeout=min(limit for limit in limits if limit is not None),
                **asked(without=without),
            )
        except openai.APIError as error:
            if not may_be_charged(error):
                payment.cost_usd = 0.0
            # A request that was cut short by the file's time limit is the limit's matter, not the server's.
            work.check()
            # `from None`: the library's own error may quote the key.
            if isinstance(error, openai.APIStatusError):
                refused = RefusedRequest(refusal_of(error), self._server.name, client.api_key, TRANSCRIPTION)
                if not isinstance(refused.failure, TooLong):
                    raise refused from None
            failure = translate(error, self._server.name, client.api_key, TRANSCRIPTION)
            raise (self._too_long(piece, failure) if isinstance(failure, TooLong) else failure) from None
        return bytes(response.http_response.content)

    def _too_long(self, piece: SentPiece, failure: TooLong) -> Exception:
        """What a piece that was refused for its length means: shorter ones, as long as they hold a few sentences."""
        seconds = piece.duration_seconds / 2
        if seconds < _SHORTEST_PIECE_SECONDS:
            return Fatal(
                f"{self._server.name} does not take pieces of {len(piece.sound)} bytes ({failure.reason})",
                next_step="Lower `transcription.max_upload_bytes` or `transcription.piece_seconds` in library.yaml",
            )
        _log.warning(
            "%s takes no pieces of %.0f s (%s): they are half as long from here on. `transcription.piece_seconds` in "
            "library.yaml sets it",
            self._server.name, piece.duration_seconds, failure.reason,
        )  # fmt: skip
        self._most_seconds = min(self._most_seconds, seconds)
        return _OtherPieces()

    def _cost_usd(self, seconds: float) -> float | None:
        price = self._settings.price_per_minute
        return None if price is None else seconds / 60 * price
