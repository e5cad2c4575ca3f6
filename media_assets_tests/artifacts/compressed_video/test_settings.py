"""The settings of compressed_video."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from media_assets.artifacts.compressed_video.settings import DEFAULT_PRESETS, PRESETS, VideoCompressionSettings


def test_a_preset_of_another_encoder_is_refused_with_the_known_ones():
    with pytest.raises(ValidationError, match="svt-av1 has no preset 'medium'; it knows 0, 1, 2"):
        VideoCompressionSettings(codec="svt-av1", preset="medium")
    with pytest.raises(ValidationError, match="x265 has no preset '6'"):
        VideoCompressionSettings(codec="x265", preset="6")


@pytest.mark.parametrize("codec", ["x264", "x265", "svt-av1"])
def test_each_codec_has_a_preset_of_its_own(codec: str):
    settings = VideoCompressionSettings.model_validate({"codec": codec})
    assert settings.chosen_preset == DEFAULT_PRESETS[settings.codec]
    assert settings.chosen_preset in PRESETS[settings.codec]
