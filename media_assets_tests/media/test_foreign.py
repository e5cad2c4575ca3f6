"""Another recording behind the end of one is never passed over in silence; tags, padding and rubbish are no fault."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from media_assets.base.errors import BadMedia
from media_assets.media.beginnings import begun_within
from media_assets.media.joined import reads_on
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests.media.test_joined import extract, made

ENDINGS = ["wav", "m4a", "flac", "ogg", "mp3", "aiff", "caf", "mka", "w64", "au", "avi", "wv", "tta", "opus"]
KINDS = ["wav", "flac", "mp3", "m4a", "ogg", "mka", "aiff", "aac"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def recordings(folder: Path) -> dict[str, bytes]:
    """A second of tone in each format."""
    return {ending: made(folder, f"a.{ending}") for ending in {*ENDINGS, *KINDS}}


def without_tag(mp3: bytes) -> bytes:
    return mp3[10 + int.from_bytes(mp3[6:10], "big") :]


def container_of(path: Path) -> str:
    found = probe(path, Work(path.parent)).media
    assert found is not None
    return found.container


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_recording_behind_another_is_passed_over(ending: str, recordings: dict[str, bytes], tmp_path: Path):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(recordings[ending])
    container = container_of(path)
    reads_on(path, container)
    behind = {kind: recordings[kind] for kind in KINDS if kind != ending and not {kind, ending} <= {"aac", "mp3"}}
    if ending != "mp3":
        behind["mp3 without a tag"] = without_tag(recordings["mp3"])
    for kind, content in behind.items():
        for between in (b"", bytes(5000), b"TAG" + bytes(125)):
            path.write_bytes(recordings[ending] + between + content)
            with pytest.raises(BadMedia) as refused:
                reads_on(path, container)
            assert refused.value.next_step, kind


@pytest.mark.parametrize(("ending", "kind"), [("wav", "flac"), ("m4a", "mp3"), ("wav", "m4a")])
def test_a_recording_of_another_kind_behind_the_sound_is_named(
    ending: str, kind: str, recordings: dict[str, bytes], tmp_path: Path
):
    with pytest.raises(BadMedia, match=r"holds another recording \((FLAC|MP3|MP4)\) behind its sound"):
        extract(tmp_path, f"a.{ending}", recordings[ending] + recordings[kind])


APE_TAG = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0x80000000) + bytes(8)
RUBBISH = np.random.default_rng(5).bytes(400)
HARMLESS = {
    "ID3v1": b"TAG" + b"a" * 125,
    "ID3v2": b"ID3\x04\x00\x00\x00\x00\x02\x00" + b"TIT2" + bytes(252),
    "APEv2": b"APETAGEX" + struct.pack("<IIII", 2000, 32, 1, 0xA0000000) + bytes(8) + bytes(1968) + APE_TAG,
    "Lyrics3": b"LYRICSBEGIN" + b"LYR00010Some words000020LYRICS200" + b"TAG" + b"a" * 125,
    "zeros": bytes(2_000_000),
    "rubbish": RUBBISH,
    "a C2PA box": struct.pack(">I", 5016) + b"uuid" + bytes(16) + RUBBISH * 12 + bytes(192),
    "an XML text": b"<?xml version='1.0'?><x>" + b"word " * 200 + b"</x>",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_recording_is_no_fault(name: str, recordings: dict[str, bytes], tmp_path: Path):
    for ending in ("wav", "m4a", "flac", "ogg", "mp3", "mka", "caf", "w64"):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(recordings[ending])
        container = container_of(path)
        if name == "a C2PA box" and ending != "m4a":
            continue
        path.write_bytes(recordings[ending] + HARMLESS[name])
        assert reads_on(path, container) is None, ending


def test_much_of_an_unknown_kind_behind_the_end_is_named(recordings: dict[str, bytes], tmp_path: Path):
    track = extract(tmp_path, "a.m4a", recordings["m4a"] + RUBBISH * 100)
    assert "40000 bytes behind its end are of no known kind, and were left out" in track.chosen_because


def test_bytes_behind_the_samples_of_an_au_are_not_heard(recordings: dict[str, bytes], tmp_path: Path):
    track = extract(tmp_path, "a.au", recordings["au"] + RUBBISH * 40)
    assert track.duration_seconds == pytest.approx(1.0, abs=0.01)


def test_marks_of_recordings_do_not_occur_in_what_is_hard_to_tell_from_them():
    noise = np.random.default_rng(1).bytes(5_000_000)
    assert begun_within(io.BytesIO(noise), 0, set()) is None
    assert begun_within(io.BytesIO(b"\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22" + noise[:1000]), 0, set()) is None
    assert begun_within(io.BytesIO(b"WAVEFORMftypfLaC" * 100_000), 0, set()) is None


def test_a_wma_that_was_written_to_a_pipe_has_nothing_behind_its_end(tmp_path: Path):
    content = bytearray(made(tmp_path, "a.wma"))
    data = content.index(b"\x36\x26\xb2\x75\x8e\x66\xcf\x11")
    content[data + 16 : data + 24] = struct.pack("<Q", 50)
    assert extract(tmp_path, "a.wma", bytes(content)).chosen_because == "the only audio track"
