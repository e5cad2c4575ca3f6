"""The value of a transcript as JSON: what was stored by earlier versions stays the same, and reads."""

from __future__ import annotations

import json

from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment, Word

OF_AN_EARLIER_VERSION = (
    '{"language":"en","duration_seconds":3.0,"engine":"e","model":"m","segments":[{"start_seconds":0.0,'
    '"end_seconds":1.0,"text":"Hello","confidence":1.0,"words":[{"text":"Hello","start_seconds":0.0,'
    '"end_seconds":1.0,"confidence":1.0}]}],"dropped":{},"cost_usd":0.0}'
)


def test_a_transcript_from_before_there_were_speakers_is_written_as_it_was() -> None:
    assert Transcript.model_validate_json(OF_AN_EARLIER_VERSION).model_dump_json() == OF_AN_EARLIER_VERSION


def test_who_speaks_stands_at_segments_and_words() -> None:
    word = Word(text="Hello", start_seconds=0, end_seconds=1, confidence=1, speaker="S1")
    segment = TranscriptSegment(start_seconds=0, end_seconds=1, text="Hello", confidence=1, words=(word,), speaker="S1")
    said = Transcript.model_validate_json(OF_AN_EARLIER_VERSION).model_copy(
        update={"segments": (segment,), "speakers": (Speaker(id="S1", name="Anna", confidence=0.9, seconds=1),)}
    )

    written = json.loads(said.model_dump_json())

    assert written["segments"][0]["speaker"] == written["segments"][0]["words"][0]["speaker"] == "S1"
    assert written["speakers"] == [{"id": "S1", "name": "Anna", "confidence": 0.9, "seconds": 1.0}]
    assert Transcript.model_validate(written) == said


def test_a_voice_without_a_name_is_called_by_its_number() -> None:
    assert [Speaker(id="S2", seconds=1).label, Speaker(id="S2", name="Anna", seconds=1).label] == ["Speaker 2", "Anna"]
