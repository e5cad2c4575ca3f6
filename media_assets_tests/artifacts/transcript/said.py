"""Transcripts for tests, and what people read of them."""

from __future__ import annotations

from media_assets.artifacts.transcript.text import paragraphs
from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment


def plain(made: Transcript) -> str:
    """The paragraphs without times and names."""
    return "\n\n".join(paragraph.text for paragraph in paragraphs(made))


def spoken(
    *said: tuple[float, float, str, str], names: dict[str, str] | None = None, language: str = "en"
) -> Transcript:
    """Who says what, and from when to when: start, end, the id of the speaker (empty where it is not known), text."""
    ids = list(dict.fromkeys(speaker for _, _, speaker, _ in said if speaker))
    return Transcript(
        language=language,
        duration_seconds=max((end for _, end, _, _ in said), default=10.0),
        engine="none",
        model="none",
        segments=tuple(
            TranscriptSegment(start_seconds=start, end_seconds=end, text=text, confidence=1, speaker=speaker or None)
            for start, end, speaker, text in said
        ),
        speakers=tuple(Speaker(id=each, name=(names or {}).get(each), seconds=1.0) for each in ids),
    )
