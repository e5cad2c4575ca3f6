"""What fails at Modal and on the way there becomes an error that says what it means for the file and the batch."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from grpclib import Status

from media_assets.base.errors import Fatal, TimeLimitExceeded, Transient
from media_assets.base.secrets import Secrets
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.modal_app import (
    answer_at_once,
    deployed,
    modal_settings,
    transcribe,
    transcriber,
)
from media_assets_tests.artifacts.transcript.sounds import noise, write_wav
from media_assets_tests.modal_server import ModalServer
from media_assets_tests.modal_server.server import TOKEN_SECRET
from media_assets_tests.modal_server.state import Result

ALWAYS = 100


@pytest.fixture(scope="module")
def model() -> Path:
    return Path("large-v3")


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> Path:
    return write_wav(tmp_path_factory.mktemp("audio") / "audio.wav", noise(3.0))


@pytest.fixture
def server(modal_server: ModalServer) -> ModalServer:
    answer_at_once(modal_server)
    return deployed(modal_server)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path, journal=tmp_path / "journal")


@pytest.mark.parametrize("method", ["FunctionGet", "BlobCreate", "FunctionMap", "FunctionGetOutputs"])
def test_a_hiccup_is_not_noticed(server, model, audio, work, method):
    server.faults.fail(method, Status.UNAVAILABLE, times=2)
    server.faults.delay(method, 0.2)
    assert transcribe(transcriber(model), audio, work).segments
    assert len(server.state.calls) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["FunctionGet", "BlobCreate", "FunctionMap", "FunctionGetOutputs"])
def test_an_outage_lets_the_file_be_tried_again(server, model, audio, work, method):
    server.faults.fail(method, Status.UNAVAILABLE, "out of service", times=ALWAYS)
    with pytest.raises(Transient, match="out of service"):
        transcribe(transcriber(model), audio, work)
    server.faults.clear()
    assert transcribe(transcriber(model), audio, work).segments
    assert len(server.state.calls) == 1


@pytest.mark.thorough
def test_a_call_that_cannot_be_stopped_is_found_again(server, model, audio, work, tmp_path):
    server.state.release.clear()
    server.faults.fail("FunctionCallCancel", Status.UNAVAILABLE, times=ALWAYS)
    work.time_limit_seconds = 0.5
    with pytest.raises(TimeLimitExceeded):
        transcribe(transcriber(model), audio, work)
    server.state.release.set()
    assert transcribe(transcriber(model), audio, Work(tmp_path, journal=work.journal)).segments
    assert len(server.state.calls) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (Status.UNAUTHENTICATED, "modal token set"),
        (Status.PERMISSION_DENIED, "modal token set"),
        (Status.NOT_FOUND, "media-assets modal deploy"),
        (Status.RESOURCE_EXHAUSTED, "usage and billing"),
        (Status.FAILED_PRECONDITION, "media-assets modal deploy"),
    ],
)
def test_what_a_person_has_to_repair_stops_the_batch(server, model, audio, work, status, advice):
    server.faults.fail("FunctionGet", status, "no", times=ALWAYS)
    with pytest.raises(Fatal) as caught:
        transcribe(transcriber(model), audio, work)
    assert advice in caught.value.next_step


def test_a_wrong_token_is_told_and_never_shown(server, model, audio, work, caplog):
    caplog.set_level(logging.DEBUG)
    engine = type(transcriber(model))(
        modal_settings(model), Secrets(modal_token_id="ak-wrong", modal_token_secret="as-very-secret")
    )
    with pytest.raises(Fatal, match="modal token set") as caught:
        transcribe(engine, audio, work)
    assert "as-very-secret" not in f"{caught.value!r} {caught.value} {caplog.text}"


@pytest.mark.thorough
def test_addresses_to_upload_to_stay_secret(server, model, audio, work, caplog):
    caplog.set_level(logging.DEBUG, "media_assets")
    server.blob_status = 500
    with pytest.raises(Transient, match="status 500") as caught:
        transcribe(transcriber(model), audio, work)
    assert "signature" not in f"{caught.value} {caplog.text}"
    assert TOKEN_SECRET not in caplog.text
    server.blob_status = 200
    assert transcribe(transcriber(model), audio, work).segments


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (Result.GENERIC_STATUS_TIMEOUT, TimeLimitExceeded, "longer than the function at Modal may"),
        (Result.GENERIC_STATUS_INTERNAL_FAILURE, Transient, "modal app logs"),
        (Result.GENERIC_STATUS_TERMINATED, Transient, "modal app logs"),
        (Result.GENERIC_STATUS_KERNEL_OOM_KILL, Transient, "modal app logs"),
    ],
)
def test_a_container_that_ends_early_is_told_from_a_bad_file(server, model, audio, work, status, error, reason):
    server.state.in_container = lambda _: Result(status=status, exception="ended")
    with pytest.raises(error, match=reason):
        transcribe(transcriber(model), audio, work)
    answer_at_once(server)
    assert transcribe(transcriber(model), audio, work).segments


def test_a_container_that_does_not_start_stops_the_batch(server, model, audio, work):
    server.state.in_container = lambda _: server.state.failure(ModuleNotFoundError("No module named 'av'"))
    with pytest.raises(Fatal, match=r"does not start .*No module named 'av'") as caught:
        transcribe(transcriber(model), audio, work)
    assert "media-assets modal deploy" in caught.value.next_step


def test_a_journal_that_was_damaged_counts_as_empty(server, model, audio, work):
    work.journal.mkdir()
    (work.journal / "modal-call.json").write_text("{")
    assert transcribe(transcriber(model), audio, work).segments


def test_a_call_that_a_person_stopped_at_modal_is_begun_anew_when_it_is_tried_again(server, model, audio, work):
    server.state.in_container = server.state.cancel
    with pytest.raises(Transient, match="was cancelled"):
        transcribe(transcriber(model), audio, work)
    answer_at_once(server)
    assert transcribe(transcriber(model), audio, work).segments
