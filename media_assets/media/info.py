"""What a probe finds in a media file: container, streams, chapters, tags. Times are in seconds."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from media_assets.base.model import Model
from media_assets.media.stereo3d import container_alone


class MediaKind(StrEnum):
    """What a file is by its content, whatever its name says."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    OTHER = "other"


class Stream(Model):
    """One stream of a container. Which fields are set depends on `type`."""

    index: int
    type: Literal["video", "audio", "subtitle", "data", "attachment"]
    codec: str
    profile: str | None = None
    language: str | None = None
    """ISO 639-2 code as stored in the container; None when absent or `und`."""
    title: str | None = None
    default: bool = False
    forced: bool = False
    """Whether it is shown to everybody: subtitles of what is said in another language, or written in the picture."""
    attached_picture: bool = False
    """Cover art: a video stream that is not a video."""
    start_seconds: float | None = None
    duration_seconds: float | None = None
    bit_rate: int | None = None
    """Bits per second."""
    width: int | None = None
    """Stored width in pixels, before rotation."""
    height: int | None = None
    rotation: int = 0
    """Clockwise degrees to turn the picture for display: 0, 90, 180 or 270."""
    frame_rate: float | None = None
    """Average frames per second."""
    variable_frame_rate: bool = False
    pixel_format: str | None = None
    bit_depth: int | None = None
    hdr: Literal["HDR10", "HLG", "Dolby Vision"] | None = None
    views_told_twice: bool = False
    """Whether the container and the picture itself both say how two views (3D) lie in it, see `media.stereo3d`."""
    sample_rate: int | None = None
    channels: int | None = None
    channel_layout: str | None = None
    """Where each channel is heard, e.g. `5.1`; None when the file does not say."""

    @model_serializer(mode="wrap")
    def _without_what_is_rare(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The value as it was stored before this was looked for: the same stream stays the same version."""
        dumped: dict[str, Any] = dump(self)
        for name in ("views_told_twice", "forced"):
            if not getattr(self, name):
                dumped.pop(name, None)
        return dumped

    @property
    def view_options(self) -> dict[str, str]:
        """Options of an input of ffmpeg without which its filters take no frame of it."""
        return container_alone(self.codec, self.index, told_twice=self.views_told_twice)

    @property
    def is_of_unknown_layout(self) -> bool:
        """Whether nobody knows where its channels are heard, as with a recorder that has one for each microphone."""
        return (self.channels or 0) > 2 and self.channel_layout is None

    @property
    def display_size(self) -> tuple[int, int] | None:
        """(width, height) in pixels as a player shows it."""
        if self.width is None or self.height is None:
            return None
        return (self.height, self.width) if self.rotation in (90, 270) else (self.width, self.height)


class Chapter(Model):
    """A chapter as the container names it."""

    start_seconds: float
    end_seconds: float
    title: str


class MediaInfo(Model):
    """What a probe of the file's content found."""

    container: str
    """FFmpeg's name of the demuxer, e.g. `mov,mp4,m4a,3gp,3g2,mj2`."""
    duration_seconds: float | None = None
    start_seconds: float = 0.0
    bit_rate: int | None = None
    streams: tuple[Stream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def audio_streams(self) -> tuple[Stream, ...]:
        return tuple(s for s in self.streams if s.type == "audio")

    @property
    def video_streams(self) -> tuple[Stream, ...]:
        """Moving pictures only; cover art is left out."""
        return tuple(s for s in self.streams if s.type == "video" and not s.attached_picture)

    @property
    def longest_seconds(self) -> float:
        """How long it plays by the largest of its own claims; 0 when it makes none."""
        streams = (stream.duration_seconds for stream in (*self.audio_streams, *self.video_streams))
        return max((seconds for seconds in (self.duration_seconds, *streams) if seconds is not None), default=0.0)
