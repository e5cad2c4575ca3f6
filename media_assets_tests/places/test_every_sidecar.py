"""What lies beside a file, told by a folder, by Drive and by a bucket: after a scan, and without one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from media_assets.base.errors import SourceChanged
from media_assets.places.sidecars import SUBTITLE_ENDINGS, LyingFile, NotedFiles, belonging
from media_assets.places.source import MOST_SIDECAR_BYTES, HasSidecars, Sidecar, Source, no_check
from media_assets_tests.places.every_place import EVERY_SOURCE, PlaceOfFiles


@pytest.fixture(params=EVERY_SOURCE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfFiles]:
    with EVERY_SOURCE[request.param](tmp_path) as place:
        if not isinstance(place.source, HasSidecars):
            pytest.skip("it tells nothing of what lies beside a file")
        yield place


def beside(
    source: Source, path: str, place: PlaceOfFiles, endings: Collection[str] = SUBTITLE_ENDINGS
) -> list[Sidecar]:
    """What a source says, whose last scan may have been of long ago."""
    (entry,) = (entry for entry in place.again().scan() if entry.path == path)
    assert isinstance(source, HasSidecars)
    return list(source.sidecars(entry, endings))


def told(place: PlaceOfFiles, path: str, endings: Collection[str] = SUBTITLE_ENDINGS) -> dict[str, str]:
    """What a source says, be it after a scan or in a process that has made none: marks by name."""
    scanned = place.again()
    list(scanned.scan())
    found, asked = (beside(source, path, place, endings) for source in (scanned, place.again()))
    assert [(one.name, one.revision) for one in found] == [(one.name, one.revision) for one in asked]
    assert [one.name for one in found] == sorted(one.name for one in found)
    return {one.name: one.marks for one in found}


def content(sidecar: Sidecar, tmp_path: Path) -> bytes:
    sidecar.fetch(tmp_path / "copy", no_check)
    return (tmp_path / "copy").read_bytes()


def test_they_are_told_by_their_names(place: PlaceOfFiles) -> None:
    wanted = {
        "talk.srt": "",
        "talk.en.srt": "en",
        "talk.pt-BR.sdh.SRT": "pt-BR.sdh",
        "talk.mp4.vtt": "",
        "talk.mp4.de.Vtt": "de",
        "talk.ass": "",
    }
    others = ("talk 2.srt", "talks.srt", "talk-.srt", "other.srt", "talk.txt", "talk.srt.bak", "srt", "atalk.srt")
    for name in (*wanted, *others):
        place.put(f"a/{name}", name.encode())
    for path in ("a/talk.mp4", "talk.srt", "b/talk.srt", "a/b/talk.srt", "a/talk.d/x.srt"):
        place.put(path, b"x")
    assert told(place, "a/talk.mp4") == wanted


def test_those_of_a_file_at_the_top(place: PlaceOfFiles) -> None:
    place.put("talk.mp4", b"x")
    place.put("talk.en.srt", b"x")
    place.put("a/talk.de.srt", b"x")
    assert told(place, "talk.mp4") == {"talk.en.srt": "en"}


@pytest.mark.parametrize(
    "name", ["späth 会議 [1]", "100% sure?", "a+b&c=d#e", 'it\'s, "quoted"', "two. dots", "-", "~"]
)
def test_odd_names_have_theirs(place: PlaceOfFiles, name: str, tmp_path: Path) -> None:
    place.put(f"in/{name}.mp4", b"x")
    place.put(f"in/{name}.en.srt", b"said")
    assert told(place, f"in/{name}.mp4") == {f"{name}.en.srt": "en"}
    (one,) = beside(place.again(), f"in/{name}.mp4", place)
    assert content(one, tmp_path) == b"said"


def test_other_endings_than_those_of_subtitles_are_asked_for(place: PlaceOfFiles) -> None:
    place.put("photo.jpg", b"x")
    place.put("photo.xmp", b"x")
    place.put("photo.srt", b"x")
    assert told(place, "photo.jpg", (".xmp",)) == {"photo.xmp": ""}
    assert told(place, "photo.jpg", (".xmp", ".srt")) == {"photo.srt": "", "photo.xmp": ""}


def test_what_is_empty_is_none_and_what_is_very_large_says_so(place: PlaceOfFiles) -> None:
    place.put("talk.mp4", b"x")
    place.put("talk.en.srt", b"")
    place.put("talk.de.srt", bytes(MOST_SIDECAR_BYTES + 1))
    place.put("talk.fr.srt", bytes(MOST_SIDECAR_BYTES))
    assert told(place, "talk.mp4") == {"talk.de.srt": "de", "talk.fr.srt": "fr"}
    assert [one.too_large for one in beside(place.source, "talk.mp4", place)] == [True, False]


def test_a_new_version_has_another_revision_and_what_is_new_is_told_after_the_next_scan(
    place: PlaceOfFiles, tmp_path: Path
) -> None:
    place.put("talk.mp4", b"x")
    assert told(place, "talk.mp4") == {}
    place.put("talk.en.srt", b"first")
    source = place.again()
    list(source.scan())
    (first,) = beside(source, "talk.mp4", place)
    assert content(first, tmp_path) == b"first"
    place.put("talk.en.srt", b"another")
    list(source.scan())
    (second,) = beside(source, "talk.mp4", place)
    assert second.revision != first.revision
    place.remove("talk.en.srt")
    list(source.scan())
    assert beside(source, "talk.mp4", place) == []


@pytest.mark.parametrize("becomes", [b"another", b"other", bytes(MOST_SIDECAR_BYTES + 1), None])
@pytest.mark.parametrize("scanned", [True, False])
def test_what_changes_before_it_is_read_is_not_read_and_told_anew(
    place: PlaceOfFiles, becomes: bytes | None, scanned: bool, tmp_path: Path
) -> None:
    place.put("talk.mp4", b"x")
    place.put("talk.en.srt", b"first")
    source = place.again()
    if scanned:
        list(source.scan())
    (first,) = beside(source, "talk.mp4", place)
    if becomes is None:
        place.remove("talk.en.srt")
    else:
        place.put("talk.en.srt", becomes)
    with pytest.raises(SourceChanged):
        first.fetch(tmp_path / "copy", no_check)
    assert not (tmp_path / "copy").exists()
    now = [content(one, tmp_path) for one in beside(source, "talk.mp4", place)]
    assert now == ([becomes] if becomes else [])


def test_fetching_can_be_stopped(place: PlaceOfFiles, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    place.put("talk.mp4", b"x")
    place.put("talk.en.srt", b"first")
    (one,) = beside(place.again(), "talk.mp4", place)
    with pytest.raises(Stopped):
        one.fetch(tmp_path / "copy", stop)
    assert not (tmp_path / "copy").exists()


def test_of_too_many_files_none_is_kept_and_all_are_asked_for(
    place: PlaceOfFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NotedFiles.__init__, "__defaults__", (None, SUBTITLE_ENDINGS, 2))
    place.put("talk.mp4", b"x")
    for language in ("de", "en", "fr"):
        place.put(f"talk.{language}.srt", b"x")
    assert set(told(place, "talk.mp4").values()) == {"de", "en", "fr"}


def test_thousands_of_recordings_in_one_folder_are_told_theirs_in_no_time() -> None:
    names = [f"talk {number}" for number in range(5_000)]
    noted = NotedFiles()
    for name in names:
        noted.note("in", LyingFile(f"{name}.en.srt", "", 1, "1"))
    files = noted.close().of("in", (".srt",))
    assert files is not None
    began = time.process_time()
    found = [[marks for _, marks in belonging(files, f"{name}.mp4", (".srt",))] for name in names]
    assert found == [["en"]] * len(names)
    assert time.process_time() - began < 2.0, "each looks at its own, and not at all that lie there"
