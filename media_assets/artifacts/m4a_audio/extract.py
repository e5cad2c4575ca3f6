"""From a recording to its sound as M4A: which track, copied or encoded, and proof that it is whole."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg as ffmpeg_python

from media_assets.artifacts.m4a_audio.chapters import chapter_titles, chapters_said, listed_chapters
from media_assets.artifacts.m4a_audio.edited import edited
from media_assets.artifacts.m4a_audio.encoding import is_piled_up, plan_encoding
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import BadMedia, NotApplicable, TimeLimitExceeded
from media_assets.base.languages import same_language
from media_assets.media.clock_jumps import falls, falls_said
from media_assets.media.completeness import check_complete, is_empty_track, lost_no_sound
from media_assets.media.ffmpeg import ALL_MUST_DECODE, FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.joined import reads_on
from media_assets.media.leaps import CLOSED, leaps
from media_assets.media.loudness import Loudness, decoded_loudness
from media_assets.media.matroska_chapters import unread_chapters
from media_assets.media.own_ends import own_end
from media_assets.media.probe import MOST_CHAPTERS, probe
from media_assets.media.programmes import Programme, programme_of_picture
from media_assets.media.untrusted import ISO, file_url, our_own, uploaded
from media_assets.work.portions import portions
from media_assets.work.work import Work

logger = logging.getLogger("media_assets")

_UNKNOWN = Loudness()
_ONE_AFTER_THE_OTHER = "asetpts=N/SR/TB"
"""The filter that gives each sample the time at which it comes."""
_LISTED_CHAPTERS = {"mp3", "flac", "ogg"}
_STARTED_BY_FFMPEG = {"mpegts", "mpeg"}
"""Containers for which ffmpeg itself starts the clock with the chosen stream (those it marks as discontinuous)."""


def choose_audio(
    media: MediaInfo, languages: Sequence[str], programmes: tuple[Programme, ...] = ()
) -> tuple[Stream, str]:
    """The audio track to take, and why, as a short phrase.

    A track of which nothing is known (broadcasts announce some that they never send) is taken only when all are such.

    Args:
        languages: Wanted languages, best first, as ISO 639-1 or -2 codes.
        programmes: Of a capture that holds several; the sound is that of one of them.

    Raises:
        NotApplicable: there is none.
    """
    if not media.audio_streams:
        raise NotApplicable("has no audio stream")
    streams = [stream for stream in media.audio_streams if stream.sample_rate] or list(media.audio_streams)
    with_sound = tuple(one for one in programmes if {stream.index for stream in streams} & {*one.streams})
    if with_sound:
        own = programme_of_picture(with_sound, media)
        streams = [stream for stream in streams if stream.index in own.streams]
    if len(streams) == 1:
        return streams[0], "the only audio track"
    defaults_first = sorted(streams, key=lambda stream: not stream.default)
    for wanted in languages:
        for stream in defaults_first:
            if stream.language is not None and same_language(stream.language, wanted):
                return stream, f"its language is {stream.language}, wanted as {wanted}"
    if defaults_first[0].default:
        return defaults_first[0], "the default track"
    return streams[0], "the first track"


@dataclass(frozen=True)
class Extracted:
    """What was written."""

    track: AudioTrack
    loudness: Loudness
    """How loud it is, as far as that could be measured."""


def extract_m4a(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    stream: Stream,
    reason: str,
    destination: Path,
    settings: AudioSettings,
    work: Work,
) -> Extracted:
    """Write one audio stream as AAC in M4A, with the index in front, tags, chapters and creation time.

    AAC is copied bit for bit; when the copy cannot be decoded (broadcasts change their channels in mid-stream), and
    for any other codec, the stream is encoded. The result begins at the first sound of the stream, and nothing counts
    before the whole of it has been decoded and its length compared with what the source says.

    Args:
        destination: The file to write; it is of no use when an error was raised.
        settings: Bit rate and channels of what has to be encoded.

    Raises:
        BadMedia: the source is cut off, damaged or cannot be decoded.
        NotApplicable: the stream holds no sound at all.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    beyond = reads_on(source, media.container)
    mended = _mend(source, media, stream, work)
    taken = _take(ffmpeg, source, media, stream, destination, settings, work, mended)
    failure = taken.failure
    written = _written(destination, work)
    result = written.audio_streams[0] if written and written.audio_streams else None
    seconds = result.duration_seconds or 0.0 if result else 0.0
    work.require_length(offset_seconds(media, stream) + seconds)
    if not seconds and is_empty_track(source, media, stream, work):
        raise NotApplicable("has an audio track without any sound in it: its sound track is empty")
    if failure is not None and not seconds:
        raise failure
    jumps = check_complete(source, media, stream, seconds, taken.errors, work)
    if failure is not None and not lost_no_sound(source, media, stream, work):
        raise failure
    if result is None or not seconds:
        raise NotApplicable("has an audio track without any sound in it")
    assert result.sample_rate is not None and result.channels is not None
    unread = unread_chapters(source, media, work)
    work.report(1.0)
    track = AudioTrack(
        stream_index=stream.index,
        chosen_because="; ".join(filter(None, [reason, taken.mixed, beyond, jumps, *mended.said])),
        language=stream.language,
        copied=taken.copied,
        duration_seconds=seconds,
        offset_seconds=offset_seconds(media, stream),
        bit_rate=result.bit_rate,
        sample_rate=result.sample_rate,
        channels=result.channels,
        size_bytes=destination.stat().st_size,
        chapters_said=chapters_said(
            media.chapters, written.chapters if written else (), _shift_seconds(media, stream), unread
        ),
    )
    return Extracted(track, taken.loudness)


