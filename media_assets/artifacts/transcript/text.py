"""A transcript as text that people read: what was recorded and when, who speaks, and paragraphs with their times.

Times stand in brackets as players show them, `[mm:ss]`, and `[h:mm:ss]` from an hour on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from media_assets.artifacts.transcript.lines import clean, named
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.languages import language_name
from media_assets.base.wording import clock, describe_moment
from media_assets.base.writing import CLOSING_MARKS, SENTENCE_MARKS, blank_between, cut_short, one_direction
from media_assets.pipeline.recording import Recording

_PAUSE_SECONDS = 2.0
_LONG_CHARACTERS = 600
"""A paragraph that has grown so long ends at the next short pause."""
_SHORT_PAUSE_SECONDS = 0.5
"""A pause of this length is a short one."""
_LONGEST_CHARACTERS = 1200
"""A paragraph that has grown so long ends with the sentence: some engines know no pauses."""
_NAME_COLUMNS = 120
"""More of a name is no help to anybody."""


@dataclass(frozen=True)
class Paragraph:
    """What one person says without a pause."""

    start_seconds: float
    speaker: str
    """The name that is shown; empty where none is."""
    text: str

    def __str__(self) -> str:
        return f"[{clock(self.start_seconds)}] {named(self.speaker, self.text)}"


def paragraphs(transcript: Transcript) -> Iterator[Paragraph]:
    """All that is said, parted where another begins to speak, and where the speaker pauses."""
    names = {speaker: _shown(label) for speaker, label in transcript.labels.items()}
    so_far: Paragraph | None = None
    end_seconds = 0.0
    for segment in transcript.segments:
        text = clean(segment.text)
        if not text:
            continue
        speaker = names.get(segment.speaker or "", "")
        if so_far and (speaker != so_far.speaker or _ends(so_far.text, segment.start_seconds - end_seconds)):
            yield so_far
            so_far = None
        if so_far:
            so_far = Paragraph(so_far.start_seconds, speaker, so_far.text + blank_between(so_far.text, text) + text)
        else:
            so_far = Paragraph(segment.start_seconds, speaker, text)
        end_seconds = segment.end_seconds
    if so_far:
        yield so_far


def _ends(text: str, pause_seconds: float) -> bool:
    if pause_seconds >= (_SHORT_PAUSE_SECONDS if len(text) >= _LONG_CHARACTERS else _PAUSE_SECONDS):
        return True
    return len(text) >= _LONGEST_CHARACTERS and text.rstrip(CLOSING_MARKS).endswith(tuple(SENTENCE_MARKS))


def to_text(transcript: Transcript, recording: Recording) -> str:
    """The whole: what is known of the recording, and what is said in it."""
    blocks = [f"{_shown(recording.name)}\n{_about(transcript, recording)}"]
    if names := list(dict.fromkeys(map(_shown, transcript.labels.values()))):
        blocks[0] += f"\nSpeakers: {', '.join(names)}"
    if transcript.note:
        blocks.append(f"[{transcript.note}.]")
    said = [str(paragraph) for paragraph in paragraphs(transcript)]
    return "\n\n".join([*blocks, *(said or ([] if transcript.note else ["(no speech)"]))]) + "\n"


def _about(transcript: Transcript, recording: Recording) -> str:
    """When it was recorded, how long it is, and in which language; a date of the file alone is said to be that."""
    facts = []
    if recording.recorded_at:
        facts.append(f"Recorded {describe_moment(recording.recorded_at)}")
    elif recording.modified_at:
        facts.append(f"File of {recording.modified_at:%Y-%m-%d}")
    facts.append(f"{clock(transcript.duration_seconds)} long")
    if shares := transcript.language_shares:
        facts.append(f"languages: {shares}")
    elif transcript.language != "und":
        facts.append(language_name(transcript.language))
    return " · ".join(facts)


def _shown(name: str) -> str:
    return cut_short(clean(one_direction(name)), _NAME_COLUMNS)
