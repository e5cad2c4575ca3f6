"""Moving copies aside and back, in a folder, on Drive and in a bucket: nothing is lost, whatever happens in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.review.moves import apply_moves, undo_moves
from media_assets.base.errors import Fatal, Transient
from media_assets.base.keys import decode_path
from media_assets.places.bucket.source import BucketObjects
from media_assets.places.drive.settings import DriveAccess, DriveSource
from media_assets.places.drive.source.source import DriveFolders
from media_assets.places.watching import AutomationSettings
from media_assets_tests.artifacts.duplicates import aside
from media_assets_tests.artifacts.duplicates.aside import (
    COPIES,
    FILES,
    KEPT,
    REVIEW,
    Copies,
    InBucket,
    InFolder,
    OnDrive,
)
from media_assets_tests.drive_server import DriveServer, Fault, Faults, drive_server
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.places.every_place import drive_api, look
from media_assets_tests.s3_server import Request, S3Server, s3_server

pytestmark = pytest.mark.thorough

AT_ONCE = AutomationSettings(settle_seconds=0, incomplete_seconds=0)
Make = Callable[[], Copies]


@pytest.fixture(scope="module")
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=4) as drive:
        yield drive


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["folder", "drive", "bucket"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """New libraries of the same files, all of one kind."""
    numbers = count()

    def root() -> Path:
        root = tmp_path / f"{next(numbers)}"
        root.mkdir()
        return root

    if request.param == "folder":
        return lambda: InFolder(root())
    if request.param == "drive":
        drive = request.getfixturevalue("drive")
        return lambda: OnDrive(drive, root())
    server = request.getfixturevalue("s3")
    return lambda: InBucket(server, root())


@pytest.fixture
def place(make: Make) -> Copies:
    return make()


@pytest.fixture
def on_drive(drive: DriveServer, tmp_path: Path) -> OnDrive:
    return OnDrive(drive, tmp_path)


@pytest.fixture
def in_bucket(s3: S3Server, tmp_path: Path) -> Iterator[InBucket]:
    yield InBucket(s3, tmp_path)
    s3.repair()


# ------------------------------------------------------------------------------------------- all of them


def test_copies_leave_the_library_and_come_back_as_they_were(place: Copies):
    before = place.state()
    assert [one.state for one in aside.apply(place)] == ["moved"] * len(COPIES)
    assert set(place.library()) == KEPT
    assert aside.apply(place) == [], "a second time there is nothing to move"
    assert [one.state for one in aside.undo(place)] == ["restored"] * len(COPIES)
    assert place.state() == before
    assert aside.undo(place) == []


def test_what_changed_since_the_plan_stays_and_the_others_go_on(place: Copies):
    moves = aside.plan(place)
    assert aside.refused(place, moves) == []
    place.put("b/späť, 100%.bin", b"two " * 500)
    told = aside.refused(place, moves)
    states = {move.destination: one for move, one in zip(moves, aside.apply(place, moves), strict=True)}
    assert [one.state for one in states.values()].count("moved") == len(COPIES) - 1
    (skipped,) = (one for one in states.values() if one.state == "skipped")
    assert "other content now" in skipped.detail
    assert told == [skipped], "the plan says what the move says"
    assert place.library()["b/späť, 100%.bin"] == b"two " * 500


def test_the_last_copy_stays_when_the_one_to_keep_is_gone(place: Copies):
    moves = aside.plan(place)
    place.remove("a/one.bin")
    told = aside.refused(place, moves)
    outcomes = aside.apply(place, moves)
    assert sorted(one.state for one in outcomes) == ["moved", "skipped"]
    assert told == [one for one in outcomes if one.state == "skipped"]
    assert place.library()["b/späť, 100%.bin"] == FILES["b/späť, 100%.bin"]


ACTS = ["apply", pytest.param("undo", marks=pytest.mark.slow)]


@pytest.mark.thorough
@pytest.mark.parametrize("act", ACTS)
def test_after_a_crash_at_any_write_undo_leaves_all_as_it_was_and_a_repetition_goes_on(make: Make, act: aside.Act):
    whole = make()
    crashed = aside.sweep(make, act)
    assert len(crashed) >= len(COPIES)
    for step, place in enumerate(crashed):
        assert set(FILES.values()) <= set(place.library().values()), "one of each content is always there"
        if step % 2:
            aside.apply(place)
            assert set(place.library()) == KEPT, f"the repetition after a crash at write {step}"
        aside.undo(place)
        assert place.library() == whole.library(), f"after a crash at write {step}"
        assert len(place.state()) == len(whole.state()), "no folder is left"  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------- Google Drive


def source_of(place: OnDrive, root: Path) -> DriveFolders:
    settings = DriveSource(type="drive", folders=(place.folder,))
    return DriveFolders("box", settings, AT_ONCE, drive_api(place.drive, root))


def test_on_drive_a_moved_file_keeps_its_id_and_is_no_source_until_it_is_back(on_drive: OnDrive, tmp_path: Path):
    source, memory = source_of(on_drive, tmp_path), DictState()
    before, _, cursor = look(source, None, memory)
    ids = {path: on_drive.address(path) for path in COPIES}
    aside.apply(on_drive)
    assert on_drive.in_review() == ids
    assert not on_drive.drive.item(next(iter(ids.values()))).trashed
    changed, removed, cursor = look(source, cursor, memory)
    assert (changed, set(removed)) == ({}, {before[path].key for path in COPIES})
    assert {entry.path for entry in source.scan()} == KEPT, "nor does a new scan find them"
    aside.undo(on_drive)
    changed, removed, _ = look(source, cursor, memory)
    assert ({path: entry.key for path, entry in changed.items()}, removed) == (
        {path: before[path].key for path in COPIES},
        [],
    )


def test_on_a_shared_drive_copies_stay_on_it(drive: DriveServer, tmp_path: Path):
    team = drive.add_shared_drive("Team")
    place = OnDrive(drive, tmp_path, parent=team)
    before = place.state()
    assert {one.state for one in aside.apply(place)} == {"moved"}
    assert {drive.item(file_id).drive_id for file_id in place.in_review().values()} == {team}
    aside.undo(place)
    assert place.state() == before


def test_what_a_shortcut_leads_to_gets_a_review_folder_where_it_lies(on_drive: OnDrive, tmp_path: Path):
    drive = on_drive.drive
    elsewhere = drive.add_folder("Elsewhere")
    copy = drive.add_file("z.bin", FILES["alone.bin"], parent=drive.add_folder("Deep", elsewhere))
    (move,) = (one for one in aside.plan(on_drive) if one.file.address == on_drive.address("b/späť, 100%.bin"))
    alone = next(row for row in aside.rows(on_drive).values() if row.path == "alone.bin")
    content = {"size_bytes": alone.size_bytes, "md5": alone.md5, "sha256": alone.sha256}
    file = move.file.model_copy(update={"address": copy, **content})
    keep = move.keep.model_copy(update={"address": on_drive.address("alone.bin"), **content})
    (outcome,) = aside.apply(on_drive, [move.model_copy(update={"file": file, "keep": keep})])
    assert outcome.state == "moved"
    assert drive.path(copy).startswith(f"{REVIEW}/"), "in My Drive, the topmost folder above it"
    aside.undo(on_drive)
    assert drive.path(copy) == "Elsewhere/Deep/z.bin"


def test_a_file_that_may_not_be_moved_is_one_clear_error_and_the_others_go_on(on_drive: OnDrive):
    drive, moves = on_drive.drive, aside.plan(on_drive)
    drive.set_role(on_drive.address("b/deep/er/other.bin"), "reader")
    (told,) = aside.refused(on_drive, moves)
    outcomes = {one.state: one for one in aside.apply(on_drive, moves)}
    assert set(outcomes) == {"moved", "skipped"}
    assert told == outcomes["skipped"]
    assert "the account may not move other.bin in Google Drive. Share it" in outcomes["skipped"].detail


def test_a_refusal_that_drive_did_not_announce_concerns_that_file_alone(on_drive: OnDrive):
    moves = aside.plan(on_drive)
    refused = moves[0].file.address
    on_drive.drive.fail_next("files.update", "insufficientFilePermissions", file_id=refused)
    outcomes = aside.apply(on_drive, moves)
    assert [one.state for one in outcomes] == ["skipped", "moved"]
    assert on_drive.drive.item(refused).id not in on_drive.in_review().values()


def test_a_grant_to_read_alone_says_which_scope_is_needed(on_drive: OnDrive, tmp_path: Path):
    from media_assets.places.drive.api.api import DriveApi
    from media_assets.places.drive.api.credentials import READ_ONLY
    from media_assets.places.drive.api.private_files import write_private
    from media_assets.places.drive.mover import DriveMover

    before = on_drive.state()
    grant = tmp_path / "reader.json"
    write_private(grant, on_drive.drive.authorized_user_info((READ_ONLY,)))
    api = DriveApi(DriveAccess(api_endpoint=on_drive.drive.url), grant, grant)
    mover = DriveMover(api, lambda: [on_drive.folder], REVIEW)
    with pytest.raises(Fatal, match=r"need the scope https://www\.googleapis\.com/auth/drive"):
        list(apply_moves(aside.plan(on_drive), mover, on_drive.journal))
    assert on_drive.state() == before


def test_undo_respects_what_a_person_did_meanwhile(on_drive: OnDrive):
    drive = on_drive.drive
    aside.apply(on_drive)
    ids = on_drive.in_review()
    drive.trash(ids["b/späť, 100%.bin"])
    drive.move(ids["b/deep/er/other.bin"], on_drive.folder)
    outcomes = {one.address: one.detail for one in aside.undo(on_drive)}
    assert "is in the trash" in outcomes[ids["b/späť, 100%.bin"]]
    assert "was moved on from the review folder" in outcomes[ids["b/deep/er/other.bin"]]
    drive.restore(ids["b/späť, 100%.bin"])
    assert "restored" in [one.state for one in aside.undo(on_drive)], "what failed is tried again"


def test_a_journal_that_names_a_folder_outside_of_the_library_brings_nothing_there(on_drive: OnDrive):
    aside.apply(on_drive)
    elsewhere = on_drive.drive.add_folder("Elsewhere")
    written = on_drive.journal.path.read_text()
    origins = {json.loads(line).get("move", {}).get("origin") for line in written.splitlines()} - {None, ""}
    assert origins
    for origin in origins:
        written = written.replace(f'"{origin}"', f'"{elsewhere}"')
    before = on_drive.state(), on_drive.in_review()
    good = on_drive.journal.path.read_text()
    on_drive.journal.path.write_text(written)
    outcomes = list(aside.undo(on_drive))
    assert outcomes and all("lies outside of this library's folders" in one.detail for one in outcomes)
    assert (on_drive.state(), on_drive.in_review()) == before
    on_drive.journal.path.write_text(good)
    assert {one.state for one in aside.undo(on_drive)} == {"restored"}


@pytest.mark.parametrize("destination", ["../x.bin", "/x.bin", "a/%00.bin", "a//b.bin", ""])
def test_a_destination_that_leads_out_of_the_review_folder_is_refused(on_drive: OnDrive, destination: str):
    moves = [move.model_copy(update={"destination": destination}) for move in aside.plan(on_drive)]
    before = on_drive.state()
    outcomes = aside.apply(on_drive, moves)
    assert all(one.state == "skipped" and "leads out of the review folder" in one.detail for one in outcomes)
    assert on_drive.state() == before and not on_drive.in_review()


def test_a_line_of_the_journal_that_nobody_can_act_on_is_told_and_the_rest_is_undone(place: Copies, tmp_path: Path):
    before = place.state()
    aside.apply(place)
    victim = tmp_path / "victim.txt"
    victim.write_bytes(aside.ONE)
    lines = place.journal.path.read_text().splitlines()
    honest = next(entry["move"] for entry in map(json.loads, lines) if entry["event"] == "moving")
    bad = [
        *({"event": "moving", "move": honest | {"destination": there}} for there in (str(victim), "../../victim.txt")),
        {"event": "moving", "move": honest | {"destination": "%2E%2E/victim.txt"}},
        {"event": "moving", "move": honest | {"file": honest["file"] | {"address": "../victim.txt"}}},
        {"event": "moving", "move": {"destination": "b"}},
        [],
        {"event": "moved"},
        {"event": "copied"},
        {"event": "creating", "folder": 5},
        7,
    ]
    with place.journal.path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in bad)
    outcomes = aside.undo(place)
    told = {one.key: one.detail for one in outcomes if one.state == "skipped"}
    expected = [f"line {number} of moves.jsonl" for number in range(len(lines) + 1, len(lines) + 1 + len(bad))]
    assert sorted(told) == sorted(expected)
    assert "leads out of the review folder" in told[expected[0]]
    assert not any("Error" in detail or "index" in detail for detail in told.values())
    assert [one.state for one in outcomes].count("restored") == len(aside.COPIES)
    assert place.state() == before
    assert victim.read_bytes() == aside.ONE


@pytest.mark.parametrize("make", ["folder", "bucket"], indirect=True)
def test_a_line_that_leads_out_by_an_address_or_a_folder_is_told_and_the_rest_is_undone(make: Make):
    place = make()
    before = place.state()
    aside.apply(place)
    lines = place.journal.path.read_text().splitlines()
    honest = next(entry["move"] for entry in map(json.loads, lines) if entry["event"] == "moving")
    address = honest["file"] | {"address": "../../victim.txt"}
    place.journal.write("moving", move=honest | {"destination": "other.bin", "file": address})
    place.journal.write("creating", folder="/elsewhere/review")
    outcomes = aside.undo(place)
    told = [one.key for one in outcomes if one.state == "skipped"]
    numbers = (1, 2) if isinstance(place, aside.InFolder) else (1,)  # a bucket has no folders
    assert told == [f"line {len(lines) + number} of moves.jsonl" for number in numbers]
    assert place.state() == before


def test_moves_survive_a_drive_that_fails_at_random(tmp_path: Path):
    faults = Faults(rate=0.25, slow_seconds=0.001, retry_after_seconds=0)
    with drive_server(seed=7) as drive:
        place = OnDrive(drive, tmp_path)
        before = place.state()
        drive.faults.random_faults = faults
        assert [one.state for one in aside.apply(place)] == ["moved"] * len(COPIES)
        assert [one.state for one in aside.undo(place)] == ["restored"] * len(COPIES)
        assert sum(drive.faults.injected.values()) > 3
        assert place.state() == before


@pytest.mark.thorough
def test_a_move_whose_answer_never_comes_is_settled_later(on_drive: OnDrive):
    drive, before = on_drive.drive, on_drive.state()
    drive.fail_always("files.update", Fault.ANSWER_LOST)
    with pytest.raises(Transient):
        aside.apply(on_drive)
    drive.repair()
    assert [one.state for one in aside.apply(on_drive)] == ["moved"] * len(COPIES)
    aside.undo(on_drive)
    assert on_drive.state() == before


# ------------------------------------------------------------------------------------------- buckets


def writes(method: str, part: str = "") -> Callable[[Request], bool]:
    return lambda request: request.method == method and part in request.path


def test_an_object_in_review_is_no_source(in_bucket: InBucket):
    from media_assets.config.opening import open_library
    from media_assets.config.settings import Settings
    from media_assets_tests.s3_server import SECRETS

    aside.apply(in_bucket)
    sources = {"box": in_bucket.place.source_settings("library")}
    source = open_library(Settings.model_validate({"sources": sources}), SECRETS).sources["box"]
    assert isinstance(source, BucketObjects)
    assert {entry.path for entry in source.scan()} == KEPT


@pytest.mark.thorough
@pytest.mark.parametrize("act", ACTS)
def test_a_process_that_dies_before_any_request_leaves_one_complete_object_or_both(
    s3: S3Server, tmp_path: Path, act: aside.Act
):
    for number in count(1):
        (tmp_path / str(number)).mkdir()
        place = InBucket(s3, tmp_path / str(number))
        whole = place.state()
        if act == "undo":
            aside.apply(place)
        is_crashed = aside.crash(place, act, 10_000, s3.crash_before_write(number))
        s3.repair()
        if not is_crashed:
            break
        everywhere = list(place.place.objects().values())
        assert all(everywhere.count(content) >= list(FILES.values()).count(content) for content in FILES.values())
        if number % 2:
            aside.apply(place)
            assert set(place.library()) == KEPT
        aside.undo(place)
        assert place.state() == whole
    assert number == 2 * len(COPIES) + 1, "it copies and deletes each"


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["slow down", "lose answer", "cut before"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_request_that_fails_in_between_is_made_again(in_bucket: InBucket, s3: S3Server, what, method: str):
    before = in_bucket.state()
    s3.fault(what, writes(method))
    assert [one.state for one in aside.apply(in_bucket)] == ["moved"] * len(COPIES)
    s3.fault(what, writes(method))
    assert [one.state for one in aside.undo(in_bucket)] == ["restored"] * len(COPIES)
    assert in_bucket.state() == before


def test_an_object_that_is_replaced_before_its_deletion_stays(in_bucket: InBucket, s3: S3Server):
    copy = "library/b/späť, 100%.bin"
    s3.fault(lambda: in_bucket.place.put_object(copy, b"new"), writes("DELETE"))
    outcomes = aside.apply(in_bucket)
    assert sorted(one.state for one in outcomes) == ["moved", "skipped"]
    assert in_bucket.place.get(copy) == b"new"
    assert in_bucket.place.paths(f"library/{REVIEW}/b/sp") == [], "the copy of what it was is not left behind"


@pytest.mark.thorough
def test_an_object_whose_tag_is_no_checksum_is_read_before_it_is_moved(in_bucket: InBucket, s3: S3Server):
    before = in_bucket.state()
    for path in FILES:
        s3.retag("0123456789abcdef0123456789abcdef-2", f"library/{path}")
    s3.requests.clear()
    assert [one.state for one in aside.apply(in_bucket)] == ["moved"] * len(COPIES)
    assert len([request for request in s3.requests if request.method == "GET"]) >= 2 * len(COPIES)
    aside.undo(in_bucket)
    assert in_bucket.state() == before


def test_an_object_in_the_way_is_told_by_the_plan(in_bucket: InBucket):
    moves = aside.plan(in_bucket)
    in_bucket.put(f"{REVIEW}/{decode_path(moves[0].destination)}", b"of a person")
    (told,) = aside.refused(in_bucket, moves)
    assert (told.key, "exists already" in told.detail) == (moves[0].key, True)


@pytest.mark.thorough
def test_nothing_is_overwritten_in_review_nor_in_the_old_place(in_bucket: InBucket):
    in_bucket.put(f"{REVIEW}/b/späť, 100%.bin", b"something else")
    outcomes = aside.apply(in_bucket)
    assert sorted(one.state for one in outcomes) == ["moved", "skipped"]
    in_bucket.put("b/deep/er/other.bin", b"new")
    (outcome,) = undo_moves(aside.mover_of(in_bucket.way), in_bucket.journal)
    assert "exists already" in outcome.detail
    assert in_bucket.library()["b/deep/er/other.bin"] == b"new"


@pytest.mark.thorough
def test_a_key_that_may_not_delete_says_so_and_leaves_the_object(in_bucket: InBucket, s3: S3Server):
    s3.fault((403, "AccessDenied"), writes("DELETE"), times=100)
    with pytest.raises(Fatal, match="access is denied"):
        aside.apply(in_bucket)
    assert in_bucket.library() == FILES
    s3.repair()
    aside.apply(in_bucket)
    aside.undo(in_bucket)
    assert in_bucket.state() == {f"library/{path}": content for path, content in FILES.items()}