@dataclass(frozen=True)
class _Mended:
    """What has to be done about the times of a stream."""

    filter: str | None
    """The first of all filters; None where the times of ffmpeg serve."""
    is_copied: bool
    """Whether a copy plays the same."""
    said: tuple[str | None, ...]


def _mend(source: Path, media: MediaInfo, stream: Stream, work: Work) -> _Mended:
    """Look for times that tell nothing, leap, or are put together by an edit list."""
    fell = falls(source, media, stream, work)
    if fell:
        return _Mended(_ONE_AFTER_THE_OTHER, False, (falls_said(fell),))
    parts = edited(source, media, stream)
    if not parts.is_copied:
        return _Mended(parts.filter, False, (parts.said,))
    leapt = leaps(source, media, stream, work)
    return _Mended(CLOSED if leapt.closed else None, not leapt.closed, (leapt.said, parts.said))


@dataclass(frozen=True)
class _Taken:
    """How a stream was taken."""

    copied: bool
    loudness: Loudness = _UNKNOWN
    errors: tuple[str, ...] = ()
    """What ffmpeg met on the way without failing."""
    failure: BadMedia | None = None
    """No exception yet: what was written up to there may show a plainer reason, that the source was cut off."""
    mixed: str | None = None
    """How its channels were mixed and made quieter, where that has to be said."""


def _take(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    stream: Stream,
    destination: Path,
    settings: AudioSettings,
    work: Work,
    mended: _Mended,
) -> _Taken:
    """Copy or else encode."""
    if stream.codec == "aac" and mended.is_copied:
        try:
            errors, loudness = _copy(ffmpeg, source, media, stream, destination, work)
            return _Taken(copied=True, errors=errors, loudness=loudness)
        except TimeLimitExceeded:
            raise
        except BadMedia:
            work.check()
    encoding, measuring = portions(work, [0.9, 0.1])
    try:
        errors, mixed = _encode(ffmpeg, source, media, stream, destination, settings, encoding, mended.filter)
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        return _Taken(copied=False, failure=error)
    return _Taken(copied=False, errors=errors, mixed=mixed, loudness=_loudness(ffmpeg, destination, measuring))


def offset_seconds(media: MediaInfo, stream: Stream) -> float:
    """How much later than its container a stream starts."""
    return 0.0 if stream.start_seconds is None else max(0.0, stream.start_seconds - media.start_seconds)


def _copy(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, destination: Path, work: Work
) -> tuple[tuple[str, ...], Loudness]:
    duration = stream.duration_seconds or media.duration_seconds
    copying, checking = portions(work, [0.5, 0.5])
    errors = ffmpeg.run(
        _output(source, media, stream, destination, {"acodec": "copy"}), copying, duration_seconds=duration
    )
    loudness = _loudness(ffmpeg, destination, checking)
    if loudness == _UNKNOWN:
        copy = uploaded(destination, ISO)["a:0"]
        ffmpeg.run(copy.output("-", format="null", **ALL_MUST_DECODE), checking, duration_seconds=duration)
    return errors, loudness


