"""Transcription behind OpenAI's API: OpenAI itself, or a server that speaks it.

A server takes requests of limited size, so the audio goes there in pieces. They are those of `hearing.windows`: cut at
the quietest moment of a stretch, exact to the sample, and kept in the journal, so that a crash pays for one piece at
most. A piece is sent as FLAC with 16,000 samples a second, which is what the models hear: nothing is lost, and it
is never larger than its samples, so the length of a piece bounds the size of its upload.
"""

from __future__ import annotations

import math
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.transcript.engines.openai.answers import SpeechAnswer, timed_utterances, untimed_utterances
from media_assets.artifacts.transcript.engines.openai.reading import decoded, readable
from media_assets.artifacts.transcript.engines.openai.request import LADDER, NEVER_GUESSED, options, parts_sent
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.assembling import to_transcript
from media_assets.artifacts.transcript.hearing.languages import any_code, choices, the_one
from media_assets.artifacts.transcript.hearing.mending import BEHIND_THE_END, UNTIMED_TEXT
from media_assets.artifacts.transcript.hearing.readable import split_readably
from media_assets.artifacts.transcript.hearing.speech import parted_from_opening
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
from media_assets.base.errors import Fatal, Transient
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.mixing import MonoMix
from media_assets.media.untrusted import file_url, our_own
from media_assets.services.openai.concessions import Concessions
from media_assets.services.openai.errors import (
    TRANSCRIPTION,
    RefusedRequest,
    TooLong,
    may_be_charged,
    meaning,
    quotable,
    translate,
)
from media_assets.services.openai.refusals import read_refusal, refusal_of
from media_assets.services.openai.server import OpenAIServer
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    import openai

_TIMED_PIECE_SECONDS = 600.0
_SEVERAL_LANGUAGES_PIECE_SECONDS = 60.0
"""A server detects one language for a request."""
_SURE = 0.5
"""So probable is a language that what follows may be taken for it; servers that tell no probability are believed."""
_TEXT_PIECE_SECONDS = 30.0
"""Times within a piece are estimated when only its text comes back."""
_ENVELOPE_BYTES = 64 * 1024
"""What is sent around the samples: FLAC's own headers, and the fields of the form."""
_SILENCE = 33
"""A sample of this size, of 32768 (-60 dB), is silence: what is nowhere louder holds no speech and is not paid for."""
_QUOTED_BYTES = 300
_SHORTEST_SECONDS = 0.1
"""OpenAI refuses less."""


class _NoTimes(Exception):
    """The server turned out to give text alone. Nothing was paid for."""


