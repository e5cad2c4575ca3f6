"""What lies in the cache is used only while it is what was fetched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from media_assets.base.errors import SourceChanged, Transient
from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.seals import is_sound, seal_of
from media_assets_tests.places.cache.caches import cache_in, fetching

TEXT, OTHER = "one", "two"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lease(cache: FetchCache, digest: str | None, fetched: list[str], text: str = TEXT) -> str:
    with cache.lease("talk@1", len(text), fetching(text, fetched), sha256=digest) as path:
        return path.read_text()


def written_over(path: Path) -> None:
    path.write_text(OTHER)


def replaced(path: Path) -> None:
    path.with_name("new").write_text(OTHER)
    times = path.stat()
    os.utime(path.with_name("new"), ns=(times.st_atime_ns, times.st_mtime_ns))
    path.with_name("new").replace(path)


def zeroed(path: Path) -> None:
    path.write_bytes(b"\0" * len(TEXT))


def damaged_seal(path: Path) -> None:
    seal_of(path).write_bytes(b"\0" * 60)
    path.write_text(OTHER)


def without_seal(path: Path) -> None:
    seal_of(path).unlink()
    path.write_text(OTHER)


DAMAGES = [written_over, replaced, zeroed, damaged_seal, without_seal]


@pytest.mark.parametrize("digest", [None, sha256(TEXT)], ids=["unknown", "known"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_another_content_of_equal_size_is_fetched_again(
    tmp_path: Path, damage: Callable[[Path], None], digest: str | None
) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, fetched)) as path:
        pass
    damage(path)
    assert lease(cache, digest, fetched) == TEXT
    assert fetched == [TEXT, TEXT]
    assert lease(cache, digest, fetched) == TEXT
    assert fetched == [TEXT, TEXT]


def test_a_file_is_read_for_its_checksum_once(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, fetched)) as path:
        cache.know("talk@1", sha256(TEXT))
    path.chmod(0)  # whoever would read it had to ask for leave first; root reads it all the same
    before = seal_of(path).stat().st_mtime_ns
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, fetched), sha256=sha256(TEXT)):
        pass
    assert seal_of(path).stat().st_mtime_ns == before, "a seal that knows the checksum is not written anew"
    assert fetched == [TEXT]


def test_what_was_fetched_before_there_were_seals_is_read_where_its_checksum_is_known(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, fetched)) as path:
        pass
    seal_of(path).unlink()
    assert lease(cache, sha256(TEXT), fetched) == TEXT
    assert fetched == [TEXT]


def test_a_source_that_gives_another_content_than_was_looked_at_changed(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    with pytest.raises(SourceChanged):
        lease(cache, sha256(OTHER), fetched)
    assert lease(cache, sha256(TEXT), fetched) == TEXT


def test_damage_that_no_seal_shows_is_found_where_a_file_is_about_to_be_called_bad(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, fetched), sha256=sha256(TEXT)) as path:
        times = path.stat()
        path.write_text(OTHER)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        with pytest.raises(Transient, match="was damaged"):
            cache.require_sound("talk@1", sha256(TEXT), lambda: None)
    assert lease(cache, sha256(TEXT), fetched) == TEXT
    cache.require_sound("talk@1", sha256(TEXT), lambda: None)


def test_seals_go_with_their_files_and_count_for_nothing(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=10)
    for number in range(6):
        with cache.lease(f"talk@{number}", 5, fetching("12345")):
            pass
    files, seals = ({path.name for path in (tmp_path / "cache" / part).iterdir()} for part in ("files", "seals"))
    assert len(files) == 2
    assert seals == files


def test_what_another_takes_away_while_it_is_read_counts_as_not_there(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    with cache.lease("talk@1", len(TEXT), fetching(TEXT, []), sha256=sha256(TEXT)) as path:
        seal_of(path).unlink()
        assert not is_sound(path, sha256(TEXT), path.unlink)
        assert not is_sound(path, sha256(TEXT), lambda: None)
