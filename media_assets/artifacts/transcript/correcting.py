"""Transcripts that a person corrected where they are stored: taken over, kept, and written over by no engine.

What was written stays byte for byte as `version-1.srt.txt`, `version-2.vtt.txt` and so on, which no player takes for
subtitles; the last of them is what the transcript says. What the engine heard stays beside it as `heard.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from media_assets.artifacts.transcript.captions import to_srt
from media_assets.artifacts.transcript.heard_before import TRANSCRIPT
from media_assets.artifacts.transcript.lines import clean_name
from media_assets.artifacts.transcript.subtitles.aligning import segments_of, with_speakers
from media_assets.artifacts.transcript.subtitles.naming import with_names_in_text
from media_assets.artifacts.transcript.subtitles.reading import (
    SpokenCue,
    UnreadableSubtitles,
    cues_of,
    decoded,
)
from media_assets.artifacts.transcript.value import Correction, Transcript, TranscriptSegment
from media_assets.artifacts.transcript.versions import all_versions, next_number, version_files
from media_assets.base.errors import BadArtifact, BadMedia
from media_assets.pipeline.artifact import Earlier, first_of
from media_assets.places.store import EditedFile

_TAKEN_OVER = (TRANSCRIPT, "transcript.vtt", "transcript.srt")
"""The forms whose corrections are taken over; of several that were changed at one moment the first."""
_KEPT = (*_TAKEN_OVER, "transcript.txt")
"""Text alone says nothing of times: what was written into it is kept, and not taken over."""
_SAME_RECORDING_SECONDS = 1.0
"""A correction holds for the same recording; encoded anew, it may be so much longer or shorter."""


@dataclass(frozen=True)
class Corrected:
    """A transcript with a person's work in it."""

    transcript: Transcript
    files: Mapping[str, Path]
    """All that people wrote, and the form that stays as it was written, by their names in the artifact."""


def corrected(earlier: Earlier[Transcript], heard: Transcript) -> Corrected | None:
    """The transcript as people corrected it; None where nobody ever did.

    Args:
        earlier: What is stored of the recording.
        heard: What an engine heard, with its speakers.

    Raises:
        BadMedia: what a person wrote cannot be read. Nothing is written over.
    """
    stored = earlier.stored
    if stored is None:
        return None
    names = _by_time(earlier.edited)
    before = _as_stored(earlier)
    if before is None or not (names or all_versions(stored, before.versions)):
        return None
    versions = all_versions(stored, before.versions)
    files = dict(version_files(stored, versions, before.correction))
    new = []
    for number, name in enumerate(names, start=next_number(versions)):
        edit, file = earlier.edited[name], f"version-{number}{Path(name).suffix}.txt"
        new.append(Correction(by=edit.by, at=edit.at, form=name, file=file, recording_seconds=heard.duration_seconds))
        files[file] = edit.path
    taken = [version for version in new if version.form in _TAKEN_OVER]
    if taken:
        transcript = _taken_over(taken[-1], files[taken[-1].file], heard, before)
    else:
        transcript = _kept(before, versions, files, heard)
    transcript = transcript.model_copy(update={"versions": (*versions, *new)})
    now = transcript.correction
    if now and now.form != TRANSCRIPT and now.file in files:
        files[now.form] = files[now.file]
    return Corrected(transcript, files)


def _kept(
    before: Transcript, versions: Sequence[Correction], files: Mapping[str, Path], heard: Transcript
) -> Transcript:
    """What holds where nothing was corrected since: the correction there was, for as long as it is that recording."""
    if before.correction and _is_of(before.duration_seconds, heard):
        return _with_names(before, heard)
    last = before.correction or next((one for one in reversed(versions) if one.form in _TAKEN_OVER), None)
    if last is None:
        return heard
    made_for = before.duration_seconds if before.correction else last.recording_seconds
    if made_for is None:
        return heard
    if not _is_of(made_for, heard):
        return heard.model_copy(update={"note": _of_another_recording(last, heard.note)})
    # The recording it was made for is back.
    was_set_aside = not _is_of(before.duration_seconds, heard)
    return _taken_over(last, files[last.file], heard, before) if was_set_aside and last.file in files else heard


def _by_time(edited: Mapping[str, EditedFile]) -> list[str]:
    """The names of the files that were changed, the last change at the end."""
    return sorted((name for name in _KEPT if name in edited), key=lambda name: (edited[name].at, -_KEPT.index(name)))


def _as_stored(earlier: Earlier[Transcript]) -> Transcript | None:
    """The transcript that is stored; None where it cannot be read, and no person's work is lost with it.

    Raises:
        BadMedia: a person made it unreadable.
        BadArtifact: it cannot be read, and a person's work is in it.
    """
    assert earlier.stored is not None
    if edit := earlier.edited.get(TRANSCRIPT):
        return _transcript_of(edit.path)
    try:
        return earlier.stored.value
    except (BadArtifact, FileNotFoundError):
        if earlier.stored.manifest.by_hand or earlier.edited:
            raise
        return None


