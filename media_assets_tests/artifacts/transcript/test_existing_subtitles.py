"""Subtitles that a recording has already are its transcript, and no engine is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.subtitles.existing import candidates
from media_assets.artifacts.transcript.value import Transcript
from media_assets.media.info import Stream
from media_assets.places.folder.sidecars import lying_beside
from media_assets.places.source import MOST_SIDECAR_BYTES, Sidecar, Sidecars
from media_assets_tests.artifacts.transcript.sounds import vowels, write_wav
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.real_library import RealLibrary

ENGLISH = (
    "1\n00:00:00,500 --> 00:00:02,000\nGood morning, everybody.\n\n2\n00:00:02,500 --> 00:00:04,000\n[door slams]\n"
)
GERMAN = "1\n00:00:00,500 --> 00:00:02,000\nGuten Morgen allerseits.\n"


def film(path: Path, tracks: Mapping[str, str], *, audio: str | None = "eng") -> Path:
    """A recording of 5 s with text tracks: by their metadata, such as `language=eng,title=Signs`, what they say."""
    wav = write_wav(path.with_suffix(".wav"), vowels(5.0))
    inputs, maps, marks = [], [], []
    for number, (metadata, text) in enumerate(tracks.items()):
        subtitles = path.with_suffix(f".{number}.txt")
        subtitles.write_text(text, "utf-8")
        inputs += ["-f", "srt", "-i", str(subtitles)]
        maps += ["-map", str(number + 1)]
        for one in metadata.split(","):
            name, _, value = one.partition("=")
            marks += [f"-disposition:s:{number}", value] if name == "disposition" else [f"-metadata:s:s:{number}", one]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", wav, *inputs, "-map", "0", *maps, *marks]
    language = ["-metadata:s:a:0", f"language={audio}"] if audio else []
    codec = ["-c:s", "mov_text"] if path.suffix == ".mp4" else ["-c:s", "srt"]
    subprocess.run([*command, *language, "-c:a", "aac", *codec, path], check=True)
    for made in (wav, *path.parent.glob(f"{path.stem}.*.txt")):
        made.unlink()
    return path


class Asked:
    """A library whose engine is a server that counts what it is asked."""

    def __init__(self, root: Path, server: AudioServer) -> None:
        server.key = None
        self._server = server
        self.library = RealLibrary(root)
        self.configure()

    def configure(self, **engine: Any) -> None:
        transcription = {"engine": "openai", "base_url": self._server.base_url, **engine}
        off = {"thumbnail": {"enabled": False}, "summary": {"enabled": False}}
        self.library.configure(transcription=transcription, assets=off, retries={"max_retries": 0})

    @property
    def media(self) -> Path:
        return self.library.media

    def transcript(self, name: str) -> Transcript:
        """What is made of a file. Its engine has `subtitles`, or the server's name."""
        status = self.library.process(stage="transcript")
        assert not status.failures, [failure.reason for failure in status.failures.values()]
        manifest = self.library.manifest("transcript", name)
        path = self.library.root / "artifacts" / manifest.file("transcript.json").path
        return Transcript.model_validate_json(path.read_bytes())

    @property
    def count(self) -> int:
        return len(self._server.uploads)


@pytest.fixture
def asked(tmp_path: Path, server: AudioServer) -> Asked:
    return Asked(tmp_path, server)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["talk.mkv", "talk.mp4"])
def test_a_track_in_the_language_of_the_sound_is_the_transcript(asked: Asked, name: str) -> None:
    film(asked.media / name, {"language=ger": GERMAN, "language=eng": ENGLISH})
    said = asked.transcript(name)
    assert (said.text, said.language, said.engine) == ("Good morning, everybody.", "en", "subtitles")
    assert said.model.startswith("track 2 of the recording (eng")
    assert said.note == f"Taken over from subtitles: {said.model}"
    assert (said.segments[0].start_seconds, said.segments[0].end_seconds) == pytest.approx((0.5, 2.0), abs=0.03)
    assert said.cost_usd == asked.count == 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    "tracks",
    [
        {"language=ger": GERMAN},
        {"language=eng,disposition=forced": ENGLISH},
        {"language=eng,title=Signs & Songs": ENGLISH},
        {"language=eng": "1\n00:00:01,000 --> 00:00:02,000\n♪ music ♪\n"},
    ],
)
def test_a_track_that_does_not_say_what_is_said_is_left_alone(asked: Asked, tracks: dict[str, str]) -> None:
    film(asked.media / "talk.mkv", tracks)
    assert asked.transcript("talk.mkv").engine == "openai"
    assert asked.count


