"""The transcript of a recording that has subtitles already: no engine hears it, and none is paid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.hearing.assembling import UNDETERMINED
from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.subtitles.aligning import segments_of, with_speakers
from media_assets.artifacts.transcript.subtitles.belonging import ForeignSubtitles, end_of
from media_assets.artifacts.transcript.subtitles.existing import ExistingSubtitles
from media_assets.artifacts.transcript.subtitles.reading import (
    SpokenCue,
    TooLargeSubtitles,
    UnreadableSubtitles,
    read_subtitles,
)
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import BadMedia, SourceChanged, TimeLimitExceeded, Transient
from media_assets.base.words import word_count
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.untrusted import uploaded
from media_assets.pipeline.artifact import Stored
from media_assets.places.source import MOST_SIDECAR_BYTES, Sidecar
from media_assets.work.work import Work

ENGINE = "subtitles"
"""What a transcript that was taken over says for its engine; its `model` is where it comes from."""
_FORMATS = {"webvtt": (".vtt", "webvtt"), "ass": (".ass", "ass"), "ssa": (".ass", "ass")}
_ASIDE = re.compile(r"[\[(][^\])]{0,500}[\])]|[♪♫#*][^♪♫#*]*[♪♫#*]|[♪♫]+")
"""What is heard and not said: `[door slams]`, `(laughs)`, `♪ music ♪`."""
_SIGNS_WORDS_PER_MINUTE = 5.0
_SIGNS_SECONDS = 300.0
"""A track with fewer words than that in a recording of that length or longer has the signs of a film, no speech."""


def taken_from(
    candidates: Sequence[ExistingSubtitles],
    drive_file: Stored[SourceFile] | None,
    track: AudioTrack,
    ffmpeg: FFmpeg,
    work: Work,
) -> tuple[Transcript | None, tuple[str, ...]]:
    """The transcript by the first subtitles that say what is said, and why others before them were passed over."""
    passed = []
    end_seconds = end_of(track, drive_file.value.media if drive_file else None)
    for candidate in candidates:
        try:
            cues = _spoken(_read(candidate, drive_file, end_seconds, ffmpeg, work))
        except UnreadableSubtitles as error:
            passed.append(f"{candidate.origin} cannot be read: {error}")
            continue
        except ForeignSubtitles as error:
            passed.append(f"{candidate.origin} cannot be of this recording: {error}")
            continue
        words = sum(word_count(cue.text) for cue in cues)
        minutes = track.duration_seconds / 60
        few = candidate.stream is not None and words < _SIGNS_WORDS_PER_MINUTE * minutes
        if not cues or (few and track.duration_seconds >= _SIGNS_SECONDS):
            passed.append(f"{candidate.origin} has {words} words, too few for what is said")
            continue
        return _transcript(cues, candidate, track, end_seconds), tuple(passed)
    return None, tuple(passed)


def _read(
    candidate: ExistingSubtitles,
    drive_file: Stored[SourceFile] | None,
    end_seconds: float,
    ffmpeg: FFmpeg,
    work: Work,
) -> list[SpokenCue]:
    if candidate.sidecar:
        return _read_sidecar(candidate.sidecar, candidate.spoken, end_seconds, work)
    assert candidate.stream is not None and drive_file is not None and drive_file.value.media is not None
    ending, name = _FORMATS.get(candidate.stream.codec, (".srt", "srt"))
    made = work.directory / f"track{ending}"
    source = uploaded(drive_file.local_path(), drive_file.value.media.container)
    try:
        ffmpeg.run(source[str(candidate.stream.index)].output(str(made), format=name, fs=MOST_SIDECAR_BYTES), work)
        if made.stat().st_size >= MOST_SIDECAR_BYTES:
            raise TooLargeSubtitles
        return read_subtitles(made, candidate.spoken, end_seconds)
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        raise UnreadableSubtitles(error.reason) from error
    finally:
        made.unlink(missing_ok=True)


def _read_sidecar(sidecar: Sidecar, language: str | None, end_seconds: float, work: Work) -> list[SpokenCue]:
    """What lies beside the recording.

    Raises:
        UnreadableSubtitles: it may not be read, or is no such file.
        ForeignSubtitles: it cannot be of this recording.
        Transient: it is no longer what it was when it was told of: what lies there now is told to the next attempt.
    """
    if sidecar.too_large:
        raise TooLargeSubtitles
    copy = work.directory / f"sidecar{PurePosixPath(sidecar.name).suffix.lower()}"
    try:
        sidecar.fetch(copy, work.check_cancelled)
        return read_subtitles(copy, language, end_seconds)
    except SourceChanged as error:
        raise Transient(
            f"its subtitles {sidecar.shown_name} changed or vanished before they were read",
            next_step="Process it again",
        ) from error
    except BadMedia as error:
        raise UnreadableSubtitles(error.reason) from error
    finally:
        copy.unlink(missing_ok=True)
        copy.with_name(f"{copy.name}.partial").unlink(missing_ok=True)


def _spoken(cues: Sequence[SpokenCue]) -> list[SpokenCue]:
    """Cues in which something is said."""
    return [cue for cue in cues if word_count(_ASIDE.sub(" ", cue.text))]


def _transcript(
    cues: Sequence[SpokenCue], candidate: ExistingSubtitles, track: AudioTrack, end_seconds: float
) -> Transcript:
    language = candidate.language or track.language
    empty = Transcript(
        language=_short(language) if language else UNDETERMINED,
        duration_seconds=track.duration_seconds,
        engine=ENGINE,
        model=candidate.origin,
        note=f"Taken over from subtitles: {candidate.origin}",
    )
    said = with_speakers(segments_of(cues, empty), empty)
    offset = track.offset_seconds
    moved = (
        segment.model_copy(
            update={"start_seconds": segment.start_seconds - offset, "end_seconds": segment.end_seconds - offset}
        )
        for segment in said.segments
    )
    placed = place(moved, offset_seconds=offset, duration_seconds=end_seconds - offset)
    return said.model_copy(update={"segments": placed})


def _short(code: str) -> str:
    """The code as engines write it: `en` for `eng` and `en-US`."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        return langcodes.standardize_tag(code.replace("_", "-")).split("-")[0]
    except LanguageTagError:
        return UNDETERMINED
