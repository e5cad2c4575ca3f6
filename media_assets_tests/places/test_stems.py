"""Which stem is chosen for the artifacts beside a file."""

from __future__ import annotations

import unicodedata

import pytest

from media_assets.places.artifact_names import name_in_folder
from media_assets.places.stems import Stems, without

KEY = "box:rec.mp3"
MARK = Stems("rec.mp3", KEY).candidates[-1]


def chosen(source: str, others: list[str], own: list[str] | None = None) -> str:
    return Stems(source, KEY).best(others, own or [])


@pytest.mark.parametrize(
    ("others", "stem"),
    [
        ([], "rec"),
        (["other.wav", "recording.wav", "rec 2.wav", "re.wav"], "rec"),
        (["rec.wav"], "rec.mp3"),
        (["REC.WAV"], "rec.mp3"),
        (["rec"], "rec.mp3"),
        (["rec.srt"], "rec.mp3"),
        (["rec.wav", "rec.mp3.txt"], MARK),
        (["rec.wav", "Rec.MP3"], MARK),
        (["rec.part2.mp3"], "rec"),
    ],
)
def test_a_stem_that_another_file_has_is_left_to_it(others: list[str], stem: str) -> None:
    assert chosen("rec.mp3", others) == stem


def test_accents_that_are_written_in_two_ways_are_one_name() -> None:
    composed, apart = (unicodedata.normalize(form, "résumé") for form in ("NFC", "NFD"))
    assert chosen(f"{composed}.mp3", [f"{apart}.wav"]) == f"{composed}.mp3"
    assert without(f"{composed}.mp3", [f"{apart}.mp3"]) == [], "it is the file itself, as another system spells it"
    assert without("a.mp3", ["a.mp3", "A.mp3"]) == ["A.mp3"]


@pytest.mark.parametrize(
    ("own", "stem"),
    [
        (["rec.m4a"], "rec"),
        (["rec.m4a", "rec.summary.md"], "rec"),
        (["rec.mp3.m4a"], "rec.mp3"),
        ([f"{MARK}.m4a"], MARK),
        (["rec.m4a", "rec.mp3.summary.md"], "rec.mp3"),
    ],
)
def test_what_is_made_later_joins_what_is_there(own: list[str], stem: str) -> None:
    assert chosen("rec.mp3", ["rec.wav"], own) == stem


def test_files_of_one_ending_in_one_artifact_keep_the_stem() -> None:
    stems = Stems("talk.mp4", "box:talk.mp4")
    assert list(stems.names("talk", "transcript.srt", "owner"))[:3] == [
        "talk.srt",
        "talk.transcript.srt",
        "talk.mp4.srt",
    ]
    assert next(stems.names("talk", "summary.md", "owner")) == "talk.summary.md"
    assert list(stems.names("talk", "a.srt", "one"))[-1] != list(stems.names("talk", "a.srt", "two"))[-1]


def test_subtitles_say_their_language_where_players_look_for_it() -> None:
    stems = Stems("talk.mp4", "box:talk.mp4")
    assert list(stems.names("talk", "transcript.srt", "owner", "en"))[:3] == [
        "talk.en.srt",
        "talk.transcript.en.srt",
        "talk.mp4.en.srt",
    ]
    assert next(stems.names("talk", "transcript.vtt", "owner", "pt-BR")) == "talk.pt-BR.vtt"
    assert next(stems.names("talk", "summary.md", "owner", "en")) == "talk.summary.md"
    assert next(stems.names("talk", "audio.m4a", "owner", "en")) == "talk.m4a"
    translated = stems.names("talk", "transcript.de.srt", "owner")
    assert list(translated)[:3] == ["talk.de.srt", "talk.transcript.de.srt", "talk.mp4.de.srt"]


@pytest.mark.parametrize(
    "language",
    ["", "und", "../..", "e", "english", "en\n", "a/b", "EN", "x" * 9999, "日本", "en-" + "a" * 99],
    ids=range(11),
)
def test_what_is_no_language_stands_in_no_name(language: str) -> None:
    stems = Stems("talk.mp4", "box:talk.mp4")
    assert list(stems.names("talk", "transcript.srt", "owner", language)) == list(
        stems.names("talk", "transcript.srt", "owner")
    )


def test_subtitles_of_one_recording_are_not_taken_for_those_of_another() -> None:
    stems = Stems("talk.mp4", "box:talk.mp4")
    beside_another = list(stems.names("talk", "transcript.srt", "owner", "en", ["Talk.EN.mkv"]))
    assert beside_another[0] == "talk.transcript.en.srt"
    beside_a_persons = list(stems.names("talk", "transcript.srt", "owner", "en", ["talk.en.srt", "talk.en.vtt"]))
    assert beside_a_persons[0] == "talk.en.srt", "whether it is taken, the store says"
    plain = list(stems.names("talk", "transcript.srt", "owner", "", ["talk.transcript.mp3"]))
    assert plain == list(stems.names("talk", "transcript.srt", "owner"))


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("talk.srt", ""),
        ("talk.en.srt", "en"),
        ("talk.transcript.srt", ""),
        ("talk.transcript.de.srt", "de"),
        ("talk.mp4.zh-Hant.srt", "zh-Hant"),
        ("talk.en.vtt", None),
        ("talk.final cut.srt", None),
        ("Talk (mine).en.srt", None),
    ],
)
def test_the_language_that_a_name_says_is_read_again(written: str, language: str | None) -> None:
    assert Stems("talk.mp4", "box:talk.mp4").language_in(written, "transcript.srt") == language
    assert Stems("talk.mp4", "box:talk.mp4").language_in(written, "summary.md") is None


def test_translations_are_told_apart_by_their_language() -> None:
    stems = Stems("talk.mp4", "box:talk.mp4")
    for written in ("talk.de.srt", "talk.transcript.de.srt", "talk.mp4.transcript.de.srt"):
        assert stems.language_in(written, "transcript.de.srt") == "de"
    names = [name_in_folder("box:talk.mp4", f"transcript.{language}.srt") for language in ("de", "fr")]
    assert len(set(names)) == 2
    assert [name.rpartition("~")[2].partition(".")[2] for name in names] == ["de.srt", "fr.srt"]


def test_a_stem_that_leaves_no_room_for_what_follows_is_used_for_no_artifact() -> None:
    stems = Stems("ü" * 120 + ".mp4", "box:long")
    (only,) = stems.candidates
    for name in ("audio.m4a", "summary.md", "compressed_video.mp4"):
        made = next(stems.names(only, name, "owner"))
        assert made.startswith(f"{only}.")
        assert len(made.encode()) <= 255
