"""people.yaml: read with the place of a mistake, changed by two at once, and names that are found by voices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml

from media_assets.artifacts.transcript.voices.naming import confidence, named
from media_assets.artifacts.transcript.voices.network import VoiceNetwork
from media_assets.artifacts.transcript.voices.people import (
    KnownVoice,
    People,
    change_people,
    read_people,
)
from media_assets.artifacts.transcript.voices.value import Voice
from media_assets.base.errors import Fatal
from media_assets_tests.artifacts.transcript.voices.recordings import (
    ANNA,
    DAVID,
    DAVID_AGAIN,
    MEETING,
    diarized,
    sample_sound,
)

RANDOM = np.random.default_rng(0)
ONE, OTHER = (np.abs(RANDOM.standard_normal(256)) * (RANDOM.random(256) < 0.4) for _ in range(2))


def voice(numbers: np.ndarray, speaker: str = "S1", seconds: float = 30.0) -> Voice:
    return Voice(speaker=speaker, seconds=seconds, embedding=tuple(numbers / np.linalg.norm(numbers)))


def known(**names: np.ndarray) -> People:
    people = People()
    for name, numbers in names.items():
        people = people.with_voice(name, KnownVoice.taken(voice(numbers), f"{name}.mp3"))
    return people


def between(share: float) -> np.ndarray:
    one, other = ONE / np.linalg.norm(ONE), OTHER / np.linalg.norm(OTHER)
    mixed: np.ndarray = (1 - share) * one + share * other
    return mixed


# ------------------------------------------------------------------------------------------------------- the file


def test_who_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    assert read_people(path) == People()
    written = change_people(path, lambda _: known(Anna=ONE, Jürgen=OTHER))
    assert read_people(path) == written
    assert written.people[0].voices[0].numbers == pytest.approx(ONE / np.linalg.norm(ONE), abs=1e-3)
    text = path.read_text("utf-8")
    assert text.startswith("# Whose voices are whose.")
    assert "- name: Jürgen\n" in text
    assert max(map(len, text.splitlines())) < 720  # a voice is one line
    assert list(yaml.safe_load(text)["people"][0]["voices"][0]) == ["recording", "speaker", "seconds", "embedding"]


def test_comments_above_stay_and_nothing_is_written_without_a_change(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("# ours\n# really\npeople: []\n")
    change_people(path, lambda people: people)
    assert path.read_text() == "# ours\n# really\npeople: []\n"
    change_people(path, lambda people: people.with_voice("Anna", KnownVoice.taken(voice(ONE), "a.mp3")))
    assert path.read_text().startswith("# ours\n# really\npeople:\n- name: Anna\n")


def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"

    def add(number: int) -> None:
        taken = KnownVoice.taken(voice(ONE), f"{number}.mp3")
        change_people(path, lambda people: people.with_voice(f"Person {number % 5}", taken))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    found = read_people(path)
    assert {person.name: len(person.voices) for person in found.people} == {f"Person {n}": 4 for n in range(5)}
    assert sorted(one.name for one in tmp_path.iterdir()) == [".people.yaml.lock", "people.yaml"]


def test_a_voice_has_one_name_and_may_be_taken_away() -> None:
    people = known(Anna=ONE).with_voice("Maria", KnownVoice.taken(voice(ONE), "Anna.mp3"))
    assert [person.name for person in people.people] == ["Maria"]
    assert people.without_voice("Anna.mp3", "S1") == People()
    assert people.person("Maria") is people.people[0]
    assert people.person("Anna") is None


GOOD = KnownVoice.taken(voice(ONE), "a.mp3").embedding


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("people:\n- name: Anna\n  voices: [\n", "line 4: expected"),
        ("people:\n- name: Anna\n  vioces: []\n", "line 2 (people.1.voices): field required"),
        ("people:\n- name: ''\n  voices: []\n", "line 2 (people.1.name): string should have at least 1 character"),
        ("a: 1\n", "line 1 (a): extra inputs are not permitted"),
        ("- Anna\n", "line 1: input should be"),
        (
            "people:\n- name: Anna\n  voices:\n  - recording: a\n    speaker: S1\n    seconds: 3\n"
            "    embedding: AAAA\n",
            "line 7 (people.1.voices.1.embedding): should be 256 numbers",
        ),
        (
            "people:\n- name: Anna\n  voices:\n  - recording: a\n    speaker: S1\n    seconds: 3\n"
            f"    embedding: {'A' * 683}=\n",
            "these numbers are none",
        ),
        (
            "people:\n"
            + f"- name: Anna\n  voices: [{{recording: a, speaker: S1, seconds: 3, embedding: '{GOOD}'}}]\n" * 2,
            "line 1: Anna is there twice",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(text)
    with pytest.raises(Fatal) as raised:
        read_people(path)
    assert str(path) in raised.value.reason
    assert told.lower() in raised.value.reason.lower()
    with pytest.raises(Fatal):
        change_people(path, lambda people: people)
    assert path.read_text() == text


def test_a_file_that_is_no_text_or_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_bytes(b"people: \xff\n")
    with pytest.raises(Fatal, match="is not UTF-8"):
        read_people(tmp_path / "people.yaml")
    with pytest.raises(Fatal, match="cannot be read"):
        read_people(tmp_path)


# ---------------------------------------------------------------------------------------------------------- names


def test_a_voice_that_is_near_is_named_and_others_are_not() -> None:
    found = named([voice(ONE), voice(OTHER, "S2")], known(Anna=between(0.1)), 0.5)
    assert {speaker: name.name for speaker, name in found.items()} == {"S1": "Anna"}
    assert 0.5 <= found["S1"].confidence <= 1


def test_no_name_is_given_below_the_threshold() -> None:
    near = [voice(between(0.1))]
    (sure,) = (one.confidence for one in named(near, known(Anna=ONE), 0.0).values())
    assert named(near, known(Anna=ONE), sure + 0.001) == {}
    assert named(near, known(Anna=ONE), sure) != {}
    assert named([voice(OTHER)], known(Anna=ONE), 0.0) == {}


def test_a_name_is_given_once_to_the_nearest() -> None:
    found = named([voice(between(0.15)), voice(between(0.02), "S2")], known(Anna=ONE), 0.1)
    assert list(found) == ["S2"]


def test_where_two_people_are_about_equally_near_it_is_neither() -> None:
    assert named([voice(ONE)], known(Anna=between(0.05), Maria=between(0.1)), 0.1) == {}
    people = known(Anna=between(0.05)).with_voice("Anna", KnownVoice.taken(voice(between(0.1)), "b.mp3"))
    assert [one.name for one in named([voice(ONE)], people, 0.1).values()] == ["Anna"]


def test_confidence_grows_with_nearness() -> None:
    assert [confidence(cosine) for cosine in (0.5, 0.74, 0.84, 0.94, 1.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.thorough
def test_who_was_named_once_is_found_in_later_recordings(network: VoiceNetwork) -> None:
    """David and Anna are named in their talks, and found in the meeting; David in another talk."""
    people = People()
    for name, recording in (("David Brandt", DAVID), ("Anna Keller", ANNA)):
        (alone,) = diarized(network, sample_sound(recording)).voices
        people = people.with_voice(name, KnownVoice.taken(alone, recording))
    meeting = named(diarized(network, sample_sound(MEETING)).voices, people, 0.5)
    assert {speaker: one.name for speaker, one in meeting.items()} == {"S1": "David Brandt", "S2": "Anna Keller"}
    again = named(diarized(network, sample_sound(DAVID_AGAIN)).voices, people, 0.5)
    assert {speaker: one.name for speaker, one in again.items()} == {"S1": "David Brandt"}
    without = People(people=people.people[1:])
    assert named(diarized(network, sample_sound(DAVID_AGAIN)).voices, without, 0.5) == {}