@pytest.mark.thorough
def test_a_file_beside_the_recording_counts_first_and_a_new_version_of_it_anew(asked: Asked) -> None:
    film(asked.media / "talk.mkv", {"language=eng": "1\n00:00:00,500 --> 00:00:02,000\nInside.\n"})
    (asked.media / "talk.en.srt").write_text(ENGLISH, "utf-8")
    (asked.media / "talk.de.srt").write_text(GERMAN, "utf-8")
    assert asked.transcript("talk.mkv").model == "talk.en.srt"
    (asked.media / "talk.en.srt").write_text(ENGLISH.replace("everybody", "all"), "utf-8")
    assert asked.transcript("talk.mkv").text == "Good morning, all."
    (asked.media / "talk.en.srt").unlink()
    assert asked.transcript("talk.mkv").text == "Inside."
    assert asked.count == 0


@pytest.mark.thorough
def test_one_that_cannot_be_read_is_named_and_the_recording_heard(asked: Asked) -> None:
    film(asked.media / "talk.mkv", {})
    (asked.media / "talk.srt").write_text("1\n00:00:01 until 00:00:02\nHello\n", "utf-8")
    said = asked.transcript("talk.mkv")
    assert said.engine == "openai"
    assert said.note == "talk.srt cannot be read: it has text, and no times as 00:01:02,345 --> 00:01:04,000"


@pytest.mark.thorough
def test_one_that_cannot_be_of_the_recording_is_named_and_the_recording_heard(asked: Asked) -> None:
    later = "".join(f"{n}\n00:0{n}:01,000 --> 00:0{n}:02,000\nMuch later.\n\n" for n in range(1, 9))
    film(asked.media / "talk.mkv", {"language=eng": later})
    cues = "".join(
        f"{n}\n{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},000 --> {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},900\n"
        f"This is caption {n} of a long film.\n\n"
        for n in range(200_000)
    )
    (asked.media / "talk.srt").write_text(cues, "utf-8")
    said = asked.transcript("talk.mkv")
    assert said.engine == "openai"
    assert said.note == (
        "talk.srt cannot be of this recording: it has more text than can be said in 5 s; track 1 of the recording "
        "(eng) cannot be of this recording: 8 of its 8 captions begin behind the end of the recording, "
        "which lasts 5 s"
    )


@pytest.mark.thorough
def test_one_that_is_too_large_is_named_and_makes_nothing_anew(asked: Asked) -> None:
    film(asked.media / "talk.mkv", {})
    (asked.media / "talk.srt").write_bytes(b" " * (MOST_SIDECAR_BYTES + 1))
    said = asked.transcript("talk.mkv")
    assert (said.engine, said.note) == ("openai", "talk.srt cannot be read: it is larger than 16 MiB")
    version = asked.library.manifest("transcript", "talk.mkv").version
    (asked.media / "talk.srt").unlink()
    assert asked.transcript("talk.mkv") == said
    assert asked.library.manifest("transcript", "talk.mkv").version == version


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("talk.vtt", "WEBVTT\n\n00:00.750 --> 00:02.375\nA café.\n", "cp1252"),
        ("talk.pl.srt", "1\n00:00:00,750 --> 00:00:02,375\nŻółć\n", "cp1250"),
    ],
)
def test_times_and_letters_are_those_of_the_file(asked: Asked, name: str, text: str, encoding: str) -> None:
    film(asked.media / "talk.mkv", {}, audio="pol" if ".pl." in name else "eng")
    (asked.media / name).write_bytes(text.encode(encoding))
    (segment,) = asked.transcript("talk.mkv").segments
    assert (segment.start_seconds, segment.end_seconds) == (0.75, 2.375)
    assert segment.text == text.rstrip().rpartition("\n")[2]


