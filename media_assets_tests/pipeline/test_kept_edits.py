"""What a person writes into an artifact that takes no edits over stays beside what is written anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets_tests.toy_library import ToyLibrary, key_of


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        library.write(a="one")
        library.run_all()
        yield library


def file(toy: ToyLibrary, name: str, key: str = "a") -> Path:
    return toy.root / "out" / toy.made("echo", key_of(key)).file(name).path


def names(toy: ToyLibrary, key: str = "a") -> list[str]:
    return [stored.name for stored in toy.made("echo", key_of(key)).files]


def test_a_text_that_somebody_changed_stays_beside_the_new_one(toy: ToyLibrary) -> None:
    written = file(toy, "echo.srt").read_text("utf-8")
    version = toy.made("echo", key_of("a")).version
    file(toy, "echo.srt").write_text("1: my own words", "utf-8")
    toy.run("echo")
    assert file(toy, "echo.srt").read_text("utf-8") == written
    assert file(toy, "edited-1.echo.srt").read_text("utf-8") == "1: my own words"
    assert toy.made("echo", key_of("a")).version == version, "what comes behind it is not made anew for that"

    file(toy, "echo.srt").write_text("1: other words", "utf-8")
    toy.run("echo")
    assert file(toy, "edited-1.echo.srt").read_text("utf-8") == "1: my own words"
    assert file(toy, "edited-2.echo.srt").read_text("utf-8") == "1: other words"

    file(toy, "edited-1.echo.srt").unlink()
    toy.run("echo", force=True)
    assert names(toy) == ["echo.json", "echo.srt", "edited-2.echo.srt"], "what a person took away does not come back"


def test_a_text_that_is_gone_or_sound_that_is_damaged_leaves_nothing(toy: ToyLibrary) -> None:
    file(toy, "echo.srt").unlink()
    sound = toy.root / "out" / toy.made("shout", key_of("a")).file("shout.m4a").path
    sound.write_text("damaged", "utf-8")
    toy.run("shout")
    toy.run("echo")
    assert names(toy) == ["echo.json", "echo.srt"]
    assert [stored.name for stored in toy.made("shout", key_of("a")).files] == ["shout.m4a"]


def test_it_stays_where_another_file_of_equal_content_has_the_same_artifact(toy: ToyLibrary) -> None:
    toy.write(b="one")
    toy.run_all()
    assert toy.made("echo", key_of("b")).reused_from == key_of("a")
    file(toy, "echo.srt").write_text("1: my own words", "utf-8")
    toy.run("echo")
    assert file(toy, "edited-1.echo.srt").read_text("utf-8") == "1: my own words"
    assert names(toy, "b") == ["echo.json", "echo.srt"]
