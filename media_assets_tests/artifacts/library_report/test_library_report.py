"""The report of a library on real media: its figures, and the checks of its goals."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.library_report.asset import library_report
from media_assets.base.secrets import Secrets
from media_assets.base.wording import describe_bytes
from media_assets.config.load import load_settings
from media_assets.definitions import build_definitions
from media_assets.operation.instance import open_instance
from media_assets.pipeline.shown import is_folded
from media_assets_tests.broken_library import ffmpeg, tone
from media_assets_tests.real_library import RealLibrary


def report(library: RealLibrary) -> tuple[dict[str, object], dict[str, bool]]:
    """(figures, whether each goal is reached)."""
    settings = load_settings(library.root / "library.yaml")
    definitions = build_definitions(settings, Secrets())
    with open_instance(settings) as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[library_report.key]
        )
    (event,) = result.get_asset_materialization_events()
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    return {name: value.value for name, value in event.materialization.metadata.items()}, checks


@pytest.mark.thorough
def test_an_empty_library_has_a_report_and_reaches_every_goal(tmp_path: Path) -> None:
    figures, checks = report(RealLibrary(tmp_path))
    assert figures["files"] == 0
    assert set(checks) == {"first_attempt_success", "space_saved", "cache_hits", "nothing_failed", "quality"}
    assert all(checks.values())


@pytest.mark.thorough
def test_space_speed_failures_and_their_causes(tmp_path: Path) -> None:
    library = RealLibrary(
        tmp_path,
        assets={"compressed_video": {"enabled": True}},
        compression={"tiers": [{"max_lines": 120}], "codec": "x264", "preset": "ultrafast", "target_vmaf": 90},
    )
    scene = library.media / "scene.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=2", "-c:v", "libx264", "-crf", "5", scene)
    tone(library.media / "tone.m4a", 440, 2)
    (library.media / "empty.mp4").touch()
    library.process(stage="m4a_audio")
    library.process(stage="compressed_video")
    figures, checks = report(library)
    manifest = library.manifest("compressed_video", "scene.mp4")
    assert figures["saved_bytes"] == scene.stat().st_size - manifest.files[0].size_bytes
    assert figures["first_attempt_success"] == 0.8, "five cells applied, one of them failed"
    assert checks == {
        "first_attempt_success": False,
        "space_saved": True,
        "cache_hits": True,
        "nothing_failed": False,
        "quality": True,
    }
    (cause,) = figures["failures_by_cause"].records  # type: ignore[attr-defined]
    assert cause.data == {"cause": "is empty (0 bytes)", "files": 1}
    speeds = {record.data["asset"]: record.data for record in figures["speed_of_one_worker"].records}  # type: ignore[attr-defined]
    assert speeds["m4a_audio"]["made"] == 1
    assert speeds["m4a_audio"]["files_per_hour"] > 0
    assert "data:image/png;base64," in str(figures["states_plot"])
    states = str(figures["states"])
    assert "| drive_file | 2 | 0 | 1 | 0 |" in states.splitlines() and not is_folded(states)
    assert figures["saved"] == describe_bytes(int(str(figures["saved_bytes"])))
