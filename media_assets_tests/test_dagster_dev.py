"""The product as its users run it: a real `dagster dev`, its daemon, sensors and backfills, on real media."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from media_assets.automation.source_memory import sensor_name
from media_assets_tests.broken_library import BROKEN, TALK, ffmpeg, make_library, speech, tone
from media_assets_tests.dagster_dev import DagsterDev
from media_assets_tests.drive_library import grant_of, leaks, secrets_of
from media_assets_tests.drive_server import Faults, drive_server

STAGES = ("drive_file", "m4a_audio", "transcript", "summary")
SOUND = 54
FEW_SOUND = 6
CHECKOUT = Path(__file__).parent.parent


def write_config(root: Path, **automation: object) -> Path:
    config = root / "library.yaml"
    quick = {
        "source_interval_seconds": 5,
        "settle_seconds": 2,
        "incomplete_seconds": 6,
        "condition_interval_seconds": 10,
        **automation,
    }
    config.write_text(json.dumps({"sources": {"media": {"path": "media"}}, "automation": quick}), "utf-8")
    return config


def red_cells(dev: DagsterDev) -> set[tuple[str, str]]:
    return {(key, stage) for stage in STAGES for key in dev.cells(stage)["failed"]}


def green_rows(dev: DagsterDev) -> set[str]:
    return set.intersection(*(dev.cells(stage)["materialized"] for stage in STAGES))


def bulk_requests(dev: DagsterDev) -> Counter[tuple[str, str]]:
    """How often each cell, as (stage, key), was requested in a batch."""
    keys = dev.partition_keys("drive_file")
    requests: Counter[tuple[str, str]] = Counter()
    for run in dev.runs():
        tags = {tag["key"]: tag["value"] for tag in run["tags"]}
        if tags.get("media_assets/lane") != "bulk":
            continue
        first, last = (keys.index(tags[f"dagster/asset_partition_range_{end}"]) for end in ("start", "end"))
        stages = [asset["path"][-1] for asset in run["assetSelection"]]
        requests.update((stage, key) for stage in stages for key in keys[first : last + 1])
    assert {stage for stage, _ in requests} >= set(STAGES)
    return requests


def unfinished(dev: DagsterDev) -> list[str]:
    states = [run["status"] for run in dev.runs()] + [backfill["status"] for backfill in dev.backfills()]
    return [
        state for state in states if state in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "REQUESTED", "CANCELING")
    ]


def test_a_recording_in_a_watched_folder_has_its_summary_by_itself(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    speech(tmp_path / "media" / "talk.m4a", 0)
    with DagsterDev(write_config(tmp_path), tmp_path / "dev.log") as dev:
        dev.wait_for(lambda: green_rows(dev) == {"media:talk.m4a"}, seconds=200, what="a green row")


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sound", [FEW_SOUND, pytest.param(SOUND, marks=pytest.mark.slow)])
def test_a_watched_folder_with_broken_files_from_its_first_look_to_a_clip_that_is_dropped_in(
    tmp_path: Path, sound: int
) -> None:
    """One story, in one test: each part goes on where the one before ended."""
    make_library(tmp_path / "media", sound, speeches=2 if sound == FEW_SOUND else 6)
    shutil.copy(CHECKOUT / "dagster.yaml", tmp_path)
    with DagsterDev(write_config(tmp_path), tmp_path / "dev.log") as dev:
        nobody_is_greeted_with_a_warning(dev)
        sound_rows_turn_green_and_broken_ones_red_in_one_pass(dev, sound)
        a_good_version_of_a_broken_file_turns_its_row_green(dev, tmp_path)
        a_clip_has_its_summary_within_a_minute_and_once(dev, tmp_path)
        nothing_was_requested_again_in_all_that_time(dev)


def nobody_is_greeted_with_a_warning(dev: DagsterDev) -> None:
    assert "warning" not in dev.log_tail().lower(), dev.log_tail()


def sound_rows_turn_green_and_broken_ones_red_in_one_pass(dev: DagsterDev, sound: int) -> None:
    dev.wait_for(lambda: len(green_rows(dev)) == sound, seconds=400, what=f"{sound} green rows")
    dev.wait_for(lambda: not unfinished(dev), seconds=90, what="the end of all runs")
    red = red_cells(dev)
    assert {key for key, _ in red} == {f"media:{name}" for name in BROKEN}
    assert len(red) == len(BROKEN), red
    for key, stage in red:
        assert dev.latest_observation(stage, key)["failed"], (key, stage)
    assert len(dev.backfills()) == 1, "everything was requested at once, in batches"


def a_good_version_of_a_broken_file_turns_its_row_green(dev: DagsterDev, root: Path) -> None:
    shutil.move(tone(root / "good.m4a", 901, 1), root / "media" / "a cut.m4a")
    dev.wait_for(lambda: "media:a cut.m4a" in green_rows(dev), seconds=120, what="a green row")


def a_clip_has_its_summary_within_a_minute_and_once(dev: DagsterDev, root: Path) -> None:
    dev.wait_for(lambda: not unfinished(dev), seconds=60, what="a quiet instance")
    clip = root / "clip.mp4"
    ffmpeg("-t", "10", "-i", TALK, "-c:v", "copy", "-c:a", "aac", clip)
    started = time.monotonic()
    shutil.move(clip, root / "media" / "new clip.mp4")
    dev.wait_for(lambda: "media:new clip.mp4" in dev.cells("summary")["materialized"], seconds=60, what="its summary")
    print(f"summary {time.monotonic() - started:.1f} s after the clip was dropped in")
    dev.wait_for_look("request_missing")
    runs = [run for run in dev.runs() if "media:new clip.mp4" in {tag["value"] for tag in run["tags"]}]
    assert len(runs) == 1


def nothing_was_requested_again_in_all_that_time(dev: DagsterDev) -> None:
    lanes = Counter(tag["value"] for run in dev.runs() for tag in run["tags"] if tag["key"] == "media_assets/lane")
    assert lanes["live"] == 2, "the repaired file and the clip"
    again = {cell: times for cell, times in bulk_requests(dev).items() if times > 1}
    assert not again
    assert len(dev.backfills()) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backfill_of_everything_launched_from_the_ui_does_the_same(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    make_library(tmp_path / "new", SOUND)
    # No live lane: a broken file waits a little longer than the others, and alone it would get a run of its own.
    with DagsterDev(write_config(tmp_path, live_files=0), tmp_path / "dev.log") as dev:
        dev.stop_sensor("request_missing")
        shutil.move(tmp_path / "new", tmp_path / "media" / "recordings")
        total = SOUND + len(BROKEN)
        dev.wait_for(lambda: len(dev.cells("drive_file")["unmaterialized"]) == total, seconds=90, what="the keys")
        backfill = dev.launch_backfill(list(STAGES), sorted(dev.cells("drive_file")["unmaterialized"]))
        dev.wait_for(lambda: len(green_rows(dev)) == SOUND, seconds=400, what=f"{SOUND} green rows")
        dev.wait_for(lambda: not unfinished(dev), seconds=120, what="the end of the backfill")
        assert {key for key, _ in red_cells(dev)} == {f"media:recordings/{name}" for name in BROKEN}
        assert len(red_cells(dev)) == len(BROKEN)
        assert [found["id"] for found in dev.backfills()] == [backfill]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backfill_turns_no_file_red_that_waits_for_an_earlier_stage(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    with DagsterDev(write_config(tmp_path, live_files=0), tmp_path / "dev.log") as dev:
        dev.stop_sensor("request_missing")
        for number in range(2):
            shutil.move(tone(tmp_path / "new.flac", 400 + number, 1), tmp_path / "media" / f"{number}.flac")
        ready, waiting = keys = ["media:0.flac", "media:1.flac"]
        dev.wait_for(lambda: dev.cells("drive_file")["unmaterialized"] == set(keys), seconds=120, what="the keys")
        dev.launch_backfill(["drive_file"], [ready])
        dev.wait_for(lambda: dev.cells("drive_file")["materialized"] == {ready}, seconds=120, what="one drive_file")
        backfill = dev.launch_backfill(["m4a_audio"], keys)
        dev.wait_for(lambda: ready in dev.cells("m4a_audio")["materialized"], seconds=120, what="its sound")
        dev.wait_for(lambda: not unfinished(dev), seconds=120, what="the end of the backfill")
        cells = dev.cells("m4a_audio")
        assert (cells["materialized"], cells["failed"], cells["unmaterialized"]) == ({ready}, set(), {waiting})
        (run,) = (run for run in dev.runs() if {"path": ["m4a_audio"]} in run["assetSelection"])
        assert run["status"] == "SUCCESS" and backfill in {tag["value"] for tag in run["tags"]}
        assert any("1.flac waits for its drive_file" in line for line in dev.log_of(run["id"]))
        dev.launch_backfill(["drive_file", "m4a_audio"], [waiting])
        dev.wait_for(lambda: dev.cells("m4a_audio")["materialized"] == set(keys), seconds=120, what="the other's sound")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clip_that_is_uploaded_to_drive_has_its_summary_there_and_once(tmp_path: Path) -> None:
    with drive_server(seed=5, faults=Faults(rate=0.02)) as drive:
        folder = drive.add_path("Lectures")
        way = {"credentials": str(grant_of(drive, tmp_path)), "api_endpoint": drive.url}
        config = write_config(tmp_path, settle_seconds=0)
        settings = json.loads(config.read_text())
        settings["sources"] = {"lectures": {"type": "drive", "folders": ["My Drive/Lectures"], **way}}
        settings["stores"] = {"drive": {"type": "drive", "folder": "My Drive/Artifacts", **way}}
        settings["outputs"] = {"m4a_audio": {"placement": "beside_source"}}
        config.write_text(json.dumps(settings))
        with DagsterDev(config, tmp_path / "dev.log") as dev:
            dev.wait_for_look(sensor_name("lectures"))  # after that, what is new is a change
            clip = tmp_path / "clip.mp4"
            ffmpeg("-t", "10", "-i", TALK, "-c:v", "copy", "-c:a", "aac", clip)
            key = f"lectures:new clip.mp4~{drive.add_file('new clip.mp4', clip.read_bytes(), parent=folder)}"
            started = time.monotonic()
            commands: set[str] = set()

            def is_there() -> bool:
                commands.update(dev.command_lines())
                return key in dev.cells("summary")["materialized"]

            dev.wait_for(is_there, seconds=180, what="its summary")
            print(f"summary {time.monotonic() - started:.1f} s after the upload")
            dev.wait_for_look("request_missing")
            assert len([run for run in dev.runs() if key in {tag["value"] for tag in run["tags"]}]) == 1
            assert [drive.path(item.id) for item in drive.files(name="new clip.m4a")] == ["Lectures/new clip.m4a"]
            parts = Counter(item.app_properties.get("media_assets_part") for item in drive.files(trashed=None))
            assert {parts[name] for name in ("summary.md", "summary.json", "transcript.srt", "audio.m4a")} == {1}
        planted = secrets_of(drive)
        assert not [command for command in commands for secret in planted if secret in command]
        assert not leaks(tmp_path, planted)
