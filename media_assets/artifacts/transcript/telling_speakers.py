"""Who says what an engine heard, or what subtitles say: by the voices, unless that is known already."""

from __future__ import annotations

from dataclasses import dataclass

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.heard_before import voices_before
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.voices.assigning import assign, with_names
from media_assets.artifacts.transcript.voices.diarizer import Diarizer
from media_assets.artifacts.transcript.voices.naming import named
from media_assets.artifacts.transcript.voices.value import Diarization
from media_assets.artifacts.transcript.voices.weights import WeightsNotInstalled
from media_assets.pipeline.artifact import Earlier, Stored
from media_assets.work.work import Work


@dataclass(frozen=True)
class SpokenTranscript:
    """A transcript that says who speaks, and the voices by the same names."""

    transcript: Transcript
    diarization: Diarization


def why_not_told(diarizer: Diarizer) -> str | None:
    """See that speakers can be told, before anything is paid for; what to say of it where that needs a package more.

    Raises:
        Fatal: what tells voices apart, or people.yaml, is damaged.
    """
    if not diarizer.settings.enabled:
        return None
    try:
        diarizer.require()
    except WeightsNotInstalled as error:
        return f"Who speaks is not told: {error.reason}"
    return None


def with_speakers_told(
    heard: Transcript, earlier: Earlier[Transcript], m4a_audio: Stored[AudioTrack], diarizer: Diarizer, work: Work
) -> SpokenTranscript | None:
    """Who says what was heard; None where that is not wanted, nothing was said, or subtitles have said it."""
    if not diarizer.settings.enabled or heard.speakers or not heard.segments:
        return None
    track = m4a_audio.value
    found = voices_before(earlier, m4a_audio.manifest, diarizer.settings) or diarizer.diarization(
        m4a_audio.local_path("audio.m4a"),
        work,
        duration_seconds=track.duration_seconds,
        offset_seconds=track.offset_seconds,
    )
    said = assign(heard, found)
    names = named(said.voices, diarizer.people(), diarizer.settings.name_threshold)
    return SpokenTranscript(with_names(said.transcript, names), found.called(said.names))