@pytest.mark.thorough
def test_one_that_was_not_written_to_its_end_is_named_and_the_recording_heard(asked: Asked) -> None:
    film(asked.media / "talk.mkv", {})
    (asked.media / "talk.srt").write_text(f"{ENGLISH}\n3\n00:00:13,840 --", "utf-8")
    said = asked.transcript("talk.mkv")
    assert said.engine == "openai"
    assert said.note
    assert said.note.startswith("talk.srt cannot be read: line 10 has a part of two times")


@pytest.mark.thorough
def test_it_can_be_left_out(asked: Asked) -> None:
    film(asked.media / "talk.mkv", {"language=eng": ENGLISH})
    assert asked.transcript("talk.mkv").engine == "subtitles"
    asked.configure(prefer_existing=False)
    assert asked.transcript("talk.mkv").engine == "openai"
    heard = asked.count
    asked.configure()
    assert asked.transcript("talk.mkv").engine == "subtitles"
    assert asked.count == heard


# ------------------------------------------------------------------------------------------- which of several

SOUND = AudioTrack(
    stream_index=0,
    chosen_because="",
    language="eng",
    copied=True,
    duration_seconds=60,
    offset_seconds=0,
    bit_rate=None,
    sample_rate=48000,
    channels=2,
    size_bytes=1,
)


def beside(*names: str) -> Sidecars:
    marks = [name.removeprefix("talk").rpartition(".")[0].strip(".") for name in names]
    found = [Sidecar(name, mark, "1", 1, lambda *_: None) for name, mark in zip(names, marks, strict=True)]
    return Sidecars(lambda: found)


def chosen(*names: str, language: Any = None, sound: str | None = "eng") -> list[str]:
    track = SOUND.model_copy(update={"language": sound})
    return [one.origin for one in candidates((), beside(*names), track, language)]


def test_the_language_that_is_set_decides_before_that_of_the_sound() -> None:
    names = ("talk.de.srt", "talk.en.srt", "talk.fr.vtt")
    assert chosen(*names) == ["talk.en.srt"]
    assert chosen(*names, language="de") == ["talk.de.srt"]
    assert chosen(*names, language=("fr", "de")) == ["talk.de.srt", "talk.fr.vtt"]


def test_a_name_without_a_language_is_taken_behind_one_with_it() -> None:
    assert chosen("talk.srt", "talk.en.srt") == ["talk.en.srt", "talk.srt"]
    assert chosen("talk.sdh.srt", "talk.pt-BR.srt") == ["talk.sdh.srt"]


def test_of_a_sound_whose_language_nobody_knows_only_one_language_can_be_meant() -> None:
    assert chosen("talk.en.srt", "talk.en.sdh.srt", sound=None) == ["talk.en.srt", "talk.en.sdh.srt"]
    assert chosen("talk.en.srt", "talk.de.srt", sound=None) == []


def test_forced_ones_are_none() -> None:
    assert chosen("talk.en.forced.srt", "talk.forced.srt", "talk.en.signs.srt") == []


def test_pictures_of_text_are_no_text() -> None:
    pictures = Stream(index=2, type="subtitle", codec="hdmv_pgs_subtitle", language="eng")
    assert list(candidates((pictures,), Sidecars(), SOUND, None)) == []


def test_what_lies_beside_a_file_belongs_to_it_by_its_name(tmp_path: Path) -> None:
    for name in (
        "talk.mp4",
        "talk.srt",
        "Talk.srt",
        "talk.en.srt",
        "talk.mp4.vtt",
        "talk 2.srt",
        "talks.srt",
        "talk.txt",
    ):
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / "talk.de.srt").symlink_to("/etc/hostname")
    (tmp_path / "talk.fr.srt").write_bytes(b"")
    found = lying_beside(
        tmp_path / "talk.mp4", (".srt", ".vtt"), is_artifact=lambda path: path.name == "talk.srt", follow_links=False
    )
    assert {one.name: marks for one, marks in found} == {"talk.en.srt": "en", "talk.mp4.vtt": ""}
