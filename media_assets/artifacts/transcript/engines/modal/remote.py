"""The function that runs at Modal: our own faster-whisper engine with its windows and guards, in a GPU container.

What belongs here: what happens in the container. `app` decorates it, for the settings of the container come from
library.yaml; Modal imports it here by its name. A container keeps the engine, and so the model, from file to file.
"""

from __future__ import annotations

import http.client
import logging
import shutil
import time
import urllib.error
import urllib.request
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.modal.contract import (
    MODELS_DIR,
    Failure,
    TranscriptionAnswer,
    TranscriptionRequest,
    progress_key,
)
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Transient, classify
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.settings import FFmpegSettings
from media_assets.work.work import Work

logger = logging.getLogger("media_assets")

_FETCH_SECONDS = 60.0
"""How long not a byte of the audio may come."""
_NOTE_SECONDS = 2.0
"""Time between two notes on progress; each is a request."""


def transcribe(request_json: str, audio: bytes | None) -> str:
    """The speech in `audio`, which is the content of a file; None when it is to be fetched.

    Whatever is wrong with the file comes back as an answer too, with what the look at it took. Only what ends the
    container itself is left to Modal.

    Returns:
        An `Answer` as JSON.
    """
    started = time.monotonic()
    request = TranscriptionRequest.model_validate_json(request_json)
    notes = _Notes(request)
    other = notes.claim()
    if other is not None:
        return TranscriptionAnswer(done_by=other, seconds=time.monotonic() - started).model_dump_json()
    try:
        transcript = _transcribe(request, audio, notes)
    except Exception as error:
        known = classify(error)
        if known is not error:
            logger.exception("this was not foreseen")
        answer = TranscriptionAnswer(failure=Failure.of(known), seconds=time.monotonic() - started)
    else:
        answer = TranscriptionAnswer(transcript=transcript, seconds=time.monotonic() - started)
    return answer.model_dump_json()


def _transcribe(request: TranscriptionRequest, audio: bytes | None, notes: _Notes) -> Transcript:
    with TemporaryDirectory(prefix="media-assets-") as directory:
        file = Path(directory) / "audio"
        if audio is None:
            _fetch(request, file)
        else:
            file.write_bytes(audio)
        return _engine(request.whisper.model_dump_json()).transcribe_knowing(
            file,
            request.vocabulary,
            duration_seconds=request.duration_seconds,
            offset_seconds=request.offset_seconds,
            work=Work(Path(directory), report=notes.progress),
        )


def _fetch(request: TranscriptionRequest, file: Path) -> None:
    """The audio from its bucket; the address does not show in any error."""
    cause = "it is not as large as it was"
    try:
        with (
            urllib.request.urlopen(request.link or "", timeout=_FETCH_SECONDS) as answer,  # noqa: S310  ours, signed
            file.open("wb") as out,
        ):
            shutil.copyfileobj(answer, out)
        if file.stat().st_size == request.size_bytes:
            return
    except urllib.error.HTTPError as error:
        cause = f"status {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = type(error).__name__
    raise Transient(f"could not be fetched from its bucket by the container at Modal: {cause}")


@lru_cache(maxsize=1)
def _engine(whisper_json: str) -> FasterWhisperTranscriber:
    """The engine of a model, kept for the next file; one alone, for another model needs the memory of the last."""
    import modal

    settings = FasterWhisperTranscription.model_validate_json(whisper_json)
    if not modal.is_local():
        # A container that has lost its GPU must not work on for hours at the price of one.
        settings = settings.model_copy(update={"device": "cuda", "download_dir": Path(MODELS_DIR)})
    return FasterWhisperTranscriber(settings, FFmpeg(FFmpegSettings()))


class _Notes:
    """What this call tells the outside while it works. Without them the work is done all the same."""

    def __init__(self, request: TranscriptionRequest) -> None:
        import modal

        self._token = request.token
        self._call = modal.current_function_call_id()
        self._dict = modal.Dict.from_name(request.notes, create_if_missing=True) if self._call else None
        self._last = 0.0

    def claim(self) -> str | None:
        """Take the work on, unless another call has.

        Returns:
            The id of that other call.
        """
        import modal

        if self._dict is None:
            return None
        try:
            if self._dict.put(self._token, self._call, skip_if_exists=True):
                return None
            holder = self._dict.get(self._token)
        except modal.exception.Error as error:
            self._give_up(error)
            return None
        # Modal begins an input anew, under the same id, when it took the container away.
        return str(holder) if holder not in (None, self._call) else None

    def progress(self, fraction: float) -> None:
        """Receives the fraction done (0 to 1)."""
        import modal

        if self._dict is None or time.monotonic() - self._last < _NOTE_SECONDS:
            return
        self._last = time.monotonic()
        try:
            self._dict.put(progress_key(self._token), fraction)
        except modal.exception.Error as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        logger.warning("no notes from here on: %s", error)
        self._dict = None
