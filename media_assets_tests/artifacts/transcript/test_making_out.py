from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.asset import describe
from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.engines.faster_whisper.model import not_made_out
from media_assets.artifacts.transcript.hearing.making_out import is_made_out
from media_assets.artifacts.transcript.hearing.windows import Heard
from media_assets.artifacts.transcript.text import to_text
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.pipeline.artifact import Stored
from media_assets.pipeline.recording import Recording
from media_assets.places.manifest import Manifest


def heard(*segments: tuple[float, float], speech_seconds: float, dropped_seconds: float = 0.0) -> Heard:
    """Segments by their length and confidence."""
    said = [
        TranscriptSegment(start_seconds=0, end_seconds=seconds, text="said", confidence=confidence)
        for seconds, confidence in segments
    ]
    return Heard(segments=tuple(said), speech_seconds=speech_seconds, dropped_seconds=dropped_seconds)


def test_nobody_is_told_to_keep_what_there_is_not() -> None:
    assert "keeps what was made out" in not_made_out("tiny.en", is_anything_left=True)
    assert "keeps what was made out" not in not_made_out("tiny.en", is_anything_left=False)


@pytest.mark.parametrize(
    "windows",
    [
        [heard((10, 0.56), speech_seconds=11)],
        [heard(speech_seconds=11, dropped_seconds=2.3)],
        [heard(speech_seconds=4)],
        [heard((1, 0.95), speech_seconds=60, dropped_seconds=50)],
        [heard((1, 0.95), speech_seconds=60)],
        [heard((60, 0.5), speech_seconds=60), heard((20, 0.9), speech_seconds=20)],
    ],
    ids=["unsure", "dropped", "nothing", "one phrase passed the guards", "one phrase in a minute", "most of an hour"],
)
def test_speech_of_which_little_can_be_believed_is_not_made_out(windows: list[Heard]) -> None:
    assert not is_made_out(windows, 60)


@pytest.mark.parametrize(
    "windows",
    [
        [heard((10, 0.85), speech_seconds=11)],
        [heard((10, 0.76), speech_seconds=11)],
        [heard((0.4, 0.9), (0.4, 0.9), (0.4, 0.9), speech_seconds=3.6)],
        [heard((60, 0.95), speech_seconds=70, dropped_seconds=10)],
        [heard(speech_seconds=0)],
        [heard((1, 0.4), speech_seconds=2)],
        [heard(speech_seconds=0.8, dropped_seconds=0.3)] * 60,
        [Heard()],
    ],
    ids=["sure", "noisy", "single words", "some dropped", "silence", "a call", "an hour of music", "an older journal"],
)
def test_what_is_sure_or_hardly_speech_gets_no_note(windows: list[Heard]) -> None:
    assert is_made_out(windows, 60.0 * len(windows))


def stored(value: Transcript | dict[str, Any]) -> Stored[Transcript]:
    dumped = value.model_dump(mode="json") if isinstance(value, Transcript) else value
    manifest = Manifest(
        asset="transcript",
        key="talks/a.mp4",
        fingerprint="f",
        version="v",
        value=dumped,
        inputs={},
        code_version="1",
        settings={"engine": dumped["engine"]},
        made_at=datetime(2025, 3, 17, tzinfo=UTC),
        made_in_seconds=1.0,
        made_by_run="r",
    )
    read_again = Manifest.model_validate_json(manifest.model_dump_json())
    return Stored(read_again, Transcript, fetch=lambda _: Path())


NOTED = Transcript(
    language="und",
    duration_seconds=9,
    engine="faster-whisper",
    model="tiny.en",
    note=not_made_out("tiny.en", is_anything_left=True),
)
OF_SILENCE = NOTED.model_copy(update={"note": None})


def test_the_note_is_read_in_the_text_and_in_dagster_and_is_no_caption() -> None:
    for said in (to_text(NOTED, Recording("box:talk.mp4")), str(describe(stored(NOTED))["note"])):
        assert "the model tiny.en, which knows English only, could not make out" in said
        assert "`transcription.model: small` (484 MB, fetched once)" in said
    assert "(no speech)" not in str(describe(stored(NOTED))["text"])
    assert (to_srt(NOTED), to_vtt(NOTED)) == ("", "WEBVTT\n")


def test_without_a_note_everything_is_as_before_there_were_notes() -> None:
    assert "note" not in OF_SILENCE.model_dump() | OF_SILENCE.model_dump(mode="json")
    assert "note" not in OF_SILENCE.model_dump_json()
    assert describe(stored(OF_SILENCE))["text"] == "(no speech)"
    assert "note" not in describe(stored(OF_SILENCE))
    for transcript in (NOTED, OF_SILENCE):
        assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


def test_what_an_engine_of_earlier_versions_heard_is_read_and_shown() -> None:
    of_pocketsphinx = {
        "language": "en",
        "duration_seconds": 4.5,
        "engine": "pocketsphinx",
        "model": "en-us",
        "segments": [
            {
                "start_seconds": 0.5,
                "end_seconds": 2.0,
                "text": "a rule",
                "confidence": 0.7,
                "words": [{"text": "rule", "start_seconds": 0.6, "end_seconds": 2.0, "confidence": 0.7}],
            }
        ],
        "dropped": {},
        "cost_usd": 0.0,
    }
    shown = describe(stored(of_pocketsphinx))
    assert (shown["text"], shown["engine"], "note" in shown) == ("[00:00] a rule", "pocketsphinx en-us", False)
    assert stored(of_pocketsphinx).value.model_dump(mode="json") == of_pocketsphinx
