"""What sensors and conditions ask for, tick by tick, on a real instance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest

from media_assets.artifacts.library_report.asset import first_report
from media_assets.automation.conditions import stage_condition
from media_assets.automation.source_memory import SourceMemory, imported_cursor, remember
from media_assets.automation.source_sensor import source_sensor
from media_assets.base.secrets import Secrets
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.definitions import build_definitions
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.records import EventFeed, Gone
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.pace import Pace
from media_assets.places.watching import AutomationSettings
from media_assets_tests.s3_server import SECRETS, Place, s3_server
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

LIVE_FILES = 3
STAGES = [dg.AssetKey(name) for name in ("drive_file", "m4a_audio", "transcript", "summary", "thumbnail")]


class Watched:
    """A folder with its sensor, ticked by hand."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.media = root / "media"
        self.media.mkdir()
        self.instance = instance
        self.cursor: str | None = None
        self.settings = Settings(
            state_dir=root / "state",
            sources={"media": FolderSource(path=self.media)},
            stores={"artifacts": FolderStore(path=root / "artifacts")},
            automation=AutomationSettings(settle_seconds=0, incomplete_seconds=3600, live_files=LIVE_FILES),
        )
        self.sensor = source_sensor("media", open_library(self.settings), self.settings, STAGES)
        self.definitions = build_definitions(self.settings, Secrets())

    def put(self, *names: str, text: str = "text") -> None:
        for name in names:
            (self.media / name).write_text(text)

    def tick(self) -> dg.SensorResult | None:
        """What a tick asks for; None when it skips. Acts on it as the daemon does."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self.definitions, sensor_name="watch_media"
        )
        result = self.sensor(context)
        if isinstance(result, dg.SkipReason):
            self.cursor = context.cursor
            return None
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        self.cursor = result.cursor
        return result

    def process(self) -> None:
        """Make drive_file of everything that is registered."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        for key in registered(self.instance):
            tags = {"dagster/asset_partition_range_start": key, "dagster/asset_partition_range_end": key}
            job.execute_in_process(instance=self.instance, asset_selection=[STAGES[0]], tags=tags, raise_on_error=False)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "home").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "home")) as instance:
        yield Watched(tmp_path, instance)


def test_a_few_new_files_get_a_run_each_through_all_stages_ahead_of_the_rest(watched: Watched) -> None:
    watched.put("a.txt", "b.txt")
    result = watched.tick()
    assert result is not None and result.run_requests
    assert [request.partition_key for request in result.run_requests] == ["media:a.txt", "media:b.txt"]
    assert all(request.asset_selection == STAGES for request in result.run_requests)
    assert all(request.tags["dagster/priority"] == "10" for request in result.run_requests)
    assert list(registered(watched.instance)) == ["media:a.txt", "media:b.txt"]


def test_many_new_files_are_registered_and_left_to_the_conditions(watched: Watched) -> None:
    watched.put(*(f"{number}.txt" for number in range(LIVE_FILES + 1)))
    result = watched.tick()
    assert result is not None and not result.run_requests
    assert len(registered(watched.instance)) == LIVE_FILES + 1


@pytest.mark.thorough
def test_a_tick_without_news_asks_for_nothing(watched: Watched) -> None:
    watched.put("a.txt")
    watched.tick()
    watched.process()
    assert watched.tick() is None


def test_a_source_that_is_quiet_is_looked_at_less_often_until_something_changes(watched: Watched) -> None:
    watched.put("a.txt")
    watched.tick()
    state, now = InstanceState(watched.instance), time.time()
    Pace(looked_at=now - 20, changed_at=now - 86_400, took_seconds=5).write("media", state)
    watched.put("b.txt")
    assert watched.tick() is None, "the last look was 20 s ago, and nothing had changed for a day"
    Pace(looked_at=now - 61, changed_at=now - 86_400, took_seconds=5).write("media", state)
    assert watched.tick() is not None
    watched.put("c.txt")
    assert watched.tick() is not None, "there was a change a moment ago"


def test_the_first_report_is_made_at_the_first_start_and_once(watched: Watched) -> None:
    sensor, cursor = first_report(STAGES), None

    def tick(cursor: str | None) -> tuple[list[dg.RunRequest], str | None]:
        context = dg.build_sensor_context(instance=watched.instance, cursor=cursor)
        result = sensor(context)
        if isinstance(result, dg.SkipReason):
            return [], context.cursor
        assert isinstance(result, dg.SensorResult)
        return list(result.run_requests or ()), result.cursor

    requests, cursor = tick(cursor)
    assert not requests, "there is nothing to report yet"
    watched.instance.report_runless_asset_event(dg.AssetMaterialization("drive_file", partition="media:a.txt"))
    (request,), cursor = tick(cursor)
    assert request.asset_selection == [dg.AssetKey("library_report")]
    assert not tick(cursor)[0]
    (request,), _ = tick(str(time.time() - 3600))
    watched.instance.report_runless_asset_event(dg.AssetMaterialization("library_report"))
    assert not tick(None)[0]


