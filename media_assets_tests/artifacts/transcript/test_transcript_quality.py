"""Whether a transcript can be believed, and whether all that was said has text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.coverage import speech_coverage
from media_assets.artifacts.transcript.hearing.guards import NOT_MADE_OUT
from media_assets.artifacts.transcript.quality import TRANSCRIPT_QUALITY
from media_assets.artifacts.transcript.value import Correction, LanguageStretch, Transcript, TranscriptSegment
from media_assets.artifacts.transcript.voices.value import Diarization, SpokenTurn
from media_assets.config.settings import Settings
from media_assets.pipeline.quality import Verdict
from media_assets.places.folder.settings import FolderSource
from media_assets_tests.artifacts.judging import stored_with
from media_assets_tests.artifacts.transcript.said import spoken

SENTENCE = "We meet at nine in the garden and talk about the harvest of last year and the weather."
MINUTE = spoken(*((start, start + 6.0, "S1", SENTENCE) for start in range(0, 60, 6)))


def judged(said: Transcript, figures: dict[str, float] | None = None, **limits: Any) -> dict[str, Verdict]:
    settings = Settings.model_validate(
        {"sources": {"media": FolderSource(path=Path("media"))}, "quality": {"transcript": limits}}
    )
    return TRANSCRIPT_QUALITY.judge(stored_with(said, figures or {}), settings)


def red(said: Transcript, figures: dict[str, float] | None = None, **limits: Any) -> dict[str, str]:
    return {name: one.said for name, one in judged(said, figures, **limits).items() if not one.passed}


def sure(said: Transcript, confidence: float) -> Transcript:
    segments = (segment.model_copy(update={"confidence": confidence}) for segment in said.segments)
    return said.model_copy(update={"segments": tuple(segments)})


def turns(*stretches: tuple[float, float]) -> Diarization:
    return Diarization(
        turns=tuple(SpokenTurn(start_seconds=start, end_seconds=end, speaker="S1") for start, end in stretches)
    )


def test_a_sound_transcript_passes_every_check():
    covered = {"speech_seconds": 60.0, "speech_with_text_seconds": 58.0}
    assert red(MINUTE, covered) == {}
    assert set(judged(MINUTE, covered)) == {check.name for check in TRANSCRIPT_QUALITY.checks}


@pytest.mark.parametrize(("confidence", "passed"), [(0.9, True), (0.7, True), (0.69, False), (0.3, False)])
def test_unsure_words_are_warned_of(confidence: float, passed: bool):
    verdict = judged(sure(MINUTE, confidence))["confidence"]
    assert verdict.passed is passed
    assert verdict.figures == {"confidence": confidence}
    assert "transcription.model" in verdict.next_step


def test_what_the_guards_took_out_counts_beside_what_is_left():
    few = MINUTE.model_copy(update={"dropped": {"no_speech": 2}})
    many = MINUTE.model_copy(update={"dropped": {"no_speech": 2, "repeated_token": 9}})
    assert red(few) == {}
    assert red(many) == {"dropped": "11 segments taken out as invented (no_speech 2, repeated_token 9)"}


def test_too_few_and_too_many_words_a_minute_are_warned_of():
    slow = spoken((0, 60, "S1", "Well then."))
    fast = spoken(*((start, start + 1.0, "S1", SENTENCE) for start in range(20)))
    assert red(slow) == {"pace": "2 words a minute"}
    assert set(red(fast)) == {"pace"}
    assert "repeated" in judged(fast)["pace"].next_step
    assert "pace" not in judged(spoken((0, 5, "S1", "Well then."))), "too short to tell"


def test_words_of_scripts_without_blanks_are_counted():
    assert (
        red(spoken((0, 12, "S1", "今日は天気がいいので、庭で会って去年の収穫について話しましょう。"), language="ja"))
        == {}
    )


def test_languages_that_nobody_expects_or_that_are_unsure_are_warned_of():
    german = MINUTE.model_copy(update={"language": "de"})
    assert red(german) == {}
    assert red(german, languages=["en", "fr"]) == {"language": "it is in `de`, and en, fr is expected"}
    stretch = LanguageStretch(start_seconds=0, end_seconds=60, language="de", probability=0.4)
    unsure = german.model_copy(update={"languages": (stretch,)})
    assert red(unsure) == {"language": "it is in `de`, by 40 %"}
    assert red(unsure, min_language_probability=0.3) == {}


def test_a_language_that_the_model_does_not_know_is_warned_of():
    nothing = Transcript(language="und", duration_seconds=60, engine="faster-whisper", model="tiny.en")
    assert red(nothing.model_copy(update={"dropped": {NOT_MADE_OUT: 4}})).keys() == {"dropped", "language"}
    heard = nothing.model_copy(update={"speech_seconds": 40.0, "dropped": {"no_speech": 1}})
    assert red(heard)["language"] == "no language could be told from 40 s of speech"
    assert red(nothing) == {}, "silence has no language"


def test_speech_without_text_is_warned_of_and_where_it_is():
    said = spoken((0, 10, "S1", "Good morning."))
    figures = speech_coverage(said, turns((0, 10), (12, 20), (65, 125)))
    assert figures == {
        "speech_seconds": 78.0,
        "speech_with_text_seconds": 10.0,
        "untold_from_seconds": 65.0,
        "untold_to_seconds": 125.0,
    }
    verdict = judged(said, figures)["coverage"]
    assert (verdict.passed, verdict.said) == (False, "13 % of the speech has text")
    assert verdict.next_step.startswith("Listen from 01:05 to 02:05")


def test_text_that_begins_a_little_late_covers_the_speech():
    said = spoken((0.4, 9.6, "S1", "Good morning."), (10.3, 19.8, "S1", "Shall we begin?"))
    assert speech_coverage(said, turns((0, 10), (10, 20))) == {"speech_seconds": 20.0, "speech_with_text_seconds": 20.0}


def test_without_voices_the_lengths_are_compared():
    said = spoken((0, 10, "", "Good morning."), (11, 20, "", "Shall we begin?")).model_copy(
        update={"speech_seconds": 40.0}
    )
    assert speech_coverage(said, None) == {"speech_seconds": 40.0, "speech_with_text_seconds": 20.0}
    assert speech_coverage(said.model_copy(update={"speech_seconds": None}), None) == {}, "nobody looked"


def test_what_a_person_wrote_is_believed():
    correction = Correction(by="Anna", at="2026-01-01T00:00:00Z", form="transcript.srt", file="version-1.srt.txt")
    doubtful = sure(spoken((0, 60, "S1", "Well then.")), 0.1).model_copy(update={"dropped": {"no_speech": 9}})
    assert set(red(doubtful, {"speech_seconds": 60.0, "speech_with_text_seconds": 1.0})) > {"pace", "confidence"}
    assert red(doubtful.model_copy(update={"correction": correction}), {}) == {}


def test_silence_has_nothing_to_judge():
    assert judged(Transcript(language="und", duration_seconds=60, engine="none", model="none")) == {}


def test_a_segment_without_words_counts_by_its_own_confidence():
    segment = TranscriptSegment(start_seconds=0, end_seconds=9, text="Hello.", confidence=0.2)
    said = Transcript(language="en", duration_seconds=9, engine="openai", model="m", segments=(segment,))
    assert set(red(said)) == {"confidence"}
