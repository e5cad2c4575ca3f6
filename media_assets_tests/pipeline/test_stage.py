"""Mistakes in stages are told when the list of them is made, and name the stage."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from media_assets.artifacts.all import PIPELINE
from media_assets.base.errors import Fatal
from media_assets.pipeline.stage import FileAsset, in_order

STAGES = {stage.name: stage for stage in PIPELINE}
FIRST, SOUND, TRANSCRIPT = STAGES["drive_file"], STAGES["m4a_audio"], STAGES["transcript"]


def with_batch(stage: FileAsset[Any], batch: int) -> FileAsset[Any]:
    return replace(stage, tuning=stage.tuning.model_copy(update={"batch": batch}))


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ((FIRST, TRANSCRIPT, SOUND), "transcript is made from m4a_audio, and no stage of that name comes before it"),
        ((SOUND,), "m4a_audio is made from drive_file, and no stage of that name comes before it"),
        ((FIRST, SOUND, SOUND), "m4a_audio is listed twice"),
        ((FIRST, with_batch(SOUND, FIRST.tuning.batch)), "drive_file and m4a_audio have batches of 100 files"),
    ],
)
def test_a_list_that_cannot_work_is_refused(stages: tuple[FileAsset[Any], ...], reason: str) -> None:
    with pytest.raises(Fatal, match=reason):
        in_order(*stages)


def test_the_list_of_the_product_is_in_order() -> None:
    assert in_order(*PIPELINE) == PIPELINE


def test_a_stage_whose_section_is_not_among_the_settings_says_so() -> None:
    with pytest.raises(Fatal, match="no section audio for the stage m4a_audio"):
        SOUND.settings_for(SimpleNamespace())
