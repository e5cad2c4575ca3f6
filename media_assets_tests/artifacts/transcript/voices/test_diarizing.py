"""Who speaks when: in the sample library, in sounds that nobody speaks in, and in long recordings."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from media_assets.artifacts.transcript.voices.diarizing import SpeakerCount
from media_assets.artifacts.transcript.voices.network import VoiceNetwork
from media_assets.artifacts.transcript.voices.value import Diarization
from media_assets.base.errors import Cancelled
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import music, noise, silence
from media_assets_tests.artifacts.transcript.voices.recordings import (
    ANNA,
    DAVID,
    DAVID_AGAIN,
    MEETING,
    diarized,
    sample_sound,
)


def order_of(found: Diarization) -> list[str]:
    """Who speaks one after the other."""
    return [speaker for speaker, _ in groupby(turn.speaker for turn in found.turns)]


@pytest.mark.thorough
def test_two_in_a_meeting_are_told_apart_in_the_order_of_their_first_words(network: VoiceNetwork) -> None:
    found = diarized(network, sample_sound(MEETING))
    assert order_of(found) == ["S1", "S2", "S1", "S2", "S1"]
    assert [voice.speaker for voice in found.voices] == ["S1", "S2"]
    for voice in found.voices:
        spoken = sum(turn.end_seconds - turn.start_seconds for turn in found.turns if turn.speaker == voice.speaker)
        assert voice.seconds == pytest.approx(spoken, abs=1)
        assert np.linalg.norm(voice.embedding) == pytest.approx(1, abs=1e-3)


@pytest.mark.thorough
@pytest.mark.parametrize("name", [ANNA, DAVID, DAVID_AGAIN])
def test_one_who_speaks_alone_is_one(network: VoiceNetwork, name: str) -> None:
    found = diarized(network, sample_sound(name))
    assert order_of(found) == ["S1"]
    assert len(found.voices) == 1


@pytest.mark.thorough
def test_turns_are_in_order_do_not_overlap_and_lie_within_the_recording(network: VoiceNetwork) -> None:
    sound = sample_sound(MEETING)
    found = diarized(network, sound)
    edges = [edge for turn in found.turns for edge in (turn.start_seconds, turn.end_seconds)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= len(sound) / 16_000 + 0.02


@pytest.mark.parametrize("sound", [silence(20), noise(20), silence(0)], ids=["silence", "noise", "nothing"])
def test_where_nobody_speaks_is_nobody(network: VoiceNetwork, sound: np.ndarray) -> None:
    assert diarized(network, sound) == Diarization()


@pytest.mark.thorough
def test_music_is_nobody(network: VoiceNetwork) -> None:
    assert diarized(network, music(120)) == Diarization()


def test_a_word_is_somebody(network: VoiceNetwork) -> None:
    found = diarized(network, silence(1), sample_sound(DAVID)[8_000:20_000], silence(1))
    assert order_of(found) == ["S1"]


@pytest.mark.thorough
def test_the_same_sound_gives_the_same_with_any_number_of_threads(network: VoiceNetwork) -> None:
    once, again = (diarized(network, sample_sound(MEETING), threads=threads) for threads in (1, 3))
    assert once == again


@pytest.mark.thorough
def test_no_more_are_found_than_speak_at_most_and_no_fewer_than_at_least(network: VoiceNetwork) -> None:
    assert len(diarized(network, sample_sound(MEETING), count=SpeakerCount(most=1)).voices) == 1
    both = (sample_sound(DAVID)[:160_000], sample_sound(DAVID_AGAIN)[:160_000])
    assert len(diarized(network, *both, count=SpeakerCount(least=2)).voices) >= 2


@pytest.mark.slow
def test_one_is_the_same_in_all_parts_of_a_long_recording(network: VoiceNetwork) -> None:
    """Ten minutes: more than one part."""
    sounds = [sample_sound(name) for name in (DAVID, ANNA, MEETING, DAVID_AGAIN, ANNA)] * 4
    found = diarized(network, *sounds, threads=2)
    assert len(found.voices) == 2
    expected = ["S1", "S2", "S1", "S2", "S1", "S2", "S1", "S2"]
    assert order_of(found) == [*expected, *(expected * 3)]


@pytest.mark.thorough
def test_progress_is_told_and_a_run_that_is_stopped_stops(network: VoiceNetwork) -> None:
    seen: list[float] = []
    stopped = Event()

    def report(fraction: float) -> None:
        seen.append(fraction)
        if fraction > 0:
            stopped.set()

    with pytest.raises(Cancelled):
        sounds = (sample_sound(DAVID), sample_sound(ANNA))
        diarized(network, *sounds, work=Work(Path(), report=report, cancelled=stopped))
    assert 0 < seen[-1] < 0.97
    assert seen == sorted(seen)
