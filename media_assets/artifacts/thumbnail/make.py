"""The pictures that stand for a file: a poster in several sizes, a contact sheet for videos, a tiny preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from media_assets.artifacts.thumbnail.drawing import draw_contact_sheet, draw_sizes, preview, size_name
from media_assets.artifacts.thumbnail.frames import clip_of, one_frame, sample_frames
from media_assets.artifacts.thumbnail.looks import best, look_at
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.thumbnail.value import Thumbnails
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.completeness import is_empty_track
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, MediaKind, Stream
from media_assets.media.pictures.formats import why_unopened
from media_assets.media.pictures.opening import (
    LIBRARIES,
    UnreadablePicture,
    limits_for,
    open_image,
    upright,
    written_file,
)
from media_assets.media.pictures.pixels import eight_bits, in_srgb
from media_assets.media.programmes import one_of, programme_of_picture, read_programmes
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work

if TYPE_CHECKING:
    from PIL import Image

_ITSELF = "the picture itself"
_BYTES_PER_PIXEL = 16
"""Decoded, turned upright, and converted to sRGB with its transparency, at four bytes each."""
_WRITTEN_BYTES = 100_000_000
_LOADED_AHEAD = (*LIBRARIES, __name__)
Origin = Literal["video frame", "cover art", "image"]


def make_thumbnails(
    ffmpeg: FFmpeg, source: Path, kind: MediaKind, media: MediaInfo, settings: ThumbnailSettings, work: Work
) -> tuple[dict[str, Path], Thumbnails]:
    """Write thumbnails of a video, an image, or the cover art of audio. The same file gives the same bytes.

    Args:
        work: The files are written to its directory.

    Returns:
        The files by name, and what they show.

    Raises:
        NotApplicable: audio without cover art, a video track with nothing in it, and what is no media.
        BadMedia: nothing of it can be decoded, or the image is too large or damaged.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    if kind is MediaKind.VIDEO and media.video_streams:
        return _of_video(ffmpeg, source, media, settings, work)
    if kind is MediaKind.IMAGE:
        try:
            return _of_image(ffmpeg, source, media, settings, work)
        except BadMedia:
            if what := run_in_child(why_unopened, source, work=work):
                raise NotApplicable(f"is {what}, of which no thumbnail can be made here") from None
            raise
    covers = [stream for stream in media.streams if stream.attached_picture]
    if not covers:
        raise NotApplicable("has no cover art" if kind is MediaKind.AUDIO else "has no picture")
    picture = _by_ffmpeg(ffmpeg, source, media, covers[0], settings, work)
    return _drawn(picture, "cover art", "the first picture attached to the sound", settings, work)


def _of_video(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, settings: ThumbnailSettings, work: Work
) -> tuple[dict[str, Path], Thumbnails]:
    stream, channel = _shown(source, media, work)
    sheet = settings.contact_sheet
    long_side = max(*settings.long_sides, sheet.tile_long_side)
    clip = clip_of(source, media, stream, work)
    try:
        frames = sample_frames(ffmpeg, clip, sheet.columns * sheet.rows, long_side, work)
    except BadMedia:
        if is_empty_track(source, media, stream, work):
            raise NotApplicable("has a video track without a picture in it") from None
        raise
    number, reason = best([look_at(_decoded(frame.path, settings)) for frame in frames])
    files, thumbnails = _drawn(
        _decoded(frames[number].path, settings),
        "video frame",
        "; ".join(filter(None, [reason, channel])),
        settings,
        work,
        time_seconds=frames[number].time_seconds,
        tone_mapped=clip.curve is not None,
    )
    if not sheet.enabled:
        return files, thumbnails
    work.check()
    tiles = [(_decoded(frame.path, settings, sheet.tile_long_side), frame.time_seconds) for frame in frames]
    path, contact_sheet = draw_contact_sheet(tiles, work.directory, settings)
    return {**files, path.name: path}, thumbnails.model_copy(update={"contact_sheet": contact_sheet})


def _shown(source: Path, media: MediaInfo, work: Work) -> tuple[Stream, str | None]:
    """The picture that stands for a video, and of which of several programmes it is, as a clause.

    Of a capture of a broadcast it is that of the programme which is heard, too.
    """
    streams = media.video_streams
    programmes = read_programmes(source, media, work)
    if programmes:
        own = programme_of_picture(programmes, media).streams
        streams = tuple(stream for stream in streams if stream.index in own) or streams
        stream = max(streams, key=lambda stream: (stream.width or 0) * (stream.height or 0))
        return stream, one_of(programmes, stream, "shown")
    return next((stream for stream in streams if stream.default), streams[0]), None


def _drawn(
    picture: Image.Image,
    origin: Origin,
    reason: str,
    settings: ThumbnailSettings,
    work: Work,
    *,
    time_seconds: float | None = None,
    tone_mapped: bool = False,
) -> tuple[dict[str, Path], Thumbnails]:
    work.check()
    files, sizes = draw_sizes(picture, work.directory, settings)
    return files, Thumbnails(
        origin=origin,
        chosen_because=reason,
        time_seconds=time_seconds,
        source_width=picture.width,
        source_height=picture.height,
        tone_mapped=tone_mapped,
        sizes=sizes,
        preview=preview(picture),
    )


def _of_image(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, settings: ThumbnailSettings, work: Work
) -> tuple[dict[str, Path], Thumbnails]:
    """The first picture of an image file, upright and in sRGB; by ffmpeg what is not opened here (JPEG XL, DPX …)."""
    stream = next((stream for stream in media.video_streams if stream.hdr), None)
    if stream is None:
        limits = limits_for(media, settings.max_megapixels, _BYTES_PER_PIXEL, _WRITTEN_BYTES, work)
        try:
            drawn = run_in_child(
                _drawn_image, source, work.directory, settings, work=work, limits=limits, ahead=_LOADED_AHEAD
            )
        except UnreadablePicture:
            if not media.video_streams:
                raise
            stream = media.video_streams[0]
        else:
            names = {size_name(side, settings) for side in settings.long_sides} & {size.name for size in drawn.sizes}
            return {name: written_file(work.directory / name) for name in sorted(names)}, drawn
    picture = _by_ffmpeg(ffmpeg, source, media, stream, settings, work)
    return _drawn(picture, "image", _ITSELF, settings, work)


def _drawn_image(source: Path, directory: Path, settings: ThumbnailSettings) -> Thumbnails:
    """Everything that is done with the bytes of an image; runs in a child."""
    return _drawn(_decoded(source, settings), "image", _ITSELF, settings, Work(directory))[1]


def _by_ffmpeg(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, settings: ThumbnailSettings, work: Work
) -> Image.Image:
    path = work.directory / "picture.png"
    one_frame(ffmpeg, clip_of(source, media, stream, work), max(settings.long_sides), path, work)
    return _decoded(path, settings)


def _decoded(path: Path, settings: ThumbnailSettings, long_side: int | None = None) -> Image.Image:
    """A picture as RGB or RGBA in sRGB; for one that ffmpeg drew, its size bounds what it takes to be read."""
    with open_image(path, settings.max_megapixels) as image:
        profile = image.info.get("icc_profile")
        picture = in_srgb(eight_bits(upright(image)), profile)
    if long_side is not None:
        picture.thumbnail((long_side, long_side))
    return picture
