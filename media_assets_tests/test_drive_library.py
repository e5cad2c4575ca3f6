"""A library on Drive: from a change there to the state of a partition, and what stops everything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.settings import Output
from media_assets.pipeline.status import State
from media_assets.places.drive.settings import DriveStore
from media_assets_tests.drive_library import ARTIFACTS, DriveLibrary, access_to, leaks, secrets_of
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.s3_server import Place, s3_server

DONE = [State.DONE] * 3


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=3) as drive:
        yield drive


@pytest.fixture
def library(drive: DriveServer, tmp_path: Path) -> Iterator[DriveLibrary]:
    with DriveLibrary(drive, tmp_path) as library:
        yield library


def once(library: DriveLibrary, file_id: str) -> bool:
    """Whether Drive holds exactly one of each artifact of a file."""
    return library.artifacts_of(file_id) == {
        "note": 1,
        "shout": 1,
        "shout shout.m4a": 1,
        "echo": 1,
        "echo echo.json": 1,
        "echo echo.srt": 1,
    }


def ours(drive: DriveServer) -> int:
    """How many files on Drive are the project's: 3 manifests and 3 files for each source."""
    return len(drive.files("appProperties has { key='media_assets_store' and value='artifacts' }"))


# ------------------------------------------------------------------------------------------- the pipeline


def test_everything_is_made_once_and_found_again(library: DriveLibrary, drive: DriveServer) -> None:
    files = [library.put("a.txt", "one"), library.put("b.txt", "two"), library.put("b.txt", "three")]
    library.process()
    assert [library.cells(file) for file in files] == [DONE] * 3
    assert all(once(library, file) for file in files)
    assert ours(drive) == 18
    before = list(library.bench.calls)
    library.process()
    assert library.bench.calls == before
    assert ours(drive) == 18


@pytest.mark.thorough
def test_stages_of_a_file_share_one_download(library: DriveLibrary, drive: DriveServer) -> None:
    library.put("a.txt", "one")
    library.process()
    assert len(library.bench.calls) == 3, "two of them read the source"
    assert library.library.cache.counts.misses == 1
    assert library.library.cache.counts.hits >= 2


@pytest.mark.thorough
def test_the_cache_is_in_the_tags_of_the_runs(library: DriveLibrary) -> None:
    library.put("a.txt", "one")
    library.register()
    library.run("note")
    result = library.run("shout")
    run = library.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert int(run.tags["media_assets/cache_hits"]) >= 1
    assert run.tags["media_assets/cache_misses"] == "0"
    assert run.tags["media_assets/cache_evicted_bytes"] == "0"


@pytest.mark.thorough
def test_equal_content_is_worked_on_once(library: DriveLibrary, drive: DriveServer) -> None:
    files = [library.put("a.txt", "same"), library.put("b.txt", "same")]
    library.process()
    assert library.bench.calls_of("echo") == {"same": 1}
    assert all(once(library, file) for file in files)
    assert ours(drive) == 12


