"""Whether the sound of a recording is loud enough and whole, as its checks see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.m4a_audio.quality import AUDIO_QUALITY, AudioQuality
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.config.settings import Settings
from media_assets.pipeline.quality import Verdict
from media_assets.places.folder.settings import FolderSource
from media_assets_tests.artifacts.judging import stored_with
from media_assets_tests.broken_library import TALK, ffmpeg, tone
from media_assets_tests.real_library import RealLibrary

SETTINGS = Settings(sources={"media": FolderSource(path=Path("media"))})
TRACK = AudioTrack(
    stream_index=0,
    chosen_because="the only audio track",
    language=None,
    copied=True,
    duration_seconds=10,
    offset_seconds=0,
    bit_rate=None,
    sample_rate=48000,
    channels=1,
    size_bytes=1,
)


def judged(**figures: float) -> dict[str, Verdict]:
    return AUDIO_QUALITY.judge(stored_with(TRACK, figures), SETTINGS)


def test_speech_as_it_is_recorded_passes() -> None:
    found = judged(integrated_lufs=-23.4, full_scale_share=0.0001)
    assert {name: verdict.passed for name, verdict in found.items()} == {"loudness": True, "clipping": True}
    assert found["loudness"].said == "its loudness is -23 LUFS"


@pytest.mark.parametrize(
    ("figures", "check", "said", "step"),
    [
        ({"integrated_lufs": -52.0}, "loudness", "its loudness is -52 LUFS", "with more gain"),
        ({"integrated_lufs": -70.0}, "loudness", "it is silent", "whether the microphone was on"),
        ({"full_scale_share": 0.02}, "clipping", "2.00 % of it is at full scale", "with less gain"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(figures: dict[str, float], check: str, said: str, step: str) -> None:
    ((name, verdict),) = judged(**figures).items()
    assert (name, verdict.passed, verdict.said) == (check, False, said)
    assert step in verdict.next_step


def test_silence_does_not_pass_whatever_the_limit() -> None:
    limits = AudioQuality(min_loudness_lufs=-70)
    (loudness, _) = AUDIO_QUALITY.checks
    verdict = loudness.judge(stored_with(TRACK, {"integrated_lufs": -70.0}), limits)
    assert verdict
    assert not verdict.passed


def test_what_was_made_before_anybody_measured_has_no_result() -> None:
    assert judged() == {}


@pytest.mark.thorough
def test_copied_and_encoded_sound_are_measured_and_stay_the_version_they_were(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    ffmpeg("-i", TALK, "-vn", "-c:a", "copy", library.media / "copied.m4a")
    ffmpeg("-i", TALK, "-vn", library.media / "encoded.flac")
    tone(library.media / "quiet.wav", 440)
    library.process(stage="m4a_audio")
    for name in ("copied.m4a", "encoded.flac"):
        manifest = library.manifest("m4a_audio", name)
        assert -35 < manifest.figures["integrated_lufs"] < -10, name
        assert manifest.figures["full_scale_share"] < 0.005, name
        assert "integrated_lufs" not in str(manifest.value), "or every transcript would be made anew"
