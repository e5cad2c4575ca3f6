"""From a recording to its summary, with the real engines."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from media_assets.pipeline.status import State
from media_assets_tests.broken_library import SAMPLES, ffmpeg, speech, tone
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.sample_media import noisy_photo

TALK = "looking-after-recordings.mp4"
ENCODED = "spring.ogg"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> RealLibrary:
    """A talk whose AAC is copied, a clip that is encoded, and the talk once more under another name; processed."""
    made = RealLibrary(tmp_path_factory.mktemp("library"))
    ffmpeg("-t", 6, "-i", SAMPLES / "talks" / TALK, "-c", "copy", made.media / TALK)
    shutil.copy(made.media / TALK, made.media / "the same talk.mp4")
    speech(made.media / ENCODED, 12.0)
    assert made.process().counts()["summary"]["done"] == 3
    return made


@pytest.mark.thorough
def test_files_of_equal_content_are_transcribed_once(library: RealLibrary) -> None:
    for asset in ("m4a_audio", "transcript", "summary"):
        first, second = library.manifest(asset, TALK), library.manifest(asset, "the same talk.mp4")
        assert (first.reused_from is None) != (second.reused_from is None), "one was made, the other copied"
        assert first.version == second.version


def redone(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)}


@pytest.mark.thorough
def test_a_second_pass_makes_nothing_and_a_changed_setting_what_depends_on_it(library: RealLibrary) -> None:
    first = library.made()
    library.process()
    assert library.made() == first

    library.configure(summary={"engine": "extractive", "key_points": 2})
    library.process()
    second = library.made()
    talks = [TALK, "the same talk.mp4", ENCODED]
    assert redone(first, second) == {f"summary {talk}" for talk in talks}

    library.configure(summary={"engine": "extractive", "key_points": 2}, audio={"bit_rate_kbps": 48})
    library.process()
    third = library.made()
    changed = redone(second, third)
    assert {f"m4a_audio {talk}" for talk in talks} <= changed
    assert f"transcript {ENCODED}" in changed, "its sound is another one now"
    assert f"transcript {TALK}" not in changed, "its sound was copied and is the same"
    assert not {name for name in changed if name.startswith("drive_file")}


def test_audio_beside_its_source_is_no_source(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path, outputs={"m4a_audio": {"placement": "beside_source"}})
    ffmpeg("-t", 6, "-i", SAMPLES / "talks" / TALK, "-c", "copy", library.media / TALK)
    library.process(stage="m4a_audio")
    beside = library.media / "looking-after-recordings.m4a"
    assert beside.exists()
    status = library.process(stage="m4a_audio")
    assert set(status.grid) == {f"media:{TALK}"}
    shutil.copy(beside, library.media / "copied by a person.m4a")
    status = library.process(stage="m4a_audio")
    assert status.grid["media:copied by a person.m4a"]["drive_file"] is State.NOT_APPLICABLE


@pytest.mark.thorough
def test_a_photo_and_a_silent_video_are_not_applicable_with_a_reason(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    shutil.copytree(SAMPLES / "photos", library.media, dirs_exist_ok=True)
    status = library.process()
    assert {cells["summary"] for cells in status.grid.values()} == {State.NOT_APPLICABLE}
    assert library.manifest("summary", "weather station.jpg").not_applicable == "is no recording but image/jpeg"
    assert library.manifest("summary", "sunrise time-lapse.mp4").not_applicable == "has no audio stream"


@pytest.mark.thorough
def test_a_recording_without_speech_has_an_empty_transcript_and_no_summary(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    tone(library.media / "tone.m4a", 440, 2)
    status = library.process()
    assert status.grid["media:tone.m4a"]["transcript"] is State.DONE
    assert status.grid["media:tone.m4a"]["summary"] is State.NOT_APPLICABLE
    assert library.manifest("summary", "tone.m4a").not_applicable == "has no speech to summarise"


def test_pictures_of_a_video_and_a_photo_and_none_of_sound(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    for name in ("talks/looking-after-recordings.mp4", "photos/weather station.jpg"):
        shutil.copy(SAMPLES / name, library.media)
    tone(library.media / "tone.m4a", 440, 1)
    status = library.process(stage="thumbnail")
    found = {key: cells["thumbnail"] for key, cells in status.grid.items()}
    assert found.pop("media:tone.m4a") is State.NOT_APPLICABLE
    assert set(found.values()) == {State.DONE}
    names = {stored.name for stored in library.manifest("thumbnail", "looking-after-recordings.mp4").files}
    assert any("contact" in name or "sheet" in name for name in names), names
    assert status.grid["media:tone.m4a"]["m4a_audio"] is State.MISSING, "a thumbnail is not made from the audio"


@pytest.mark.thorough
def test_a_photo_is_compressed_where_that_is_enabled_and_only_once(tmp_path: Path) -> None:
    library = RealLibrary(
        tmp_path,
        assets={"compressed_image": {"enabled": True}},
        images={"rules": [{"name": "all", "when": {}, "reduction": 0.5, "smallest_long_side": 100}]},
    )
    noisy_photo(library.media / "photo.jpg")
    status = library.process(stage="compressed_image")
    assert status.grid["media:photo.jpg"]["compressed_image"] is State.DONE
    manifest = library.manifest("compressed_image", "photo.jpg")
    assert isinstance(manifest.value, dict)
    assert manifest.value["outcome"] == "compressed", manifest.value
    (stored,) = manifest.files
    assert stored.size_bytes < (library.media / "photo.jpg").stat().st_size / 2
    made = library.made()
    library.process(stage="compressed_image")
    assert library.made() == made


@pytest.mark.thorough
def test_a_video_is_compressed_where_that_is_enabled_and_only_once(tmp_path: Path) -> None:
    library = RealLibrary(
        tmp_path,
        assets={"compressed_video": {"enabled": True}},
        compression={"rules": [{"max_lines": 120}], "codec": "x264", "preset": "ultrafast", "target_vmaf": 90},
    )
    source = library.media / "scene.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=2", "-c:v", "libx264", "-crf", "5", source)
    status = library.process(stage="compressed_video")
    assert status.grid["media:scene.mp4"]["compressed_video"] is State.DONE
    manifest = library.manifest("compressed_video", "scene.mp4")
    assert isinstance(manifest.value, dict)
    assert manifest.value["compressed"], manifest.value
    assert (manifest.value["width"], manifest.value["height"]) == (160, 120)
    (stored,) = manifest.files
    assert stored.size_bytes < source.stat().st_size / 2
    made = library.made()
    library.process(stage="compressed_video")
    assert library.made() == made


@pytest.mark.thorough
def test_a_changed_target_remakes_the_videos_it_is_for_and_nothing_else(tmp_path: Path) -> None:
    large = {"max_lines": 120, "when": {"more_lines_than": 200}}
    compression: dict[str, Any] = {
        "codec": "x264",
        "preset": "ultrafast",
        "rules": [{**large, "target_vmaf": 80}, {"max_lines": 120}],
    }
    settings: dict[str, Any] = {"assets": {"compressed_video": {"enabled": True}}, "compression": compression}
    library = RealLibrary(tmp_path, **settings)
    for name, size in (("large.mp4", "320x240"), ("small.mp4", "192x144")):
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=10:duration=1", "-crf", "5", library.media / name)
    library.process(stage="compressed_video")
    before = library.made()

    compression["rules"] = [
        {"max_lines": 90, "when": {"larger_than_bytes": 10**9}},
        {**large, "target_vmaf": 85},
        {"max_lines": 120},
    ]
    library.configure(**settings)
    library.process(stage="compressed_video")
    after = library.made()
    assert redone(before, after) == {"compressed_video large.mp4"}

    compression["target_vmaf"] = 90
    library.configure(**settings)
    library.process(stage="compressed_video")
    assert redone(after, library.made()) == {"compressed_video small.mp4"}


@pytest.mark.thorough
def test_names_that_break_pipelines_do_not_break_this_one(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path, outputs={"m4a_audio": {"placement": "beside_source"}})
    names: list[str | bytes] = ["-dash.m4a", "a:b.m4a", "q'uo\"te, [1] * %41....m4a", "new\nline.m4a", b"stray\xff.m4a"]
    for number, name in enumerate(names):
        clip = tone(tmp_path / "clip.m4a", 300 + number, 0.5)
        shutil.copy(clip, library.media / os.fsdecode(name))
    status = library.process(stage="transcript")
    assert len(status.grid) == len(names)
    assert {cells["transcript"] for cells in status.grid.values()} == {State.DONE}, status.failures


@pytest.mark.thorough
def test_artifacts_beside_their_sources_are_known_after_the_library_has_moved(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    library = RealLibrary(tmp_path / "here", outputs={"default": {"placement": "beside_source"}})
    speech(library.media / "talk.ogg", 1.0, 2.0)
    tone(library.media / "tone.ogg", 440, 1)
    library.process()
    before = sorted(path.name for path in library.media.iterdir())
    made = library.made()
    (tmp_path / "here").rename(tmp_path / "there")
    moved = RealLibrary(tmp_path / "there", outputs={"default": {"placement": "beside_source"}})
    status = moved.process()
    assert set(status.grid) == {"media:talk.ogg", "media:tone.ogg"}
    assert sorted(path.name for path in moved.media.iterdir()) == before
    assert moved.made() == made


@pytest.mark.slow
def test_artifacts_beside_their_sources_are_no_sources_in_a_renamed_folder_either(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path, outputs={"default": {"placement": "beside_source"}})
    (library.media / "old").mkdir()
    tone(library.media / "old" / "tone.ogg", 440, 1)
    library.process()
    (library.media / "old").rename(library.media / "new")
    status = library.process()
    assert not status.failures
    recordings = {key for key, cells in status.grid.items() if cells["drive_file"] is State.DONE}
    assert recordings == {"media:new/tone.ogg"}


@pytest.mark.thorough
def test_another_store_gets_copies_and_nothing_is_made_again(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    tone(library.media / "tone.ogg", 440, 1)
    library.process(stage="m4a_audio")
    before = library.manifest("m4a_audio", "tone.ogg")
    stores = {"artifacts": {"path": "artifacts"}, "archive": {"path": "archive"}}
    library.configure(stores=stores, outputs={"default": {"store": "archive"}})
    library.process(stage="m4a_audio")
    assert library.manifest("m4a_audio", "tone.ogg").made_by_run == before.made_by_run
    assert list((tmp_path / "archive" / "m4a_audio").glob("*/audio.m4a"))


@pytest.mark.thorough
def test_a_failed_file_that_is_gone_is_no_failure_any_more(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path)
    (library.media / "empty.mp4").touch()
    tone(library.media / "tone.ogg", 440, 1)
    assert library.process(stage="drive_file").failures
    (library.media / "empty.mp4").unlink()
    assert not library.everything().failures
