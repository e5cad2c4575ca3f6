"""Transcription at Modal: what runs there, and how the calls go from here, by Modal's own protocol."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import modal
import pytest
from grpclib import Status

from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber
from media_assets.artifacts.transcript.engines.modal.app import gpu_function
from media_assets.artifacts.transcript.engines.modal.contract import (
    TranscriptionAnswer,
    TranscriptionRequest,
    progress_key,
    whisper_settings,
)
from media_assets.artifacts.transcript.transcriber import Tools
from media_assets.base.errors import BadMedia, Cancelled, Fatal, OverBudget, TimeLimitExceeded, Transient
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.settings import BudgetSettings
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.modal_app import (
    APP,
    SECONDS,
    answer_at_once,
    answers,
    deployed,
    modal_settings,
    transcribe,
    transcriber,
)
from media_assets_tests.artifacts.transcript.sounds import hiss, noise, write_wav
from media_assets_tests.modal_server import ModalServer
from media_assets_tests.modal_server.state import Call
from media_assets_tests.tiny_whisper import write_tiny_whisper


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> Path:
    return write_wav(tmp_path_factory.mktemp("audio") / "audio.wav", noise(SECONDS))


@pytest.fixture
def server(modal_server: ModalServer) -> ModalServer:
    return deployed(modal_server)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path, journal=tmp_path / "journal")


class Crash(BaseException):
    """Nothing of ours catches it, as nothing catches the end of a process."""


# ------------------------------------------------------------------------------------------- in the container


def remotely(model: Path, audio: bytes, **settings: object) -> TranscriptionAnswer:
    """The function as Modal would run it, but here."""
    function = gpu_function(modal.App(), modal_settings(model))
    request = TranscriptionRequest(
        token="t",
        notes="n",
        whisper=whisper_settings(modal_settings(model, **settings)),
        duration_seconds=SECONDS,
        offset_seconds=1.5,
        size_bytes=len(audio),
    )
    with pytest.warns(UserWarning, match="Volume"):
        return TranscriptionAnswer.model_validate_json(function.local(request.model_dump_json(), audio))


@pytest.mark.thorough
def test_the_function_hears_what_the_engine_here_hears(model, audio, tmp_path):
    here = FasterWhisperTranscriber(whisper_settings(modal_settings(model)), FFmpeg()).transcribe(
        audio, duration_seconds=SECONDS, offset_seconds=1.5, work=Work(tmp_path)
    )
    answer = remotely(model, audio.read_bytes())
    assert answer.transcript == here
    assert [segment.text for segment in here.segments] == ["we talk about water"]
    assert answer.seconds > 0


@pytest.mark.thorough
@pytest.mark.parametrize(("language", "heard"), [(None, {"de"}), ("fr", set()), (["en", "de"], {"de"})])
def test_the_languages_go_there_and_what_was_heard_comes_back(tmp_path, language, heard):
    bands = write_tiny_whisper(tmp_path / "tiny", languages={"de": (0, 30), "en": (40, 60)}, logit=80)
    audio = write_wav(tmp_path / "audio.wav", hiss(SECONDS, 100, 1000))
    answer = remotely(bands, audio.read_bytes(), language=language)
    assert answer.transcript is not None
    assert answer.transcript.language == ("fr" if language == "fr" else "de")
    assert {stretch.language for stretch in answer.transcript.languages} == heard


@pytest.mark.thorough
def test_the_function_tells_whose_fault_it_is(model, audio, tmp_path):
    broken = remotely(model, b"no sound in this").failure
    assert broken is not None and isinstance(broken.error(), BadMedia)
    missing = remotely(tmp_path / "missing", audio.read_bytes()).failure
    assert missing is not None and isinstance(missing.error(), Fatal)
    assert "no Whisper model" in str(missing.error())


# ------------------------------------------------------------------------------------------- a call


@pytest.mark.thorough
def test_a_transcript_comes_back_with_its_cost(server, model, audio, work):
    said = transcribe(transcriber(model), audio, work, offset_seconds=2.0)
    assert [(segment.text, segment.start_seconds) for segment in said.segments] == [("we talk about water", 2.0)]
    assert (said.engine, said.model) == ("modal", str(model))
    assert said.cost_usd == pytest.approx(0.01 * answers(server)[0].seconds, abs=1e-6)
    assert server.state.requests["BlobCreate"] == 1
    assert audio.read_bytes() in next(iter(server.state.blobs.values()))


@pytest.mark.thorough
def test_library_yaml_chooses_it_by_name(server, model, audio, work):
    engine = modal_settings(model).open(Tools(FFmpeg(), Secrets()))
    said = engine.transcribe(audio, duration_seconds=SECONDS, offset_seconds=0, work=work)
    assert (engine.name, said.engine) == ("modal", "modal")


def test_where_and_at_what_price_it_runs_changes_no_result():
    there = modal_settings(
        Path("large-v3"), gpu="H100", app="other", environment="dev", price_per_second=1, batch_size=1
    )
    assert there.result_settings() == modal_settings(Path("large-v3")).result_settings()
    assert there.result_settings() != modal_settings(Path("small")).result_settings()


@pytest.mark.thorough
def test_the_container_reports_how_far_it_is(server, model, audio, work):
    reported = threading.Event()
    fractions: list[float] = []

    def report(fraction: float) -> None:
        fractions.append(fraction)
        reported.set()

    def half_way(_: object) -> None:
        token = json.loads((work.journal / "modal-call.json").read_text())["token"]
        modal.Dict.from_name(f"{APP}-notes", create_if_missing=True)[progress_key(token)] = 0.5
        assert reported.wait(30)

    server.state.in_container = half_way
    work.report = report
    transcribe(transcriber(model), audio, work)
    assert fractions == [0.5]


@pytest.mark.thorough
def test_threads_have_calls_of_their_own_at_once(server, model, audio, tmp_path):
    both = threading.Barrier(2, timeout=30)

    def together(_: object) -> None:
        both.wait()

    server.state.in_container = together
    engine = transcriber(model)
    with ThreadPoolExecutor(2) as pool:
        works = [Work(tmp_path, journal=tmp_path / name) for name in ("a", "b")]
        said = list(pool.map(lambda each: transcribe(engine, audio, each), works))
    assert said[0].segments == said[1].segments
    assert len(server.state.calls) == 2


@pytest.mark.thorough
def test_without_notes_the_work_is_done_all_the_same(server, model, audio, work):
    server.faults.fail("DictGetOrCreate", Status.INTERNAL, times=100)
    assert transcribe(transcriber(model), audio, work).segments


# ------------------------------------------------------------------------------------------- by signed address


@pytest.mark.thorough
def test_the_container_fetches_the_audio_where_library_yaml_says_so(server, model, audio, work, caplog):
    caplog.set_level(logging.DEBUG, "media_assets")
    server.state.blobs["stored"] = audio.read_bytes()
    work.link = lambda seconds: f"{server.storage}/stored?signature=secret&expires={seconds}"
    assert transcribe(transcriber(model, by="signed_url"), audio, work).segments
    assert server.state.requests["BlobCreate"] == 0
    assert "signature" not in caplog.text + (work.journal / "modal-call.json").read_text()


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("{storage}/gone?signature=secret", "status 404"),
        ("{storage}/shorter?signature=secret", "not as large"),
        ("http://127.0.0.1:9/x?signature=secret", "URLError"),
    ],
)
def test_an_address_that_does_not_work_is_tried_again_and_never_shown(server, model, audio, work, address, cause):
    server.state.blobs["shorter"] = audio.read_bytes()[:-1]
    work.link = lambda _: address.format(storage=server.storage)
    with pytest.raises(Transient, match=cause) as caught:
        transcribe(transcriber(model, by="signed_url"), audio, work)
    assert "signature" not in str(caught.value)


def test_a_store_without_signed_addresses_stops_the_batch(server, model, audio, work):
    with pytest.raises(Fatal, match="only a store of `type: bucket`"):
        transcribe(transcriber(model, by="signed_url"), audio, work)
    assert not server.state.calls


# ------------------------------------------------------------------------------------------- stopped


def test_a_stopped_run_stops_its_calls(server, model, audio, work):
    server.state.release.clear()
    threading.Timer(0.3, work.cancelled.set).start()
    with pytest.raises(Cancelled):
        transcribe(transcriber(model), audio, work)
    assert [call.cancelled for call in server.state.calls.values()] == [True]
    assert not list(work.journal.iterdir())


def test_a_call_that_takes_too_long_is_stopped(server, model, audio, work):
    server.state.release.clear()
    work.time_limit_seconds = time.monotonic() - work.started + 0.5
    with pytest.raises(TimeLimitExceeded):
        transcribe(transcriber(model), audio, work)
    assert [call.cancelled for call in server.state.calls.values()] == [True]


# ------------------------------------------------------------------------------------------- paid once


@pytest.mark.thorough
def test_a_crash_after_the_call_has_begun_does_not_pay_twice(server, model, audio, work, tmp_path):
    go_on = threading.Event()
    server.state.release = go_on
    work.cancelled = CrashingEvent()
    with pytest.raises(Crash):
        transcribe(transcriber(model), audio, work)
    go_on.set()
    said = transcribe(transcriber(model), audio, Work(tmp_path, journal=work.journal))
    assert [segment.text for segment in said.segments] == ["we talk about water"]
    assert server.state.requests["FunctionMap"] == 1


class CrashingEvent(threading.Event):
    """Asked a second time, when the call has begun, it crashes who asks."""

    asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        if self.asked > 1:
            raise Crash
        return False


@pytest.mark.thorough
def test_a_call_whose_answer_is_lost_is_found_again_by_its_token(server, model, audio, work):
    server.faults.lose_answer("FunctionMap", times=4)
    with pytest.raises(Transient):
        transcribe(transcriber(model), audio, work)
    assert answers(server)  # it went on all the same, and noted its token
    requests = server.state.requests["FunctionMap"]
    assert transcribe(transcriber(model), audio, work).segments
    assert server.state.requests["FunctionMap"] == requests
    assert len(server.state.calls) == 1


@pytest.mark.thorough
def test_of_two_calls_for_one_piece_of_work_one_does_it(server, model, audio, work):
    server.state.release.clear()
    server.faults.lose_answer("FunctionMap", times=4)
    with pytest.raises(Transient):
        transcribe(transcriber(model), audio, work)
    threading.Timer(0.5, server.state.release.set).start()  # the first is still queued when the second is made
    assert transcribe(transcriber(model), audio, work).segments
    assert len(server.state.calls) == 2
    assert sorted(answer.done_by is None for answer in answers(server)) == [False, True]


@pytest.mark.thorough
def test_a_call_that_was_lost_and_comes_late_does_nothing(server, model, audio, work):
    late = threading.Event()

    def delay_the_first(call: Call) -> None:
        if call.id == next(iter(server.state.calls)):
            late.wait(30)

    server.state.in_container = delay_the_first
    server.faults.lose_answer("FunctionMap", times=4)
    with pytest.raises(Transient):
        transcribe(transcriber(model), audio, work)
    assert transcribe(transcriber(model), audio, work).segments
    late.set()
    first, second = answers(server)
    assert first.done_by == list(server.state.calls)[1]
    assert second.done_by is None


def test_a_result_that_modal_no_longer_has_is_made_anew(server, model, audio, work):
    answer_at_once(server)
    first = transcribe(transcriber(model), audio, work)
    next(iter(server.state.calls.values())).expired = True
    again = transcribe(transcriber(model), audio, work)
    assert again.segments == first.segments
    assert len(server.state.calls) == 2


def test_a_finished_call_is_not_made_again_until_its_transcript_is_stored(server, model, audio, work):
    answer_at_once(server)
    first = transcribe(transcriber(model), audio, work)
    assert transcribe(transcriber(model), audio, work) == first
    assert len(server.state.calls) == 1


def test_a_file_that_failed_is_looked_at_anew_when_it_is_tried_again(server, model, work, tmp_path):
    broken = tmp_path / "broken.m4a"
    broken.write_bytes(b"no sound in this" * 1000)
    for calls in (1, 2):
        with pytest.raises(BadMedia):
            transcribe(transcriber(model), broken, work)
        assert len(server.state.calls) == calls


# ------------------------------------------------------------------------------------------- money


def test_what_it_may_cost_is_asked_before_anything_is_sent(server, model, audio, work):
    work.spending = type(work.spending)(BudgetSettings(per_file_usd=0.001))
    with pytest.raises(OverBudget):
        transcribe(transcriber(model), audio, work)
    assert not server.state.calls


def test_what_it_did_cost_is_counted(server, model, audio, work):
    answer_at_once(server)
    said = transcribe(transcriber(model), audio, work)
    assert work.spending.spent_usd == pytest.approx(said.cost_usd, abs=1e-6)


def test_without_a_price_no_cost_is_claimed(server, model, audio, work):
    answer_at_once(server)
    assert transcribe(transcriber(model, price_per_second=None), audio, work).cost_usd == 0.0


def test_a_file_too_large_to_be_held_in_memory_is_not_sent(server, model, audio, work):
    with pytest.raises(BadMedia, match="max_upload_bytes"):
        transcribe(transcriber(model, max_upload_bytes=1000), audio, work)
    assert not server.state.calls


# ------------------------------------------------------------------------------------------- the line of doctor


def test_doctor_finds_the_function_and_does_not_run_it(server, model):
    line = transcriber(model).check()
    assert "transcribe-v6 of the app media-assets is deployed with L4 and a limit of 3600 s" in line
    assert "modal deploy" not in line
    assert not server.state.calls


def test_doctor_sees_that_library_yaml_wants_another_gpu(server, model):
    assert (
        "library.yaml says H100 and 3600 s: run `media-assets modal deploy`" in transcriber(model, gpu="H100").check()
    )


def test_doctor_says_what_to_do_when_nothing_is_deployed(modal_server, model):
    with pytest.raises(Fatal, match="media-assets modal deploy"):
        transcriber(model).check()