@pytest.mark.thorough
def test_a_few_changed_files_get_a_run_each(watched: Watched) -> None:
    watched.put("a.txt", "b.txt")
    watched.tick()
    watched.process()
    watched.put("b.txt", text="another text")
    result = watched.tick()
    assert result is not None and result.run_requests
    assert [request.partition_key for request in result.run_requests] == ["media:b.txt"]


@pytest.mark.thorough
def test_many_changed_files_are_requested_as_one_backfill_of_the_first_stage(watched: Watched) -> None:
    names = [f"{number}.txt" for number in range(LIVE_FILES + 2)]
    watched.put(*names)
    watched.tick()
    watched.process()
    watched.put(*names, text="another text")
    result = watched.tick()
    assert result is not None and result.run_requests
    (request,) = result.run_requests
    assert request.asset_graph_subset is not None
    subset = request.asset_graph_subset.partitions_subsets_by_asset_key
    assert list(subset) == [STAGES[0]]
    assert set(subset[STAGES[0]].get_partition_keys()) == {f"media:{name}" for name in names}


@pytest.mark.thorough
def test_a_file_that_is_gone_is_reported_and_keeps_its_partition_and_its_artifacts(watched: Watched) -> None:
    watched.put("a.txt", "b.txt")
    watched.tick()
    watched.process()
    (watched.media / "a.txt").unlink()
    result = watched.tick()
    assert result is not None and not result.run_requests
    (event,) = result.asset_events
    assert (event.asset_key, event.partition) == (STAGES[0], "media:a.txt")
    assert "gone" in str(event.metadata["removed"].value)
    assert "media:a.txt" in registered(watched.instance)
    assert open_library(watched.settings).store("drive_file").manifest("drive_file", "media:a.txt")


@pytest.mark.thorough
def test_each_of_many_files_that_are_gone_is_told(watched: Watched) -> None:
    names = [f"{number:03}.txt" for number in range(130)]
    watched.put(*names)
    watched.tick()
    for name in names[:-1]:
        (watched.media / name).unlink()
    result = watched.tick()
    assert result is not None
    assert len(result.asset_events) < 30, "each is stored apart"
    for event in result.asset_events:
        watched.instance.report_runless_asset_event(event)
    page = EventFeed(watched.instance, settle_seconds=0).after(0, limit=500, now=time.time())
    assert [event.key for event in page.events if isinstance(event, Gone)] == [f"media:{name}" for name in names[:-1]]


@pytest.mark.thorough
def test_an_empty_file_waits_and_is_not_registered(watched: Watched) -> None:
    watched.put("a.txt", text="")
    assert watched.tick() is None
    assert not registered(watched.instance)
    watched.put("a.txt", text="now there is something")
    result = watched.tick()
    assert result is not None and result.run_requests


@pytest.mark.thorough
def test_a_broken_file_is_requested_again_when_it_has_changed_and_not_before(watched: Watched) -> None:
    watched.media.joinpath("a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\x08moov")
    watched.tick()
    watched.process()
    assert watched.tick() is None
    watched.media.joinpath("a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\x10moov" + bytes(8))
    result = watched.tick()
    assert result is not None and result.run_requests
    assert [request.partition_key for request in result.run_requests] == ["media:a.mp4"]


@pytest.mark.thorough
def test_a_lost_cursor_requests_nothing_that_is_done(watched: Watched) -> None:
    watched.put("a.txt", "b.txt")
    watched.tick()
    watched.process()
    watched.cursor = None
    assert watched.tick() is None


def test_a_source_that_is_not_there_fails_the_tick_with_a_reason(watched: Watched) -> None:
    watched.media.rmdir()
    with pytest.raises(dg.Failure, match=r"is not there.*Create or mount it"):
        watched.tick()


def test_pool_limits_come_from_the_settings(watched: Watched) -> None:
    watched.tick()
    limits = {limit.name: limit.limit for limit in watched.instance.event_log_storage.get_pool_limits()}
    assert limits == watched.settings.pools


