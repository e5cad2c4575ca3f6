"""m4a_audio: the sound of a recording as M4A that starts playing at once."""

from __future__ import annotations

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.extract import extract_m4a
from media_assets.artifacts.m4a_audio.quality import AUDIO_QUALITY
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.silent_tracks import choose_heard
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.programmes import TRANSPORT_STREAM, Programme, one_of, read_programmes
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.work.work import Work


def describe(stored: Stored[AudioTrack]) -> Metadata:
    track = stored.value
    said = {"chapters": track.chapters_said, "programmes": track.programmes_said}
    return {
        **{name: what for name, what in said.items() if what},
        "duration_seconds": track.duration_seconds,
        "copied": track.copied,
        "bit_rate": track.bit_rate or 0,
        "channels": track.channels,
        "language": track.language or "unknown",
        "track": f"stream {track.stream_index}: {track.chosen_because}",
    }


@file_asset(
    group="audio",
    kinds={"ffmpeg"},
    code_version="1",
    pool="ffmpeg",
    tuning=AssetTuning(batch=50, workers=2, time_limit_seconds=120, time_limit_per_media_second=1.0),
    result_settings=lambda settings: settings.audio,
    describe=describe,
    quality=AUDIO_QUALITY,
    reads_source=True,
)
def m4a_audio(
    drive_file: Stored[SourceFile], ffmpeg: FFmpeg, settings: AudioSettings, work: Work
) -> Artifact[AudioTrack]:
    """The sound of a recording as AAC in M4A, with its index in front so that it streams.

    A track that is AAC already is copied bit for bit, any other is encoded. Of several tracks the configured language
    is chosen, else the default one, else the first; where that is silent, the first that is not. Of several programmes
    (channels of a broadcast) that with the largest picture is heard, and it is said. Tags, chapters and creation time
    are kept.
    """
    file = drive_file.value
    if file.media is None or file.kind not in (MediaKind.VIDEO, MediaKind.AUDIO):
        raise NotApplicable(f"is no recording but {file.mime_type}")
    programmes: tuple[Programme, ...] = ()
    if file.media.container == TRANSPORT_STREAM and file.media.audio_streams:
        programmes = read_programmes(drive_file.local_path(), file.media, work)
    stream, reason = choose_heard(drive_file.local_path(), file.media, settings.languages, programmes, work)
    work.require_space(_expected_bytes(file, settings))
    audio = work.directory / "audio.m4a"
    extracted = extract_m4a(ffmpeg, drive_file.local_path(), file.media, stream, reason, audio, settings, work)
    track = extracted.track.model_copy(update={"programmes_said": one_of(programmes, stream)})
    return Artifact(
        track,
        files={"audio.m4a": audio},
        media_seconds=track.duration_seconds,
        figures=extracted.loudness.figures,
    )


def _expected_bytes(file: SourceFile, settings: AudioSettings) -> int:
    """The most bytes that are written: twice those of the track, copied or encoded, to move the index to the front."""
    assert file.media is not None
    seconds = file.media.duration_seconds or 0.0
    bit_rates = [stream.bit_rate or 0 for stream in file.media.audio_streams]
    return min(2 * file.size_bytes, int(2 * seconds * max(settings.bit_rate_kbps * 1000, *bit_rates) / 8))
