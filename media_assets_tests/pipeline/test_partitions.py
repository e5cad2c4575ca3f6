"""Partition keys: reversible, one for each path, and nothing in them that Dagster or its UI trips over."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media_assets.base.errors import BadMedia
from media_assets.base.keys import (
    decode_path,
    display_name,
    drive_key,
    encode_path,
    partition_key,
    prefix_of_folder,
    split_key,
    why_impossible,
)
from media_assets.pipeline.partitions import media_files, register, registered
from media_assets.places.folder.settings import FolderSource
from media_assets_tests.impossible_keys import IMPOSSIBLE
from media_assets_tests.toy_library import ToyLibrary

# As the operating system gives them: any bytes but NUL, decoded with surrogates for what is no UTF-8.
names = st.one_of(
    st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name).map(os.fsdecode),
    st.text(min_size=1, max_size=40)
    .map(lambda text: os.fsdecode(text.encode("utf-8", "ignore")))
    .filter(lambda text: text and "\0" not in text),
    st.text(alphabet='.,[]"*%:/ ~\n\t\x7f\u2028\u200b\u00a041', min_size=1, max_size=12),
)

ODD_PATHS = [
    "a,b.mp4",
    "a...b.mp4",
    "....",
    "..",
    'say "hi" [1].mp4',
    "*.mp4",
    "%41.mp4",
    "%2C",
    " blank first",
    "blank last ",
    "folder/ blank/ both ",
    "\u00a0no-break space\u00a0",
    "\u3000wide space\u3000",
    "new\nline\rreturn\ttab",
    "-rf",
    "10:30 meeting.mp4",
    "b\udce4r.mp4",
    "\udcff\udcfe/\udc80",
    "a\u202eb.mp4",
    "größe/日本語/😀.mp4",
    "\ufeffbom",
]


@given(names)
@pytest.mark.parametrize("source", ["box", "a1_b2"])
def test_a_key_leads_back_to_its_path(source: str, path: str) -> None:
    assert split_key(partition_key(source, path)) == (source, path)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_path_survives_the_way_to_its_key_and_back(path: str) -> None:
    assert decode_path(encode_path(path)) == path


@given(names, names)
@example("%2C", ",")
@example("%", "%25")
@example("...", "..%2E")
@example(" a", "%20a")
def test_no_two_paths_share_a_key(one: str, other: str) -> None:
    assert (encode_path(one) == encode_path(other)) == (one == other)


@given(names)
@example("......")
@example("\u00a0x\u00a0")
def test_a_key_holds_nothing_that_dagster_its_selection_syntax_or_a_form_trips_over(path: str) -> None:
    key = partition_key("box", path)
    assert not set(key) & set(',[]"*')
    assert "..." not in key
    assert key == key.strip()
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in key)
    key.encode("utf-8")


def test_readable_letters_of_any_script_stand_as_they_are() -> None:
    assert partition_key("box", "größe/日本語 (2).mp4") == "box:größe/日本語 (2).mp4"


@pytest.mark.parametrize("key", ["", "box", "box:", ":talk.mp4"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadMedia, match="is no key of media_files"):
        split_key(key)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("talk.mp4", "talk.mp4"),
        ("2024/talk.mp4", "talk.mp4"),
        ("10:30 talk.mp4", "10:30 talk.mp4"),
        ("2024/10:30 talk.mp4", "10:30 talk.mp4"),
        ("a:b/c:d.mp4", "c:d.mp4"),
        ("100 %, [live].mp4", "100 %, [live].mp4"),
        ("b\udce4r\x1b[31m.mp4", "b\ufffdr\ufffd[31m.mp4"),
    ],
)
def test_people_see_the_whole_name_of_a_file_and_nothing_else(path: str, name: str) -> None:
    assert display_name(partition_key("box", path)) == name


@pytest.mark.thorough
def test_dagster_accepts_every_odd_key_and_runs_over_a_range_of_them(tmp_path: Path) -> None:
    sources = {"box": FolderSource(path=tmp_path / "in", hidden=True)}
    with ToyLibrary(tmp_path, sources=sources) as toy:
        for path in ODD_PATHS:
            if path != "..":
                file = toy.inbox / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("text", "utf-8")
        keys = toy.register()
        assert len(keys) == len(ODD_PATHS) - 1
        result = toy.run("note", keys=keys)
        assert result.success
        assert toy.instance.get_materialized_partitions(dg.AssetKey("note")) == set(keys)


def test_a_range_follows_the_order_of_registration(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        first = toy.write(m="1")
        toy.write(a="2", z="3")
        assert registered(toy.instance) == [*first, "box:a.txt", "box:z.txt"]
        toy.run("note", keys=["box:m.txt", "box:a.txt"])
        assert toy.instance.get_materialized_partitions(dg.AssetKey("note")) == {"box:m.txt", "box:a.txt"}


@pytest.mark.thorough
def test_forty_thousand_keys_are_registered_once_and_in_order(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        keys = [f"box:{number:05}.mp4" for number in range(40_000)]
        register(toy.instance, reversed(keys[:3]))
        register(toy.instance, iter(keys))
        assert registered(toy.instance) == [*reversed(keys[:3]), *keys[3:]]
        register(toy.instance, keys)
        assert len(registered(toy.instance)) == len(keys)
        assert media_files.has_partition_key(keys[-1], dynamic_partitions_store=toy.instance)


def test_a_key_given_twice_is_registered_once(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        register(toy.instance, ["box:a", "box:b", "box:a"])
        assert registered(toy.instance) == ["box:a", "box:b"]


@given(names, names)
@example("blank last ", "a.mp4")
@example("\u3000", " ")
@example("a/ ..", "...b")
def test_the_encoded_folder_is_a_prefix_of_the_encoded_paths_in_it(folder: str, name: str) -> None:
    assert partition_key("box", f"{folder}/{name}").startswith(prefix_of_folder(partition_key("box", folder)))


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_a_key_that_no_source_makes_is_known(what: str) -> None:
    key, why = IMPOSSIBLE[what]
    assert re.search(why, why_impossible(key, has_ids=False))
    assert re.search(why, why_impossible(key, has_ids=None))


def test_a_key_that_a_source_makes_is_possible() -> None:
    for path in ("a.txt", "a/ b .txt", " ", "ä\u202e,*\n", os.fsdecode(b"b\xe4r"), "x" * 255, "...", "a~b", "%41"):
        for has_ids in (False, None):
            assert why_impossible(partition_key("box", path), has_ids=has_ids) == ""
    file_id = "1AbC_d-" * 4
    for name in ("a.txt", "../b", "/", " ", "a ", "x" * 5_000, "a~b", "...", ","):
        for has_ids in (True, None):
            assert why_impossible(drive_key("drive", name, file_id), has_ids=has_ids) == ""
    # Where files have no ids, what looks like one is a part of the name.
    assert why_impossible(drive_key("box", "../b", file_id), has_ids=False) == "leads out of its source"