def _loudness(ffmpeg: FFmpeg, result: Path, work: Work) -> Loudness:
    """How loud the result is; unknown where it cannot be measured, which says nothing of whether it is whole."""
    try:
        return decoded_loudness(ffmpeg, result, ISO, work)
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        logger.info("how loud %s is could not be measured: %s", result.name, error.reason)
        return _UNKNOWN


def _encode(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    stream: Stream,
    destination: Path,
    settings: AudioSettings,
    work: Work,
    mending: str | None,
) -> tuple[tuple[str, ...], str | None]:
    """What ffmpeg met on the way, and how the channels were changed where that has to be said."""
    plan, work = plan_encoding(ffmpeg, source, media, stream, settings, work, mending)
    # One wild time stamp is filled up with silence.
    most = {} if work.max_media_seconds is None else {"t": work.max_media_seconds + 1}
    first, again = portions(work, [0.9, 0.1])
    seconds = stream.duration_seconds or media.duration_seconds
    output = _output(source, media, stream, destination, {**plan.options, **most})
    errors = ffmpeg.run(output, first, duration_seconds=seconds)
    if not is_piled_up(destination):
        return errors, plan.all_said
    changing = plan.for_changes.measured(ffmpeg, source, media, stream, again)
    output = _output(source, media, stream, destination, {**changing.options, **most})
    errors = ffmpeg.run(output, again, duration_seconds=seconds)
    return errors, (plan if is_piled_up(destination) else changing).all_said


def _output(source: Path, media: MediaInfo, stream: Stream, destination: Path, options: dict[str, Any]) -> Any:
    """The command: one stream, moved to time 0 together with the chapters.

    Without `use_metadata_tags`: with it ffmpeg writes QuickTime keys in place of the tags that players read. Metadata
    is mapped explicitly, because ffmpeg drops the creation time when it copies metadata by itself.
    """
    late = _late_seconds(media, stream)
    # Ogg keeps the tags of the whole with the stream.
    tags = f"0:s:{stream.index}" if media.container == "ogg" else "0"
    options_in = {"itsoffset": f"{-late:.6f}", **own_end(media, stream)}
    inputs = [uploaded(source, media.container, **options_in)[str(stream.index)]]
    if _lists_chapters(media):
        listed = destination.with_name("chapters.txt")
        listed.write_text(listed_chapters(media.chapters), "utf-8")
        inputs.append(our_own(listed, "ffmetadata")["s?"])  # it has no stream to take
    return ffmpeg_python.output(
        *inputs,
        file_url(destination),
        format="ipod",
        movflags="+faststart",
        map_metadata=tags,
        map_chapters=len(inputs) - 1,
        **chapter_titles(media.chapters, _shift_seconds(media, stream)),
        **options,
    )


def _lists_chapters(media: MediaInfo) -> bool:
    """Whether ffmpeg is given the chapters as the probe found them: those of an mp3 count from the first sound, as a
    player begins, and it puts them before the delay of the encoder; of FLAC and Ogg it loses titles."""
    return media.container in _LISTED_CHAPTERS and 0 < len(media.chapters) < MOST_CHAPTERS


def _late_seconds(media: MediaInfo, stream: Stream) -> float:
    """How much earlier ffmpeg is told to put what it reads, so that the sound begins at 0."""
    return 0.0 if media.container in _STARTED_BY_FFMPEG else offset_seconds(media, stream)


def _shift_seconds(media: MediaInfo, stream: Stream) -> float:
    """What is taken off the times of chapters."""
    return 0.0 if _lists_chapters(media) else media.start_seconds + _late_seconds(media, stream)


def _written(destination: Path, work: Work) -> MediaInfo | None:
    """What the result is; None when nothing was written."""
    if not destination.exists():
        return None
    try:
        return probe(destination, work, as_stated=True).media
    except TimeLimitExceeded:
        raise
    except BadMedia:
        return None
