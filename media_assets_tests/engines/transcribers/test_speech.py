"""How well the default engine hears the talks in samples/library, whose text is known."""

from __future__ import annotations

import json
import re
from pathlib import Path

import av
import jiwer
import pytest

from media_assets.engines.captions import to_srt, to_vtt
from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers import Transcriber, build_transcriber
from media_assets.engines.transcribers.readable import MAX_CHARACTERS, MAX_SECONDS
from media_assets.engines.work import Work
from media_assets.settings_whisper import FasterWhisperTranscription

SAMPLES = Path(__file__).parents[3] / "samples"
TEXTS: dict[str, str] = json.loads((SAMPLES / "spoken.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return build_transcriber(FasterWhisperTranscription(), FFmpeg())


def spoken_words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


@pytest.mark.thorough
@pytest.mark.parametrize("name", list(TEXTS)[:1])
def test_plain_speech_is_understood_and_fit_for_captions(transcriber, name, tmp_path):
    audio = SAMPLES / "library" / name
    with av.open(str(audio)) as container:
        duration_seconds = (container.duration or 0) / av.time_base
    transcript = transcriber.transcribe(audio, duration_seconds=duration_seconds, offset_seconds=0, work=Work(tmp_path))
    assert jiwer.wer(spoken_words(TEXTS[name]), spoken_words(transcript.text)) < 0.15
    assert len(transcript.segments) >= 5, "the pauses between the sentences part them"
    for segment in transcript.segments:
        assert segment.end_seconds - segment.start_seconds <= MAX_SECONDS
        assert len(segment.text) <= MAX_CHARACTERS
        assert segment.confidence > 0.3
    assert to_srt(transcript).count("-->") == to_vtt(transcript).count("-->") == len(transcript.segments)
