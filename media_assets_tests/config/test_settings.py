"""The sections of library.yaml and what of them counts into a fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from media_assets.artifacts.all import PIPELINE
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.settings import TranscriptionRule
from media_assets.config.settings import Settings
from media_assets.pipeline.settings import AssetTuning
from media_assets.places.folder.settings import FolderSource
from media_assets.services.openai.chat.section import Price
from media_assets_tests.toy_stages import PIPELINE as TOY_PIPELINE
from media_assets_tests.toy_stages import toy_settings


def test_the_batches_that_stand_at_the_stages_all_differ() -> None:
    batches = [stage.tuning.batch for stage in PIPELINE]
    assert len(set(batches)) == len(batches)


def test_settings_that_only_change_speed_or_cost_are_no_part_of_the_result() -> None:
    slow = FasterWhisperTranscription(engine="faster-whisper", batch_size=1, device="cpu", cpu_threads=1)
    fast = FasterWhisperTranscription(
        engine="faster-whisper", batch_size=16, device="cuda", download_dir=Path("/models"), allow_download=False
    )
    assert slow.result_settings() == fast.result_settings()
    cheap = OpenAISummary(engine="openai", timeout_seconds=1, max_retries=0)
    dear = OpenAISummary(engine="openai", prices={"m": Price(input=1, output=2)}, base_url="http://localhost:1/v1")
    assert cheap.result_settings() == dear.result_settings()
    there = OpenAITranscription(
        engine="openai", base_url="http://localhost:1/v1", price_per_minute=1, timeout_seconds=1
    )
    rule = {"when": {"longer_than_seconds": 1}}
    assert (
        TranscriptionRule.model_validate({**rule, "use": there}).result_settings()
        == TranscriptionRule.model_validate({**rule, "use": OpenAITranscription(engine="openai")}).result_settings()
    )


@pytest.mark.parametrize(
    "other",
    [
        FasterWhisperTranscription(engine="faster-whisper", model="tiny"),
        FasterWhisperTranscription(engine="faster-whisper", vad=False),
        FasterWhisperTranscription(engine="faster-whisper", guards=GuardSettings(max_repetitions=9)),
    ],
)
def test_settings_that_change_the_result_are_part_of_it(other: FasterWhisperTranscription) -> None:
    assert other.result_settings() != FasterWhisperTranscription(engine="faster-whisper").result_settings()


def test_settings_cannot_be_changed_once_made() -> None:
    audio = AudioSettings()
    with pytest.raises(ValidationError, match="frozen"):
        audio.channels = 1  # type: ignore[misc]


def test_settings_can_be_built_by_hand_and_are_completed() -> None:
    tuning = AssetTuning(batch=7, workers=1, time_limit_seconds=1, time_limit_per_media_second=0)
    settings = Settings(sources={"talks": FolderSource(path=Path("/talks"))}, assets={"summary": tuning})
    assert settings.assets == {**Settings.usual_tuning(), "summary": tuning}
    assert settings.output_for("summary").store == "artifacts"


def test_a_library_of_other_stages_knows_the_names_of_those_alone(tmp_path: Path) -> None:
    settings = toy_settings(tmp_path)
    assert settings.assets == {stage.name: stage.tuning for stage in TOY_PIPELINE}
    with pytest.raises(ValidationError, match="should be one of"):
        toy_settings(tmp_path, assets={"compressed_video": {"workers": 3}})
    with pytest.raises(ValidationError, match="should be one of"):
        toy_settings(tmp_path, outputs={"compressed_video": {"store": "artifacts"}})


def test_the_tuning_of_a_stage_is_completed_by_what_stands_at_it(tmp_path: Path) -> None:
    stage = TOY_PIPELINE[-1]
    tuning = toy_settings(tmp_path, assets={stage.name: {"workers": 17}}).assets[stage.name]
    assert tuning == stage.tuning.model_copy(update={"workers": 17})
