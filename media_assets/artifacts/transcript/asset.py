"""transcript: what is said in a recording, with times, as JSON, SRT, VTT and plain text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.checking import checked_transcript
from media_assets.artifacts.transcript.correcting import corrected
from media_assets.artifacts.transcript.coverage import speech_coverage
from media_assets.artifacts.transcript.heard_before import HEARD, TRANSCRIPT, VOICES, heard_before
from media_assets.artifacts.transcript.quality import TRANSCRIPT_QUALITY
from media_assets.artifacts.transcript.settings import TranscriptionSettings
from media_assets.artifacts.transcript.subtitles.aligning import within
from media_assets.artifacts.transcript.subtitles.belonging import end_of
from media_assets.artifacts.transcript.subtitles.existing import (
    ExistingSubtitles,
    candidates,
    sidecars_told,
    tracks_told,
)
from media_assets.artifacts.transcript.subtitles.taking import taken_from
from media_assets.artifacts.transcript.telling_speakers import why_not_told, with_speakers_told
from media_assets.artifacts.transcript.text import paragraphs, to_text
from media_assets.artifacts.transcript.transcriber import TakesVocabulary, Transcriber
from media_assets.artifacts.transcript.transcribers import Transcribers
from media_assets.artifacts.transcript.value import Correction, Transcript
from media_assets.artifacts.transcript.vocabulary import VOCABULARY, Vocabulary
from media_assets.artifacts.transcript.voices.diarizer import Diarizer
from media_assets.base.errors import Fatal
from media_assets.base.words import word_count
from media_assets.media.ffmpeg import FFmpeg
from media_assets.pipeline.artifact import Artifact, Earlier, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.places.sidecars import SUBTITLE_ENDINGS
from media_assets.places.source import Sidecars
from media_assets.work.engine_errors import named
from media_assets.work.work import Work

_FIRST_LINES = 12
_CODE_VERSION = "1"


def describe(stored: Stored[Transcript]) -> Metadata:
    transcript = stored.value
    lines = "\n\n".join(map(str, paragraphs(transcript))).splitlines()
    more = "\n…" if len(lines) > _FIRST_LINES else ""
    note = {"note": transcript.note} if transcript.note else {}
    nothing = "(speech that was not made out)" if transcript.note else "(no speech)"
    languages = {"languages": shares} if (shares := transcript.language_shares) else {}
    speakers = {"speakers": ", ".join(names)} if (names := transcript.labels.values()) else {}
    return {
        **note,
        **({"corrected": _told(transcript.correction)} if transcript.correction else {}),
        "text": "\n".join(lines[:_FIRST_LINES]) + more or nothing,
        "words": word_count(transcript.text),
        "segments": len(transcript.segments),
        "language": transcript.language,
        **languages,
        **speakers,
        "duration_seconds": transcript.duration_seconds,
        "engine": f"{transcript.engine} {transcript.model}",
        "dropped_segments": sum(transcript.dropped.values()),
    }


def _told(correction: Correction) -> str:
    by = f" by {correction.by}" if correction.by else ""
    return f"{correction.at:%Y-%m-%d %H:%M} UTC{by}, in {correction.form}"


@file_asset(
    group="text",
    kinds={"speechtotext"},
    code_version=_CODE_VERSION,
    pool="transcriber",
    tuning=AssetTuning(batch=20, workers=1, time_limit_seconds=300, time_limit_per_media_second=6.0),
    result_settings=lambda settings: settings.transcription,
    describe=describe,
    rules=lambda settings: settings.transcription_rules,
    collects={"vocabulary": VOCABULARY},
    texts=lambda said, recording: {"transcript.txt": to_text(said, recording)},
    languages=lambda said: dict.fromkeys(("transcript.srt", "transcript.vtt"), said.language),
    takes_edits=True,
    resource_settings=lambda settings: {"speakers": settings.speakers},
    consults={"drive_file": tracks_told, "sidecars": sidecars_told},
    sidecar_endings=SUBTITLE_ENDINGS,
    quality=TRANSCRIPT_QUALITY,
)
def transcript(
    m4a_audio: Stored[AudioTrack],
    drive_file: Stored[SourceFile] | None,
    sidecars: Sidecars,
    earlier: Earlier[Transcript],
    transcribers: Transcribers,
    diarizer: Diarizer,
    ffmpeg: FFmpeg,
    settings: TranscriptionSettings,
    vocabulary: Vocabulary,
    work: Work,
) -> Artifact[Transcript]:
    """What is said in a recording: segments with words and confidences, timed on the source's own timeline.

    A recording without speech has an empty transcript. Segments that the engine made up (loops, phrases on silence) are
    dropped and counted; so is all that a model for English alone heard in another language, which a note says.
    `transcription_rules` may choose another engine for some recordings, and `vocabulary` tells it words to expect.
    Subtitles in the language of the sound that the recording has already, beside it or inside it, are taken over, and
    no engine hears it. Who speaks is told by the voices, and what a person corrected stays.
    """
    track = m4a_audio.value
    note = why_not_told(diarizer)
    there: Sequence[ExistingSubtitles] = ()
    media = drive_file.value.media if drive_file else None
    if settings.prefer_existing:
        there = candidates(media.streams if media else (), sidecars, track, settings.spoken)
    taken, passed = taken_from(there, drive_file, track, ffmpeg, work)
    before = taken or heard_before(earlier, m4a_audio.manifest, settings, vocabulary, _CODE_VERSION)
    heard = before or _heard(m4a_audio, transcribers, settings, vocabulary, work)
    told = None if note else with_speakers_told(heard, earlier, m4a_audio, diarizer, work)
    spoken = told.transcript if told else heard
    spoken = spoken.model_copy(update={"note": "; ".join(filter(None, [*passed, spoken.note, note])) or None})
    by_hand = corrected(earlier, spoken)
    said = within(by_hand.transcript, end_of(track, media)) if by_hand else spoken
    end_seconds = track.offset_seconds + track.duration_seconds
    forms = {
        TRANSCRIPT: said.model_dump_json(indent=1),
        HEARD: heard.model_dump_json(),
        **({VOICES: told.diarization.model_dump_json()} if told else {}),
        "transcript.srt": to_srt(said, end_seconds),
        "transcript.vtt": to_vtt(said, end_seconds),
    }
    for name, text in forms.items():
        # Not even a transcript of silence is an empty file: among sources that would look like a broken recording.
        (work.directory / name).write_text(text or "\n", "utf-8", newline="\n")
    files = {name: work.directory / name for name in forms}
    for name, path in (by_hand.files if by_hand else {}).items():
        files[name] = Path(shutil.copyfile(path, work.directory / name))
    return Artifact(
        said,
        files,
        document=TRANSCRIPT,
        media_seconds=said.duration_seconds,
        cost_usd=0.0 if before else heard.cost_usd,
        figures=speech_coverage(said, told.diarization if told else None),
        by_hand=by_hand is not None,
    )


def _heard(
    m4a_audio: Stored[AudioTrack],
    transcribers: Transcribers,
    settings: TranscriptionSettings,
    vocabulary: Vocabulary,
    work: Work,
) -> Transcript:
    """What the engine hears."""
    track = m4a_audio.value
    work.link = lambda seconds: m4a_audio.signed_link("audio.m4a", seconds)
    engine = transcribers.engine(settings)
    audio = m4a_audio.local_path("audio.m4a")
    with named(engine, settings.engine, work.directory):
        returned = _asked(engine, settings.engine, audio, vocabulary, track, work)
    said = checked_transcript(
        returned,
        engine,
        settings.engine,
        duration_seconds=track.duration_seconds,
        offset_seconds=track.offset_seconds,
    )
    if track.programmes_said:
        note = "; ".join(filter(None, (said.note, track.programmes_said)))
        said = said.model_copy(update={"note": note})
    return said


def _asked(
    engine: Transcriber, name: str, audio: Path, vocabulary: Vocabulary, track: AudioTrack, work: Work
) -> Transcript:
    """What the engine returns, told the vocabulary where there is one.

    Raises:
        Fatal: it takes none.
    """
    duration_seconds, offset_seconds = track.duration_seconds, track.offset_seconds
    if not vocabulary.text:
        return engine.transcribe(audio, duration_seconds=duration_seconds, offset_seconds=offset_seconds, work=work)
    if not isinstance(engine, TakesVocabulary):
        raise Fatal(
            f"the engine {name} takes no vocabulary, and library.yaml has one for this recording",
            next_step="Let the entries of `vocabulary` be for other files, by `when`, or choose another engine for "
            f"these; or let {type(engine).__name__} have `transcribe_knowing`",
        )
    return engine.transcribe_knowing(
        audio, vocabulary, duration_seconds=duration_seconds, offset_seconds=offset_seconds, work=work
    )
