"""What an engine returns is looked at, and the engine is named that returned nonsense."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.checking import checked_transcript
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, Word
from media_assets.base.errors import BadResult, FaultOfCode
from media_assets.pipeline.artifact import Stored
from media_assets.places.manifest import Manifest, StoredFile
from media_assets_tests.artifacts.transcript.alone import transcript_by

NAN, INFINITY = float("nan"), float("inf")
SAID = Transcript(language="en", duration_seconds=10.0, engine="odd", model="none")


class Odd:
    """An engine of somebody else's."""


def segment(start: Any, end: Any, **more: Any) -> TranscriptSegment:
    return TranscriptSegment(**{"start_seconds": start, "end_seconds": end, "text": "x", "confidence": 1.0, **more})


def unchecked(**fields: Any) -> TranscriptSegment:
    return TranscriptSegment.model_construct(**{**dict(segment(0, 1)), **fields})


def empty(kind: Any) -> Any:
    """One that was made without the check of its fields."""
    return kind.model_construct()


def said(*segments: TranscriptSegment, **more: Any) -> Transcript:
    return SAID.model_copy(update={"segments": segments, **more})


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "the engine odd returned None, and no Transcript"),
        ("Hello", "the engine odd returned a str, and no Transcript"),
        ({"text": "Hello"}, "the engine odd returned a dict, and no Transcript"),
        ([segment(0, 1)], "the engine odd returned a list, and no Transcript"),
        (
            said(unchecked(start_seconds="soon")),
            "the engine odd returned a Transcript that is none (segments.0.start",
        ),
        (said(unchecked(end_seconds=None)), "the engine odd returned a Transcript that is none (segments.0.end_sec"),
        (said(segments=[{"text": "x"}]), "the engine odd returned a Transcript that is none (segments.0.start_seconds"),
        (said(segments=None), "the engine odd returned a Transcript that is none (segments: "),
        (empty(Transcript), "the engine odd returned a Transcript that is none ("),
    ],
)
def test_what_is_no_transcript_is_a_fault_of_the_engines_code(returned: object, reason: str) -> None:
    with pytest.raises(FaultOfCode) as caught:
        checked_transcript(returned, Odd(), "odd", duration_seconds=10.0, offset_seconds=0.0)
    assert caught.value.reason.startswith(reason)
    assert "test_checking.Odd" in caught.value.next_step


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (said(segment(NAN, 1)), "a segment with a time or a confidence that is no number"),
        (said(segment(0, INFINITY)), "a segment with a time or a confidence that is no number"),
        (said(segment(0, 1, confidence=NAN)), "a segment with a time or a confidence that is no number"),
        (
            said(segment(0, 1, words=(Word(text="x", start_seconds=NAN, end_seconds=None, confidence=1),))),
            "a segment with a time or a confidence that is no number",
        ),
        (said(duration_seconds=NAN), "a duration or a cost that is no number"),
        (said(cost_usd=INFINITY), "a duration or a cost that is no number"),
        (said(segment(2, 1)), "a segment that ends before it begins"),
        (said(segment(3, 4), segment(1, 2)), "segments that are not in order of time, or begin before the recording"),
        (said(segment(-8, -7)), "segments that are not in order of time, or begin before the recording"),
        (said(segment(5, 60)), "a segment that ends behind the end of the recording"),
    ],
)
def test_times_that_cannot_be_are_told_with_the_engine_and_alike_for_all_files(returned: Transcript, what: str) -> None:
    with pytest.raises(BadResult) as caught:
        checked_transcript(returned, Odd(), "odd", duration_seconds=10.0, offset_seconds=0.0)
    assert caught.value.reason == f"the engine odd returned nonsense: {what}"
    assert caught.value.place == f"odd: {what}"
    assert "The engine is at fault, not the file" in caught.value.next_step


@pytest.mark.parametrize(
    "returned",
    [
        said(),
        said(segment(0, 10.4), segment(0, 2), segment(0, 0)),
        said(segment(1, 5, words=(Word(text="x", start_seconds=1, end_seconds=None, confidence=0.5),))),
    ],
)
def test_what_can_be_passes_as_it_is(returned: Transcript) -> None:
    assert checked_transcript(returned, Odd(), "odd", duration_seconds=10.0, offset_seconds=0.0) is returned


def test_times_are_those_of_the_source() -> None:
    later = said(segment(100, 110))
    assert checked_transcript(later, Odd(), "odd", duration_seconds=10.0, offset_seconds=100.0) is later
    with pytest.raises(BadResult):
        checked_transcript(later, Odd(), "odd", duration_seconds=10.0, offset_seconds=0.0)


def test_the_stage_looks_at_what_its_engine_returns(tmp_path: Path) -> None:
    class Silent:
        def engine(self, settings: object) -> Silent:
            return self

        def transcribe(self, *_: object, **__: object) -> None:
            """Forgets to return anything."""

    class Late(Silent):
        def transcribe(self, *_: object, **__: object) -> None:
            segment(0, "late")

    track = AudioTrack(
        stream_index=0,
        chosen_because="it is the only one",
        language=None,
        copied=True,
        duration_seconds=10.0,
        offset_seconds=0.0,
        bit_rate=None,
        sample_rate=16000,
        channels=1,
        size_bytes=1,
    )
    manifest = Manifest(
        asset="m4a_audio",
        key="box:a.mp4",
        fingerprint="",
        version="",
        value=track.model_dump(mode="json"),
        files=(StoredFile(name="audio.m4a", path="m4a_audio/a/audio.m4a", size_bytes=1, sha256=""),),
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime.now(UTC),
        made_in_seconds=0.0,
        made_by_run="",
    )
    stored = Stored(manifest, AudioTrack, lambda _: tmp_path / "audio.m4a")
    with pytest.raises(FaultOfCode, match="the engine faster-whisper returned None, and no Transcript"):
        transcript_by(Silent(), stored, tmp_path)
    with pytest.raises(BadResult) as caught:
        transcript_by(Late(), stored, tmp_path)
    assert caught.value.reason == (
        "the engine faster-whisper returned nonsense: a TranscriptSegment that is none (end_seconds: Input should be a "
        "valid number, unable to parse string as a number)"
    )
