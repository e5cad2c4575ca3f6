"""A bucket through the client: what is there, and writing on a condition while answers are lost."""

from __future__ import annotations

import contextlib
import hashlib
import threading

import pytest

from media_assets.base.errors import BadMedia, Transient
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectGone, UnreadableNames
from media_assets_tests.s3_server import Place, Request, S3Server


def writes(request: Request) -> bool:
    return request.writes


# ----------------------------------------------------------------------------------------------- what is there


@pytest.mark.thorough
def test_an_object_is_described_as_it_was_written(bucket: Bucket) -> None:
    bucket.put("a/b.txt", b"text", attributes={"Content-Type": "text/plain", "mark": "1"})
    found = bucket.head("a/b.txt")
    assert found is not None
    assert (found.path, found.size_bytes) == ("a/b.txt", 4)
    assert found.e_tag == f'"{hashlib.md5(b"text").hexdigest()}"'
    assert found.attributes == {"Content-Type": "text/plain", "mark": "1"}
    assert bucket.read("a/b.txt") == (b"text", found)
    assert bytes(bucket.read_range("a/b.txt", 1, 3)) == b"ex"


def test_what_is_not_there_is_none_or_gone(bucket: Bucket) -> None:
    assert bucket.head("a") is None
    assert bucket.read("a") is None
    with pytest.raises(ObjectGone):
        bucket.read_range("a", 0, 1)
    with pytest.raises(ObjectGone):
        bucket.copy("a", "b", 1)
    bucket.delete("a")


@pytest.mark.parametrize("name", ["größe 日本.txt", "we ird#?%41 +&=.txt", "a%2Fb", "back\\slash", "'\"*~"])
def test_names_of_every_kind_come_and_go_unchanged(place: Place, bucket: Bucket, name: str) -> None:
    place.put_object(name)
    assert [info.path for info in bucket.list("")] == [name]
    assert bucket.read(name) is not None
    bucket.copy(name, f"copy/{name}", 4)
    assert place.paths() == sorted([name, f"copy/{name}"])
    bucket.delete(name)
    assert place.paths() == [f"copy/{name}"]


@pytest.mark.thorough
def test_a_listing_goes_on_behind_its_first_page_and_stays_below_its_prefix(place: Place, bucket: Bucket) -> None:
    for number in range(130):
        place.put_object(f"in/{number:03}", "")
    place.put(inner="", **{"in.txt": ""})
    assert sorted(info.path for info in bucket.list("in")) == [f"in/{number:03}" for number in range(130)]
    folders, objects = bucket.list_folder("")
    assert list(folders) == ["in"]
    assert sorted(info.path for info in objects) == ["in.txt", "inner"]


def test_a_name_that_cannot_be_handled_is_told_and_hides_its_folder_only(place: Place, bucket: Bucket) -> None:
    place.put(**{"a/b": "", "c//d": ""})
    with pytest.raises(UnreadableNames, match=r"holds an object whose name has an empty, `\.` or `\.\.` part"):
        list(bucket.list(""))
    assert [info.path for info in bucket.list_folder("a")[1]] == ["a/b"]
    with pytest.raises(UnreadableNames):
        bucket.list_folder("c")
    with pytest.raises(BadMedia, match="has a name that objects cannot be asked for by"):
        bucket.head("c//d")


# ----------------------------------------------------------------------------------------------- conditions


def test_an_object_is_created_once(bucket: Bucket) -> None:
    bucket.put("a", b"first", only_if="absent")
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"second", only_if="absent")
    assert bucket.read("a")[0] == b"first"  # type: ignore[index]


def test_an_object_is_replaced_only_while_it_is_the_one_that_was_seen(bucket: Bucket) -> None:
    bucket.put("a", b"first")
    seen = bucket.head("a")
    assert seen is not None
    bucket.put("a", b"second", only_if=seen)
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"third", only_if=seen)
    bucket.delete("a")
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"third", only_if=seen)
    assert bucket.read("a") is None


def test_of_many_writers_at_once_one_wins(bucket: Bucket) -> None:
    start, won = threading.Barrier(8), []

    def write(number: int) -> None:
        start.wait()
        with contextlib.suppress(ConditionFailed):
            bucket.put("a", str(number).encode(), only_if="absent")
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number).encode() for number in won] == [bucket.read("a")[0]]  # type: ignore[index]


@pytest.mark.parametrize("times", [1, 9])
def test_a_conditional_write_whose_answer_was_lost_is_known_to_have_worked(
    server: S3Server, bucket: Bucket, times: int
) -> None:
    server.fault("lose answer", writes, times)
    bucket.put("a", b"first", only_if="absent")
    server.repair()
    seen = bucket.head("a")
    server.fault("lose answer", writes, times)
    bucket.put("a", b"second", only_if=seen)
    assert bucket.read("a")[0] == b"second"  # type: ignore[index]


def test_a_conditional_write_that_never_arrived_is_transient(server: S3Server, bucket: Bucket) -> None:
    server.fault("cut before", writes, 9)
    with pytest.raises(Transient):
        bucket.put("a", b"first", only_if="absent")
    server.repair()
    assert bucket.head("a") is None
