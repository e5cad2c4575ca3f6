"""One module for each artifact, in the order of the pipeline."""

from __future__ import annotations

from typing import Any

from media_assets.assets.drive_file import drive_file
from media_assets.assets.m4a_audio import m4a_audio
from media_assets.assets.summary import summary
from media_assets.assets.transcript import transcript
from media_assets.file_asset import FileAsset

PIPELINE: tuple[FileAsset[Any], ...] = (drive_file, m4a_audio, transcript, summary)
"""All stages; each comes after those it is made from."""
