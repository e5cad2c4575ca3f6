"""Transcription at Modal: the audio goes to a GPU container that runs our faster-whisper engine, and we wait for it.

A call is paid for, so it is not made twice. Before it begins, its token is in the journal; when it has begun, its id
is too. Whoever takes the work up again, after a crash or a lost answer, waits for the call that is there. Between the
two moments the token tells: the container notes it with the id of its call, and a second call with the same token
only points to the first.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import ValidationError

from media_assets.artifacts.transcript.engines.modal.calls import CallLost, ModalCalls
from media_assets.artifacts.transcript.engines.modal.contract import (
    TranscriptionAnswer,
    TranscriptionRequest,
    whisper_settings,
)
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.hearing.mending import lacking_note
from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.errors import BadMedia, Cancelled, Fatal, MediaAssetsError, TimeLimitExceeded, Transient
from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole
from media_assets.base.model import Model
from media_assets.work.spending import Payment
from media_assets.work.work import Work

if TYPE_CHECKING:
    from media_assets.base.secrets import Secrets

logger = logging.getLogger("media_assets")

_POLL_SECONDS = 2.0
"""How long one request waits for the answer; so long it may take to notice that the run is to stop."""
_JOURNAL = "modal-call.json"
_LINK_SECONDS = 3600
"""How long a signed address holds. A container fetches as it begins; what waited longer for one is tried again."""
_MODEL_SECONDS = 120.0
"""Time that the model may take to be fetched and loaded."""
_SLOWEST_SPEED = 4.0
"""How many times faster than it plays a recording is heard at least: large-v3 on a T4, without batches."""


class _Errand(Model):
    """An entry of the journal."""

    token: str
    call_id: str | None = None


@dataclass(frozen=True)
class _Paid:
    """What came of a call, and what it cost."""

    transcript: Transcript
    lacking: dict[str, int]
    cost_usd: float | None


class ModalTranscriber:
    """Several threads make several calls, and Modal starts as many containers as it may."""

    name = "modal"

    def __init__(self, settings: ModalTranscription, secrets: Secrets, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._settings = settings
        self._calls = ModalCalls(settings, secrets)
        self._poll_seconds = poll_seconds

    @property
    def model(self) -> str:
        return self._settings.model

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """See `Transcriber`. Its cost is that of the seconds the container worked on it, starting up not included.

        Raises:
            Transient: Modal cannot be reached, or it lost the call.
            OverBudget: it would cost more than a file may.
        """
        return self.transcribe_knowing(
            audio, Vocabulary(), duration_seconds=duration_seconds, offset_seconds=offset_seconds, work=work
        )

    def transcribe_knowing(
        self, audio: Path, vocabulary: Vocabulary, *, duration_seconds: float, offset_seconds: float, work: Work
    ) -> Transcript:
        """See `TakesVocabulary`."""
        work.check()
        self._require_size(audio)
        journal = _Journal(work.journal)
        begin = partial(self._begin, audio, vocabulary, duration_seconds, offset_seconds)
        answer = self._take_up(journal, work) or begin(journal, work)
        return self._transcript(answer, offset_seconds + duration_seconds)

    def check(self) -> str:
        """See `Transcriber`. Asks Modal for the function, and does not run it."""
        cost = "" if self._settings.price_per_second is not None else "; without `price_per_second` no cost is recorded"
        return f"model {self.model}, {self._calls.look_up()}{cost}"

    def _transcript(self, answer: _Paid, last_seconds: float) -> Transcript:
        said = answer.transcript
        if answer.lacking:
            segments = place(said.segments, offset_seconds=0.0, duration_seconds=last_seconds)
            note = "; ".join(filter(None, (said.note, lacking_note(answer.lacking))))
            said = said.model_copy(update={"segments": segments, "note": note})
        cost_usd = round(answer.cost_usd or 0.0, 6)
        return said.model_copy(update={"engine": self.name, "model": self.model, "cost_usd": cost_usd})

    def _link(self, work: Work) -> str | None:
        if self._settings.by == "upload":
            return None
        link = work.link(_LINK_SECONDS)
        if link is None:
            raise Fatal(
                "the audio has no signed address: only a store of `type: bucket` gives one",
                next_step="Let `outputs.m4a_audio.store` in library.yaml be one, or set `transcription.by: upload`",
            )
        return link

    def _require_size(self, audio: Path) -> None:
        size_bytes = audio.stat().st_size
        if self._settings.by == "upload" and size_bytes > self._settings.max_upload_bytes:
            raise BadMedia(
                f"has {size_bytes} bytes of sound; {self._settings.max_upload_bytes} may be uploaded",
                next_step="Raise `transcription.max_upload_bytes` in library.yaml if twice that fits into memory",
            )

    def _take_up(self, journal: _Journal, work: Work) -> _Paid | None:
        """What became of a call that was begun before; None when there is none, or none that has a result."""
        errand = journal.errand
        call_id = errand and (errand.call_id or self._calls.holder(errand.token))
        if not errand or not call_id:
            return None
        logger.info("the call %s was begun before and is taken up", call_id)
        try:
            # When it was begun, its estimate was counted as spent.
            with work.spending.paying(self._usd(0.0)) as payment:
                return self._finish(_Errand(token=errand.token, call_id=call_id), journal, work, payment)
        except CallLost as lost:
            logger.info("%s; it is begun anew", lost.reason)
            return None

    def _begin(
        self,
        audio: Path,
        vocabulary: Vocabulary,
        duration_seconds: float,
        offset_seconds: float,
        journal: _Journal,
        work: Work,
    ) -> _Paid:
        errand = journal.errand or _Errand(token=uuid4().hex)
        request = TranscriptionRequest(
            token=errand.token,
            notes=self._calls.notes_name,
            whisper=whisper_settings(self._settings),
            vocabulary=vocabulary,
            duration_seconds=duration_seconds,
            offset_seconds=offset_seconds,
            size_bytes=audio.stat().st_size,
            link=self._link(work),
        )
        estimate = min(self._settings.timeout_seconds, _MODEL_SECONDS + duration_seconds / _SLOWEST_SPEED)
        with work.spending.paying(self._usd(estimate)) as payment:
            journal.keep(errand)
            try:
                call_id = self._calls.spawn(request, None if request.link else audio.read_bytes())
            except MediaAssetsError:
                payment.cost_usd = 0.0  # if it was begun all the same, it is taken up, and counted then
                raise
            try:
                return self._finish(_Errand(token=errand.token, call_id=call_id), journal, work, payment)
            except CallLost as lost:
                raise Transient(
                    f"was not transcribed: {lost.reason}",
                    next_step=f"If it happens again, look at `modal app logs {self._settings.app}`",
                ) from None

    def _finish(self, errand: _Errand, journal: _Journal, work: Work, payment: Payment) -> _Paid:
        """The transcript of the call, which stays in the journal for as long as something may yet be had of it."""
        journal.keep(errand)
        try:
            answer = self._wait(errand, journal, work)
        except (Cancelled, TimeLimitExceeded):
            self._cancel(journal)
            raise
        except MediaAssetsError as error:
            if not isinstance(error, Transient):
                journal.forget()
            raise
        self._calls.forget(errand.token)
        payment.cost_usd = self._usd(answer.seconds)
        if answer.transcript is None:
            journal.forget()
            raise answer.failure.error() if answer.failure else Transient("came back from Modal without a result")
        return _Paid(answer.transcript, answer.lacking, payment.cost_usd)

    def _usd(self, seconds: float) -> float | None:
        price = self._settings.price_per_second
        return None if price is None else seconds * price

    def _wait(self, errand: _Errand, journal: _Journal, work: Work) -> TranscriptionAnswer:
        """The answer of the call, or of the one that it points to."""
        call_id = errand.call_id or ""
        reported = 0.0
        while True:
            answer = self._calls.answer(call_id, self._poll_seconds)
            if answer is None:
                fraction = self._calls.progress(errand.token)
                if fraction is not None and fraction > reported:
                    reported = fraction
                    work.report(fraction)
                work.check()
            elif answer.done_by is not None:
                call_id = answer.done_by
                journal.keep(_Errand(token=errand.token, call_id=call_id))
            else:
                return answer

    def _cancel(self, journal: _Journal) -> None:
        """Stop the call and forget it; one that cannot be stopped goes on, and is found when it is tried again."""
        errand = journal.errand
        if errand is None or errand.call_id is None:
            return
        try:
            self._calls.cancel(errand.call_id)
        except MediaAssetsError as error:
            logger.warning("the call %s goes on at Modal: %s", errand.call_id, error)
            return
        journal.forget()
        self._calls.forget(errand.token)


class _Journal:
    """The call of one piece of work, kept where a crash leaves it; without a directory it is only remembered."""

    def __init__(self, directory: Path | None) -> None:
        self._path = directory / _JOURNAL if directory else None
        self._remembered = self._read()

    @property
    def errand(self) -> _Errand | None:
        return self._remembered

    def keep(self, errand: _Errand) -> None:
        """Written whole or not at all, and on the disk when this returns."""
        self._remembered = errand
        if self._path is None:
            return
        write_whole(self._path, errand.model_dump_json().encode(), mode=PRIVATE_MODE)

    def forget(self) -> None:
        self._remembered = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _read(self) -> _Errand | None:
        """An entry that cannot be read counts as absent."""
        with suppress(FileNotFoundError, ValidationError):
            return _Errand.model_validate_json(read_if_file(self._path) or b"") if self._path else None
        return None