@dataclass(frozen=True)
class _Piece:
    """A window as it is sent."""

    sound: bytes
    duration_seconds: float
    sounding: tuple[float, float]
    """Where it is louder than silence, from when to when in seconds."""


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
        self._concessions = Concessions(self._server.name, LADDER, NEVER_GUESSED)

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """See `Transcriber`. A language that is not set is detected by the server, piece by piece."""
        work.spending.require(self._cost_usd(duration_seconds))
        with self._server.client(self._settings.timeout_seconds, self._settings.max_retries) as client:
            try:
                mix, windows = self._windows(client, audio, duration_seconds, work)
            except _NoTimes:
                mix, windows = self._windows(client, audio, duration_seconds, work)
        work.report(1.0)
        return to_transcript(
            windows,
            engine=self.name,
            model=self.model,
            language=self._settings.language,
            max_repetitions=self._settings.guards.max_repetitions,
            duration_seconds=duration_seconds,
            offset_seconds=offset_seconds,
            note=mix.note,
        )

    def _windows(
        self, client: openai.OpenAI, audio: Path, duration_seconds: float, work: Work
    ) -> tuple[MonoMix, list[Heard]]:
        timed = self._timed and not self._gives_no_times
        mix = MonoMix(SAMPLE_RATE)
        windows = transcribe_windows(
            self._ffmpeg.pcm(audio, work, sample_rate=SAMPLE_RATE, mix=mix),
            work,
            duration_seconds=duration_seconds,
            length=_window_length(self._settings, timed=timed),
            hear=partial(self._hear, client, work, timed),
            parts=(lambda window: (window,)) if self._set_language else parted_from_opening,
        )
        return mix, windows

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
        timed: bool,
        window: Window,
        sure: str | None,
        report: Callable[[float], None],
    ) -> Heard:
        sounding = _sounding(window)
        if sounding is None or window.duration_seconds < _SHORTEST_SECONDS:
            return Heard()
        report(0.0)
        piece = _Piece(self._encoded(window, work), window.duration_seconds, sounding)
        heard = self._heard(client, work, timed, piece, self._set_language)
        among = choices(self._settings.language)
        if not among or not heard.segments or heard.language in among:
            return heard
        if heard.language is None:
            return heard.model_copy(update={"remarks": {"the server did not say in which a piece is": 1}})
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

    def _heard(self, client: openai.OpenAI, work: Work, timed: bool, piece: _Piece, language: str | None) -> Heard:
        """What the server hears, in a language that it is told or detects."""
        # From here on nothing may end the work before the journal has what was paid for.
        with work.spending.paying(self._cost_usd(piece.duration_seconds)) as payment:
            sent = parts_sent(self._settings, language, timed=timed, with_logprobs=self._with_logprobs)
            attempt = partial(self._ask, client, piece.sound, language, work, payment, timed)
            content = self._concessions.asking(sent, attempt)
            answer, lacking = self._answer(content, timed, client.api_key)
            seconds = answer.usage.seconds if answer.usage else None
            payment.cost_usd = self._cost_usd(piece.duration_seconds if seconds is None else seconds)
        if timed and UNTIMED_TEXT not in lacking:
            kept, dropped = timed_utterances(answer, self._settings.guards)
        else:
            kept, dropped = untimed_utterances(answer, self._settings.guards, *piece.sounding)
        if behind := sum(said.start_seconds > piece.duration_seconds for said in kept):
            lacking[BEHIND_THE_END] = behind
        readable = tuple(chain.from_iterable(map(split_readably, to_segments(kept, piece.duration_seconds))))
        told = language if self._can_be_told else None
        spoken = told or any_code(answer.language or "")
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
            cost_usd=payment.cost_usd or 0.0,
        )

    def _encoded(self, window: Window, work: Work) -> bytes:
        samples, sound = work.directory / "piece.raw", work.directory / "piece.flac"
        work.require_space(2 * len(window.pcm))
        samples.write_bytes(window.pcm)
        raw = our_own(samples, "s16le", ar=SAMPLE_RATE, ac=1)
        self._ffmpeg.run(raw.output(file_url(sound), format="flac"), work)
        return sound.read_bytes()

    def _ask(
        self,
        client: openai.OpenAI,
        sound: bytes,
        language: str | None,
        work: Work,
        payment: Payment,
        timed: bool,
        without: frozenset[str],
    ) -> bytes:
        """The body of the answer.

        Raises:
            RefusedRequest: the server does not take it so.
            _NoTimes: it takes none that asks for times.
        """
        import openai

        if timed and "verbose_json" in without:
            self._concessions.remember(without, "it takes no verbose_json, so times are estimated in short pieces")
            raise _NoTimes
        work.check()
        payment.cost_usd = None
        timeout, remaining = self._settings.timeout_seconds, work.remaining_seconds
        if remaining is not None:
            timeout = min(timeout, remaining)
        create: Any = client.audio.transcriptions.with_raw_response.create
        try:
            response = create(
                file=("piece.flac", sound, "audio/flac"),
                model=self.model,
                timeout=timeout,
                **options(self._settings, language, timed=timed, with_logprobs=self._with_logprobs, without=without),
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
            if isinstance(failure, TooLong):
                raise Fatal(
                    f"{self._server.name} does not take pieces of {len(sound)} bytes ({failure.reason})",
                    next_step="Lower `transcription.max_upload_bytes` or `transcription.piece_seconds` in library.yaml",
                ) from None
            raise failure from None
        return bytes(response.http_response.content)

    def _answer(self, content: bytes, timed: bool, key: str) -> tuple[SpeechAnswer, dict[str, int]]:
        """Checked, with what had to be done without: whatever comes with status 200 arrives here."""
        server = self._server.name
        if content.removeprefix(BOM_UTF8).lstrip()[:1] == b"<":
            raise Fatal(
                f"{server} answers with something that is no transcription",
                next_step="Set `transcription.base_url` in library.yaml to the address that ends before "
                "/audio/transcriptions",
            )
        try:
            body = decoded(content)
            if body.get("error"):
                raise meaning(read_refusal(body, 200), server, key, TRANSCRIPTION)
            found, lacking = readable(body)
        except ValueError as error:
            quoted = quotable(" ".join(content[:_QUOTED_BYTES].decode(errors="replace").split()), key)
            raise Transient(
                f"could not be transcribed: {server} gave an answer that cannot be used ({error}): {quoted}"
            ) from None
        answer = SpeechAnswer.model_validate(found)
        if timed and answer.segments is None and answer.text.strip():
            raise Fatal(
                f"{server} gives no times with the model {self.model}",
                next_step="Set `transcription.answers: text` in library.yaml to have them estimated",
            )
        if timed and not answer.segments and answer.text.strip():
            lacking[UNTIMED_TEXT] = 1
        return answer, lacking

    def _cost_usd(self, seconds: float) -> float | None:
        price = self._settings.price_per_minute
        return None if price is None else seconds / 60 * price


def _window_length(settings: OpenAITranscription, *, timed: bool) -> WindowLength:
    """Pieces that fit into a request, with room to find a quiet moment in."""
    timed_seconds = _SEVERAL_LANGUAGES_PIECE_SECONDS if choices(settings.language) else _TIMED_PIECE_SECONDS
    wanted = settings.piece_seconds or (timed_seconds if timed else _TEXT_PIECE_SECONDS)
    fitting = (settings.max_upload_bytes - _ENVELOPE_BYTES) / (SAMPLE_BYTES * SAMPLE_RATE)
    longest = min(wanted, math.floor(fitting))
    return WindowLength(shortest_seconds=longest / 2, longest_seconds=longest)


def _sounding(window: Window) -> tuple[float, float] | None:
    """Where in a window, from when to when in seconds, it is louder than silence; None when nowhere."""
    import numpy as np

    loud = np.flatnonzero(np.abs(np.frombuffer(window.pcm, dtype="<i2").astype(np.int32)) > _SILENCE)
    return (float(loud[0]) / SAMPLE_RATE, float(loud[-1] + 1) / SAMPLE_RATE) if loud.size else None