def _taken_over(correction: Correction, path: Path, heard: Transcript, before: Transcript) -> Transcript:
    """What a person wrote, as a transcript; what the engine heard where it is that again.

    Args:
        before: What lay there when it was written, whose names it may use.
    """
    try:
        if correction.form == TRANSCRIPT:
            said = _from_json(_transcript_of(path), heard)
        else:
            text = decoded(path.read_bytes(), heard.language)
            cues = _cues(text, Path(correction.form).suffix, heard, before)
            said = with_speakers(segments_of(cues, heard), heard)
            if before.segments and not said.segments:
                raise _unreadable(correction.form, "no caption is left in it")
    except UnreadableSubtitles as error:
        raise _unreadable(correction.form, str(error)) from error
    if _shown(said) == _shown(heard) or (not said.speakers and _unnamed(said) == _unnamed(heard)):
        return heard
    return said.model_copy(update={"correction": correction})


def _cues(text: str, suffix: str, heard: Transcript, before: Transcript) -> list[SpokenCue]:
    """The cues that a person wrote, with those who speak by what they are called, however captions show it."""
    labels = [speaker.label for one in (heard, before) for speaker in one.speakers]
    called = {shown: label for label in labels for shown in (clean_name(label), _as_read(label))}
    cues = cues_of(text, suffix)
    if suffix == ".srt" and called:
        written = [cue for one in (heard, before) for cue in cues_of(to_srt(one), ".srt")]
        cues = with_names_in_text(cues, called, written)
    return [replace(cue, speaker=called.get(cue.speaker, cue.speaker)) if cue.speaker else cue for cue in cues]


def _as_read(label: str) -> str:
    """A name as it comes out of captions: what looks like their marks is left out."""
    (cue,) = cues_of(f"1\n00:00:00,000 --> 00:00:01,000\n{clean_name(label)}: said\n", ".srt")
    return cue.text.removesuffix(": said")


def _from_json(said: Transcript, heard: Transcript) -> Transcript:
    """A corrected transcript.json: where its text was changed, and not its words, these follow."""
    last = 0.0
    for number, segment in enumerate(said.segments, start=1):
        times = (segment.start_seconds, segment.end_seconds)
        if not all(map(math.isfinite, times)) or not last <= segment.start_seconds <= segment.end_seconds:
            raise _unreadable(TRANSCRIPT, f"the times of segment {number} are none, or not in order")
        last = segment.start_seconds
    segments = tuple(_with_its_words(segment, heard) for segment in said.segments if segment.text.strip())
    if heard.speakers and not said.speakers:
        named = with_speakers(segments, heard)
        return said.model_copy(update={"segments": named.segments, "speakers": named.speakers})
    return said.model_copy(update={"segments": segments})


def _with_its_words(segment: TranscriptSegment, heard: Transcript) -> TranscriptSegment:
    if "".join(word.text for word in segment.words).replace(" ", "") == segment.text.replace(" ", ""):
        return segment
    cue = SpokenCue(segment.start_seconds, segment.end_seconds, segment.text)
    (aligned,) = segments_of([cue], heard)
    words = tuple(word.model_copy(update={"speaker": segment.speaker}) for word in aligned.words)
    return segment.model_copy(update={"words": words})


def _transcript_of(path: Path) -> Transcript:
    try:
        return Transcript.model_validate_json(decoded(path.read_bytes()))
    except UnreadableSubtitles as error:
        raise _unreadable(TRANSCRIPT, str(error)) from error
    except ValidationError as error:
        raise _unreadable(TRANSCRIPT, first_of(error)) from error


def _unreadable(form: str, why: str) -> BadMedia:
    return BadMedia(
        f"its {form} was edited where it is stored, and cannot be read any more: {why}",
        next_step="Mend it there, or delete it to have it written again; until then nothing is written over",
    )


def _is_of(duration_seconds: float, heard: Transcript) -> bool:
    return abs(duration_seconds - heard.duration_seconds) <= _SAME_RECORDING_SECONDS


def _with_names(before: Transcript, heard: Transcript) -> Transcript:
    """Whose voices have been named since has that name, unless a person gave another."""
    named = {speaker.id: speaker for speaker in heard.speakers if speaker.name}
    speakers = [
        named[one.id].model_copy(update={"seconds": one.seconds}) if one.name is None and one.id in named else one
        for one in before.speakers
    ]
    return before.model_copy(update={"speakers": tuple(speakers)})


def _of_another_recording(correction: Correction, note: str | None) -> str:
    day = _day(correction.at.date())
    kept = f"The correction of {day} was made for another recording: it is kept as {correction.file}"
    return "; ".join(filter(None, [note, kept]))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _shown(transcript: Transcript) -> list[tuple[float, float, str, str | None]]:
    names = {speaker.id: speaker.label for speaker in transcript.speakers}
    return [(one.start_seconds, one.end_seconds, one.text, names.get(one.speaker or "")) for one in transcript.segments]


def _unnamed(transcript: Transcript) -> list[tuple[float, float, str]]:
    return [(start, end, text) for start, end, text, _ in _shown(transcript)]
