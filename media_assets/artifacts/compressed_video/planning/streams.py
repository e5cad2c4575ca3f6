"""Which streams go into the result, in which container, and which are lost.

Sound is copied, text subtitles become what the container holds, covers and fonts go along. mp4 is preferred, because
everything plays it; mov when its sound is PCM or QuickTime's own; mkv when one of these would lose something that it
keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from media_assets.artifacts.compressed_video.reading.data_tracks import sample_formats
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.untrusted import ISO, MATROSKA

Container = Literal["mp4", "mov", "mkv"]

_MP4_SOUND = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
_QUICKTIME_SOUND = {"adpcm_ima_qt", "mace3", "mace6", "pcm_s8"}
"""What mov holds and ffmpeg's writers of mp4 and mkv do not."""
_MP4_PICTURES = {"h264", "hevc", "av1", "mpeg4", "mjpeg"}
_TEXT = {"subrip", "srt", "mov_text", "webvtt", "text"}
_STYLED = {"ass", "ssa"}
_MKV_SUBTITLES = _STYLED | {"subrip", "srt", "webvtt", "text", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle"}
_COVERS = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png")}
_BEGINNINGS = {"mjpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_UNKNOWN = "unknown"
"""The probe's name of a codec that FFmpeg has no name for; subtitles of Matroska in WebVTT with a header are such
(`S_TEXT/WEBVTT`)."""
_MP4_DATA = {"gpmd"}
"""What ffmpeg's mp4 writer takes of data tracks."""


@dataclass(frozen=True)
class Cover:
    """A picture that comes with the file."""

    index: int
    """Index of its stream in the source."""
    mime_type: str
    name: str


@dataclass(frozen=True)
class StreamPlan:
    container: Container
    main: Stream
    """The picture that is encoded; all others are copied."""
    copied: tuple[Stream, ...]
    """Streams that follow it, in the order of the result."""
    covers: tuple[Cover, ...]
    data: tuple[int, ...]
    """Indices of data tracks that are copied."""
    losses: tuple[str, ...]

    @property
    def demuxer(self) -> str:
        """FFmpeg's name of what reads the container."""
        return MATROSKA if self.container == "mkv" else ISO

    def subtitle_codec(self, stream: Stream) -> str:
        """`copy`, or the codec it has to be turned into."""
        if self.container != "mkv":
            return "copy" if stream.codec == "mov_text" else "mov_text"
        return "subrip" if stream.codec == "mov_text" else "copy"


def plan_streams(source: Path, media: MediaInfo, main: Stream, settings: VideoCompressionSettings) -> StreamPlan:
    """Choose the container and what goes into it."""
    container = _container(media, main, settings)
    losses: list[str] = []
    copied: list[Stream] = []
    for stream in media.streams:
        if stream.index == main.index or stream.attached_picture or stream.type in ("data", "attachment"):
            continue
        reason = _cannot_hold(container, stream)
        if reason is None:
            copied.append(stream)
            if container != "mkv" and stream.codec in _STYLED:
                losses.append(f"the styles of {_name(stream)} (mp4 has plain text)")
        else:
            losses.append(f"{_name(stream)} ({reason})")
    covers, lost_covers = _covers(media, container)
    data, lost_data = _data_tracks(source, media, container)
    fonts = [stream for stream in media.streams if stream.type == "attachment"]
    if container == "mkv":
        copied += fonts
    elif fonts:
        losses.append(f"{len(fonts)} attachments (mp4 holds none)")
    order = ("video", "audio", "subtitle", "attachment")
    copied.sort(key=lambda stream: order.index(stream.type))
    return StreamPlan(container, main, tuple(copied), covers, data, (*losses, *lost_covers, *lost_data))


def _container(media: MediaInfo, main: Stream, settings: VideoCompressionSettings) -> Container:
    if settings.container != "auto":
        return settings.container
    others = [stream for stream in media.streams if stream.index != main.index and not stream.attached_picture]
    sound = {stream.codec for stream in others if stream.type == "audio" and stream.sample_rate}
    pictures = {stream.codec for stream in others if stream.type == "video"}
    titles = {stream.codec for stream in others if stream.type == "subtitle"}
    if titles & (_MKV_SUBTITLES - _TEXT) or any(stream.type == "attachment" for stream in others):
        return "mkv"
    if media.container.startswith("matroska") and titles:
        return "mkv"
    if any(stream.attached_picture and not stream.width for stream in media.streams):
        return "mkv"  # a cover that says of itself what it is not goes along as a file; mp4 has to know its size
    strange = {codec for codec in sound - _MP4_SOUND - _QUICKTIME_SOUND if not codec.startswith("pcm_")}
    if strange or pictures - _MP4_PICTURES:
        return "mkv"
    if sound <= _MP4_SOUND:
        return "mp4"
    return "mov" if media.container.startswith("mov") and settings.codec != "svt-av1" else "mkv"


def _cannot_hold(container: Container, stream: Stream) -> str | None:
    """Why a stream cannot go into a container; None when it can."""
    if stream.type == "audio":
        if not stream.sample_rate:
            return "announced, but it has no sound"
        if container == "mkv" or stream.codec in _MP4_SOUND:
            return None
        if container == "mov" and (stream.codec.startswith("pcm_") or stream.codec in _QUICKTIME_SOUND):
            return None
    elif stream.type == "subtitle":
        if stream.codec in (_MKV_SUBTITLES | {"mov_text"} if container == "mkv" else _TEXT | _STYLED):
            return None
    elif stream.type == "video" and (container == "mkv" or stream.codec in _MP4_PICTURES):
        return None
    if stream.codec == _UNKNOWN:
        more = ", as WebVTT with styles" if stream.type == "subtitle" else ""
        return f"in a format that ffmpeg does not know{more}"
    return f"{container} does not hold {stream.codec}"


def _name(stream: Stream) -> str:
    kinds = {"video": "picture", "audio": "sound", "subtitle": "subtitles"}
    return f"{kinds.get(stream.type, stream.type)} in stream {stream.index}" + (
        f" ({stream.language})" if stream.language else ""
    )


def _covers(media: MediaInfo, container: Container) -> tuple[tuple[Cover, ...], tuple[str, ...]]:
    covers: list[Cover] = []
    losses: list[str] = []
    for stream in media.streams:
        if not stream.attached_picture:
            continue
        if stream.codec not in _COVERS:
            losses.append(f"the cover in stream {stream.index} ({stream.codec} cannot be attached)")
        elif container != "mkv" and not stream.width:
            losses.append(f"the cover in stream {stream.index} (it is no {stream.codec})")
        elif covers and container == "mkv":
            losses.append(f"the cover in stream {stream.index} (only the first is attached)")
        else:
            mime_type, ending = _COVERS[stream.codec]
            covers.append(Cover(stream.index, mime_type, f"cover.{ending}"))
    return tuple(covers), tuple(losses)


def what_it_is(cover: Path) -> tuple[str, str] | None:
    """Mime type and ending of a cover by its bytes, whatever its file said of it; None for one of another kind."""
    with cover.open("rb") as file:
        beginning = file.read(8)
    return next((_COVERS[codec] for codec, magic in _BEGINNINGS.items() if beginning.startswith(magic)), None)


def _data_tracks(source: Path, media: MediaInfo, container: Container) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Indices of the data tracks that ffmpeg can write; what becomes of the others is seen in the result."""
    indices = [stream.index for stream in media.streams if stream.type == "data"]
    if not indices:
        return (), ()
    if not media.container.startswith("mov"):
        return (), tuple(f"data in stream {index}" for index in indices)
    formats = dict(enumerate(sample_formats(source)))
    if container == "mkv":
        return (), ()
    return tuple(index for index in indices if formats.get(index) in _MP4_DATA), ()
