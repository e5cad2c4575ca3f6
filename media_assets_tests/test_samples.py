"""The committed sample library: small, whole, and as broken as it is meant to be."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import av
import imageio_ffmpeg
import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
LIBRARY = SAMPLES / "library"

AAC_TALK = LIBRARY / "talks/looking-after-recordings.mp4"
ODD_NAME_TALK = LIBRARY / 'talks/Anna\'s "garden" talk, März – Überblick.mkv'
SILENT_VIDEO = LIBRARY / "photos/sunrise time-lapse.mp4"
PHOTO = LIBRARY / "photos/weather station.jpg"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """samples/make_samples.py, which finds its neighbour as it does when run as a script."""
    sys.path.append(str(SAMPLES))
    try:
        return importlib.import_module("make_samples")
    finally:
        sys.path.remove(str(SAMPLES))


def decode(path: Path, *output: str | Path) -> subprocess.CompletedProcess[str]:
    """All of a file through ffmpeg; any fault in it is an error."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-xerror", "-nostdin", "-y", "-i", f"file:{path}"]
    return subprocess.run([*command, *map(str, output)], text=True, capture_output=True, check=False)


def test_all_that_is_committed_below_samples_stays_small(maker: ModuleType) -> None:
    sizes = {path: path.stat().st_size for path in maker.committed_files(SAMPLES)}
    assert AAC_TALK in sizes
    assert sum(sizes.values()) <= 600_000


def test_what_the_demo_leaves_behind_does_not_count_as_committed(maker: ModuleType, tmp_path: Path) -> None:
    for name in ("library/talk.mp4", "artifacts/transcript/talk.srt", ".media_assets/history.db"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert maker.committed_files(tmp_path) == [tmp_path / "library/talk.mp4"]


def test_the_library_holds_exactly_the_files_the_script_makes(maker: ModuleType) -> None:
    committed = {path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*") if path.is_file()}
    assert committed == {sample.path for sample in maker.LIBRARY}


def test_spoken_json_holds_the_words_of_every_file_with_speech(maker: ModuleType) -> None:
    spoken: dict[str, str] = json.loads((SAMPLES / "spoken.json").read_text("utf-8"))
    assert spoken == maker.spoken_texts()
    for path, text in spoken.items():
        assert len(text.split()) > 50
        with av.open(str(LIBRARY / path)) as recording:
            assert recording.streams.audio
            assert recording.duration is not None
            assert 20 <= recording.duration / av.time_base <= 35


@pytest.mark.parametrize(
    ("path", "codecs"),
    [
        (AAC_TALK, {"h264", "aac"}),
        (LIBRARY / "talks/spring-weather.webm", {"vp9", "opus"}),
        (ODD_NAME_TALK, {"h264", "opus"}),
        (LIBRARY / "meetings/2025-03-17 team meeting.mp3", {"mp3"}),
        (SILENT_VIDEO, {"h264"}),
        (PHOTO, {"mjpeg"}),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_a_sound_sample_has_its_codecs_and_decodes_to_the_end(path: Path, codecs: set[str]) -> None:
    with av.open(str(path)) as media:
        found = {stream.codec.canonical_name for stream in (*media.streams.video, *media.streams.audio)}
    assert found == codecs
    decoded = decode(path, "-f", "null", "-")
    assert (decoded.returncode, decoded.stderr) == (0, "")


def test_talks_carry_title_time_and_language() -> None:
    for path in (AAC_TALK, ODD_NAME_TALK, LIBRARY / "talks/spring-weather.webm"):
        with av.open(str(path)) as talk:
            assert talk.metadata["title"]
            assert talk.metadata["creation_time"].startswith("2025-")
            assert talk.streams.audio[0].language == "eng"


def test_the_chapters_of_a_talk_follow_each_other_from_its_start_to_its_end() -> None:
    with av.open(str(AAC_TALK)) as talk:
        chapters = talk.chapters()
        assert talk.duration is not None
        duration_seconds = talk.duration / av.time_base
    assert [chapter["metadata"]["title"] for chapter in chapters] == ["Find it again", "Three rules", "Three copies"]
    assert chapters[0]["start"] == 0
    assert [chapter["end"] for chapter in chapters[:-1]] == [chapter["start"] for chapter in chapters[1:]]
    assert chapters[-1]["time_base"] is not None
    assert float(chapters[-1]["end"] * chapters[-1]["time_base"]) == pytest.approx(duration_seconds, abs=0.3)


def test_the_photo_lies_on_its_side_and_its_orientation_puts_it_upright(tmp_path: Path) -> None:
    sizes = []
    for rotation in ("-noautorotate", "-autorotate"):
        shown = tmp_path / f"{rotation}.png"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", rotation, "-i", PHOTO, shown]
        subprocess.run(command, check=True)
        with av.open(str(shown)) as picture:
            sizes.append((picture.streams.video[0].width, picture.streams.video[0].height))
    assert sizes == [(640, 480), (480, 640)]


def test_one_talk_lies_in_a_second_folder_under_another_name_byte_for_byte(maker: ModuleType) -> None:
    copy = LIBRARY / "meetings/recording (1).mkv"
    assert copy.read_bytes() == ODD_NAME_TALK.read_bytes()
    assert [sample.original for sample in maker.LIBRARY if sample.path == "meetings/recording (1).mkv"] == [
        ODD_NAME_TALK.relative_to(LIBRARY).as_posix()
    ]


def test_one_name_has_a_space_both_quotes_a_comma_and_letters_beyond_ascii() -> None:
    assert ODD_NAME_TALK.is_file()
    assert set(" '\",") <= set(ODD_NAME_TALK.name)
    assert not ODD_NAME_TALK.name.isascii()


def test_the_interrupted_upload_has_lost_its_index_and_cannot_be_read() -> None:
    interrupted = LIBRARY / "talks/interrupted-upload.mp4"
    content = interrupted.read_bytes()
    assert AAC_TALK.read_bytes().startswith(content)
    assert b"moov" not in content
    decoded = decode(interrupted, "-f", "null", "-")
    assert decoded.returncode != 0
    assert "moov atom not found" in decoded.stderr


def test_the_unfinished_file_is_empty_and_cannot_be_read() -> None:
    unfinished = LIBRARY / "meetings/unfinished.mp4"
    assert unfinished.stat().st_size == 0
    assert decode(unfinished, "-f", "null", "-").returncode != 0


def test_without_flite_the_script_names_the_package_that_has_it(tmp_path: Path) -> None:
    command = [sys.executable, str(SAMPLES / "make_samples.py"), "--out", str(tmp_path)]
    made = subprocess.run(command, env={"PATH": str(tmp_path)}, text=True, capture_output=True, check=False)
    assert made.returncode == 1
    assert "flite is not installed. On Debian and Ubuntu: apt-get install flite" in made.stderr
    assert not (tmp_path / "spoken.json").exists()
