"""An app at Modal's stand-in with a tiny model, and what the tests do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modal._serialization import deserialize

from media_assets.artifacts.transcript.engines.modal.contract import FUNCTION, TranscriptionAnswer
from media_assets.artifacts.transcript.engines.modal.engine import ModalTranscriber
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.secrets import Secrets
from media_assets.work.work import Work
from media_assets_tests.modal_server import ModalServer

APP = "media-assets"
SECONDS = 12.0


def modal_settings(model: Path, **settings: Any) -> ModalTranscription:
    patient = GuardSettings(max_repetitions=1000)
    defaults = {"model": str(model), "vad": False, "beam_size": 1, "guards": patient, "price_per_second": 0.01}
    return ModalTranscription(engine="modal", **{**defaults, **settings})


def deployed(server: ModalServer) -> ModalServer:
    server.state.deploy("media_assets.artifacts.transcript.engines.modal.remote", "transcribe", app=APP, tag=FUNCTION)
    return server


def transcriber(model: Path, **settings: Any) -> ModalTranscriber:
    return ModalTranscriber(modal_settings(model, **settings), Secrets(), poll_seconds=0.1)


def transcribe(engine: ModalTranscriber, audio: Path, work: Work, offset_seconds: float = 0.0) -> Transcript:
    return engine.transcribe(audio, duration_seconds=SECONDS, offset_seconds=offset_seconds, work=work)


def answer_at_once(server: ModalServer) -> None:
    """Containers that need not hear anything: for what happens on the way."""
    said = TranscriptSegment(start_seconds=0.0, end_seconds=1.0, text="we talk", confidence=0.9)
    transcript = Transcript(
        language="en", duration_seconds=SECONDS, engine="faster-whisper", model="tiny", segments=(said,)
    )
    answer = TranscriptionAnswer(transcript=transcript, seconds=2.0).model_dump_json()
    server.state.in_container = lambda _: server.state.success(answer)


def answers(server: ModalServer) -> list[TranscriptionAnswer]:
    """What the calls that ended well came back with."""
    found = []
    for call in server.state.calls.values():
        call.done.wait(30)
        if call.result is not None and call.result.status == call.result.GENERIC_STATUS_SUCCESS:
            data = server.state.blobs.get(call.result.data_blob_id) or call.result.data
            found.append(TranscriptionAnswer.model_validate_json(deserialize(data, None)))
    return found