@pytest.mark.thorough
def test_media_beside_the_source_and_documents_in_a_bucket(
    drive: DriveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {
        "default": Output(store="documents"),
        "shout": Output(store="artifacts", placement="beside_source"),
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    way = access_to(drive, tmp_path)
    with s3_server() as s3:
        bucket = Place(s3)
        stores = {
            "artifacts": DriveStore(type="drive", folder=ARTIFACTS, **way),
            "documents": bucket.store_settings("documents"),
        }
        with DriveLibrary(drive, tmp_path, outputs=outputs, stores=stores) as library:
            file = library.put("talk.txt", "one", parent=drive.add_path("Library/2024"))
            library.process()
            assert library.cells(file) == DONE
            (audio,) = drive.files(name="talk.m4a")
            assert drive.path(audio.id).endswith("Library/2024/talk.m4a")
            (captions,) = (path for path in bucket.paths() if path.endswith("echo.srt"))
            assert bucket.get(captions) == b"1: 96 decibels of one"
            assert library.register() == [library.key(file)], "what we put there is no source"


# ------------------------------------------------------------------------------------------- from a change to a state


@pytest.mark.thorough
def test_a_new_file_gets_its_run_and_a_quiet_tick_asks_for_nothing(library: DriveLibrary) -> None:
    library.tick()
    file = library.put("a.txt", "one")
    library.tick()
    assert library.cells(file) == DONE
    assert library.tick() is None


@pytest.mark.thorough
def test_a_renamed_file_keeps_its_partition(library: DriveLibrary, drive: DriveServer) -> None:
    file = library.put("a.txt", "one")
    library.tick()
    key = library.key(file)
    drive.rename(file, "another name.txt")
    library.tick()
    assert registered(library.instance) == [key]
    assert library.register() == [key]
    assert library.cells(file) == DONE
    calls = list(library.bench.calls)
    library.process()
    assert library.bench.calls == calls


@pytest.mark.thorough
def test_a_file_that_is_moved_in_is_processed_and_one_moved_out_keeps_its_artifacts(
    library: DriveLibrary, drive: DriveServer
) -> None:
    elsewhere = drive.add_path("Elsewhere/deep")
    file = library.put("a.txt", "one", parent=elsewhere)
    library.tick()
    assert not registered(library.instance)
    drive.move(elsewhere, library.folder)
    library.tick()
    assert library.cells(file) == DONE
    drive.move(elsewhere, drive.root_id)
    result = library.tick()
    assert result is not None
    assert [event.partition for event in result.asset_events] == [library.key(file)]
    assert once(library, file)
    assert library.cells(file) == DONE


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("away", "back"),
    [
        (DriveServer.trash, DriveServer.restore),
        (DriveServer.share_away, DriveServer.share_back),
    ],
)
def test_a_file_that_goes_and_comes_back_is_not_processed_again(
    library: DriveLibrary,
    drive: DriveServer,
    away: Callable[[DriveServer, str], None],
    back: Callable[[DriveServer, str], None],
) -> None:
    file = library.put("a.txt", "one")
    library.tick()
    calls = list(library.bench.calls)
    away(drive, file)
    result = library.tick()
    assert result is not None
    assert len(result.asset_events) == 1
    assert once(library, file)
    back(drive, file)
    library.tick()
    assert library.cells(file) == DONE
    assert library.bench.calls == calls
    assert len(registered(library.instance)) == 1


@pytest.mark.thorough
def test_replaced_content_is_processed_again(library: DriveLibrary, drive: DriveServer) -> None:
    file = library.put("a.txt", "one")
    library.tick()
    drive.replace_content(file, b"two")
    library.tick()
    assert library.cells(file) == DONE
    assert library.text_of("shout", library.key(file), "shout.m4a") == "96 decibels of two"
    assert once(library, file)
    assert ours(drive) == 6
    assert library.tick() is None


@pytest.mark.thorough
def test_a_file_that_is_replaced_while_it_is_processed_is_dropped_and_taken_up_again(
    library: DriveLibrary, drive: DriveServer
) -> None:
    file = library.put("a.txt", "one\nnote: pause here")
    library.register()
    with library.run_held("note") as run:
        drive.replace_content(file, b"two")
    assert not run.result().success
    assert library.manifest("note", library.key(file)) is None
    library.tick()
    library.process()
    assert library.cells(file) == DONE
    assert library.text_of("shout", library.key(file), "shout.m4a") == "96 decibels of two"


# ------------------------------------------------------------------------------------------- what stops everything


def deny(drive: DriveServer, library: DriveLibrary) -> None:
    drive.set_role(library.folder, "reader")


def allow(drive: DriveServer, library: DriveLibrary) -> None:
    drive.set_role(library.folder, None)


BROKEN = {
    "revoked": (lambda drive, _: drive.revoke(), lambda drive, _: drive.repair(), "login"),
    "full": (
        lambda drive, _: drive.fail_always("files.create", "storageQuotaExceeded"),
        lambda drive, _: drive.repair(),
        "full",
    ),
    "api off": (
        lambda drive, _: drive.fail_always("*", "accessNotConfigured"),
        lambda drive, _: drive.repair(),
        "API",
    ),
    "no permission": (deny, allow, "permission"),
}


@pytest.mark.thorough
@pytest.mark.parametrize("what", BROKEN)
def test_a_fatal_cause_stops_the_batch_blames_no_file_and_work_goes_on_after_the_repair(
    drive: DriveServer, tmp_path: Path, what: str
) -> None:
    breaks, mends, says = BROKEN[what]
    outputs = {"shout": Output(placement="beside_source")}
    with DriveLibrary(drive, tmp_path, outputs=outputs) as library:
        texts = ["0", "1", "2\nshout: pause here", "3", "4", "5"]
        files = [library.put(f"{number}.txt", text) for number, text in enumerate(texts)]
        library.register()
        library.run("note")
        with library.run_held("shout") as run:
            breaks(drive, library)
        result = run.result()
        assert not result.success
        (failure,) = (event.step_failure_data for event in result.get_step_failure_events())
        assert failure.user_failure_data is not None
        description = failure.user_failure_data.description or ""
        assert "no file is to blame" in description
        assert says.lower() in description.lower()
        mends(drive, library)
        assert not library.status().failures
        done = library.bench.calls_of("shout")
        library.process()
        assert [library.cells(file) for file in files] == [DONE] * 6
        assert all(once(library, file) for file in files)
        again = library.bench.calls_of("shout") - done
        assert sum(again.values()) < 6, "what was stored before is not made again"


@pytest.mark.thorough
def test_credentials_that_are_revoked_fail_the_tick_with_what_to_do(library: DriveLibrary, drive: DriveServer) -> None:
    library.tick()
    drive.revoke()
    import dagster as dg

    with pytest.raises(dg.Failure) as failed:
        library.tick()
    assert "media-assets login" in str(failed.value.description)
    drive.repair()
    file = library.put("a.txt", "one")
    library.tick()
    assert library.cells(file) == DONE


# ------------------------------------------------------------------------------------------- secrets


@pytest.mark.thorough
def test_no_secret_is_anywhere_but_in_the_files_made_for_it(
    drive: DriveServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with DriveLibrary(drive, tmp_path) as library:
        library.put("a.txt", "one")
        library.put("b.txt", "two\nshout: poison")
        library.put("large.txt", "x" * 6_000_000)
        library.process()
        drive.fail_always("files.create", "storageQuotaExceeded")
        library.put("c.txt", "three")
        with pytest.raises(Fatal):
            library.process()
        drive.revoke()
        with pytest.raises(Fatal):
            library.process()
        planted = secrets_of(drive)
        assert len(planted) > 4
        written = caplog.text + "".join(capfd.readouterr())
        assert not [secret for secret in planted if secret in written]
        assert not leaks(tmp_path, planted)
        assert not leaks(Path(library.instance.root_directory), planted)