class TestConditions:
    """`evaluate_automation_conditions` is what the daemon calls."""

    def evaluate(self, watched: Watched, cursor: object = None) -> dg.EvaluateAutomationConditionsResult:
        return dg.evaluate_automation_conditions(watched.definitions, watched.instance, cursor=cursor)  # type: ignore[arg-type]

    @pytest.mark.thorough
    def test_everything_missing_is_requested_once_in_all_stages(self, watched: Watched) -> None:
        watched.put("a.txt", "b.txt")
        watched.instance.add_dynamic_partitions("media_files", ["media:a.txt", "media:b.txt"])
        second = self.evaluate(watched, self.evaluate(watched).cursor)
        assert {key.path[-1]: second.get_num_requested(key) for key in STAGES} == dict.fromkeys(
            (key.path[-1] for key in STAGES), 2
        )
        third = self.evaluate(watched, second.cursor)
        assert third.total_requested == 0

    @pytest.mark.thorough
    def test_a_look_between_a_file_s_registration_and_its_own_run_requests_nothing(self, watched: Watched) -> None:
        watched.put("a.txt")
        watched.instance.add_dynamic_partitions("media_files", ["media:a.txt"])
        between = self.evaluate(watched)
        assert between.total_requested == 0
        watched.process()
        after = self.evaluate(watched, between.cursor)
        assert after.get_num_requested(STAGES[0]) == 0

    @pytest.mark.thorough
    def test_a_file_that_failed_is_not_requested_again(self, watched: Watched) -> None:
        (watched.media / "a.mp4").write_bytes(b"")
        watched.instance.add_dynamic_partitions("media_files", ["media:a.mp4"])
        watched.process()
        result = self.evaluate(watched)
        for _ in range(3):
            assert result.get_num_requested(STAGES[0]) == 0
            result = self.evaluate(watched, result.cursor)

    @pytest.mark.thorough
    def test_new_settings_request_what_depends_on_them(self, watched: Watched) -> None:
        watched.put("a.txt")
        watched.instance.add_dynamic_partitions("media_files", ["media:a.txt"])
        watched.process()
        first = self.evaluate(watched)
        requested = self.evaluate(watched, first.cursor)
        second = self.evaluate(watched, requested.cursor)
        changed = watched.settings.model_copy(
            update={"audio": watched.settings.audio.model_copy(update={"bit_rate_kbps": 64})}
        )
        watched.definitions = build_definitions(changed, Secrets())
        third = self.evaluate(watched, second.cursor)
        assert third.get_num_requested(STAGES[0]) == 0
        assert third.get_num_requested(STAGES[1]) == 1


class _Meanwhile(dg.AutomationCondition[dg.AssetKey]):
    """Of an asset without dependencies, which is looked at first: what happens while the others wait for their look."""

    happens: ClassVar[list[Callable[[], object]]] = []

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        while self.happens:
            self.happens.pop()()
        return dg.AutomationResult(context, context.get_empty_subset())


@pytest.mark.thorough
def test_a_run_that_ends_in_the_middle_of_a_look_is_not_requested_again(tmp_path: Path) -> None:
    @dg.asset(automation_condition=_Meanwhile())
    def first() -> None: ...

    with ToyLibrary(tmp_path) as toy, ThreadPoolExecutor() as pool:
        condition = stage_condition(rerun_on_change=True)
        stages = [dagster_asset(stage, toy.settings, condition, batches_of(stage, PIPELINE)) for stage in PIPELINE]
        definitions = dg.Definitions(assets=[first, *stages], resources=toy.definitions.resources)
        toy.write(a="a\necho: pause here")
        toy.run("note")
        toy.run("shout")
        look = partial(dg.evaluate_automation_conditions, definitions, toy.instance)
        seen = look()
        run = pool.submit(toy.run, "echo")
        toy.bench.wait_for("here")
        seen = look(cursor=seen.cursor)
        assert seen.total_requested == 0

        _Meanwhile.happens += [lambda: run.result(60), lambda: toy.bench.let_go("here")]
        seen = look(cursor=seen.cursor)
        assert run.result().success
        assert seen.total_requested == 0
        assert look(cursor=seen.cursor).total_requested == 0


@pytest.mark.thorough
def test_a_sensor_goes_on_from_an_imported_cursor_until_it_has_one_of_its_own(watched: Watched) -> None:
    watched.put("a.txt", "b.txt")
    watched.tick()
    assert watched.cursor is not None
    state = InstanceState(watched.instance)
    remember(state, "media", SourceMemory(cursor=watched.cursor, states={}))
    watched.cursor = None  # of another code location
    watched.put("a.txt", text="another text")
    result = watched.tick()
    # It has no drive_file and is not what it was: it failed, and is tried again. At a first look it would not be.
    assert result is not None and [request.partition_key for request in result.run_requests or ()] == ["media:a.txt"]
    assert watched.tick() is None
    assert imported_cursor(state, "media") is None
    watched.cursor = None  # somebody resets it
    assert watched.tick() is None


@pytest.mark.thorough
def test_the_first_look_at_many_known_files_is_not_a_request_for_each(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with s3_server() as server, dg.instance_for_test(temp_dir=str(tmp_path / "home")) as instance:
        watched = Watched(tmp_path, instance)
        settings = watched.settings.model_copy(update={"stores": {"artifacts": Place(server).store_settings("out")}})
        watched.sensor = source_sensor("media", open_library(settings, SECRETS), settings, STAGES)
        names = [f"{number}.txt" for number in range(20)]
        watched.put(*names)
        register(instance, [f"media:{name}" for name in names])
        server.requests.clear()
        assert watched.tick() is None
        assert len(server.requests) < 5
