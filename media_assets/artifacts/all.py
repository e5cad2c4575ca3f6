"""All stages, in the order of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from media_assets.artifacts.compressed_image.asset import compressed_image
from media_assets.artifacts.compressed_video.asset import compressed_video
from media_assets.artifacts.drive_file.asset import drive_file
from media_assets.artifacts.duplicates.index_asset import dedup_index
from media_assets.artifacts.m4a_audio.asset import m4a_audio
from media_assets.artifacts.summary.asset import summary
from media_assets.artifacts.thumbnail.asset import thumbnail
from media_assets.artifacts.transcript.asset import transcript
from media_assets.artifacts.translation.asset import translation
from media_assets.base.errors import Fatal
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import FileAsset, in_order

PIPELINE: tuple[FileAsset[Any], ...] = in_order(
    drive_file,
    m4a_audio,
    transcript,
    summary,
    translation,
    thumbnail,
    dedup_index,
    compressed_image,
    compressed_video,
)
"""All stages; each comes after those it is made from."""


def enabled_stages(tuning: Mapping[str, AssetTuning]) -> tuple[FileAsset[Any], ...]:
    """The stages that a library has.

    Args:
        tuning: Of every asset, as library.yaml has it under `assets`.

    Raises:
        Fatal: one is enabled that is made from one that is not.
    """
    enabled = [stage for stage in PIPELINE if tuning[stage.name].enabled]
    names = {stage.name for stage in enabled}
    for stage in enabled:
        missing = sorted(set(stage.upstreams) - names)
        if missing:
            raise Fatal(
                f"assets.{stage.name} is enabled, and {', '.join(missing)}, which it is made from, is not",
                next_step=f"Set assets.{stage.name}.enabled to false as well, or enable {', '.join(missing)}",
            )
    return tuple(enabled)
