"""The command that makes the result: one picture encoded, everything else taken along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg as ffmpeg_python

from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.planning.streams import what_it_is
from media_assets.artifacts.compressed_video.reading.iso_content import track_names
from media_assets.media.ffmpeg import ALL_MUST_DECODE, FFmpeg
from media_assets.media.info import MediaInfo
from media_assets.media.untrusted import file_url, uploaded
from media_assets.work.work import Work

MARK = "media-assets compressed"
"""How a result is recognised later, whatever becomes of its name: the beginning of a tag's value."""

_FORMATS = {"mp4": "mp4", "mov": "mov", "mkv": "matroska"}
_OF_THE_OLD_CONTAINER = ("major_brand", "minor_version", "compatible_brands")


def is_marked(media: MediaInfo) -> bool:
    """Whether a file was made here."""
    return any(value.startswith(MARK) for value in media.tags.values())


def encode(ffmpeg: FFmpeg, plan: EncodePlan, crf: float, destination: Path, work: Work) -> tuple[str, ...]:
    """Write the result.

    Returns:
        The errors that ffmpeg met and got over.

    Raises:
        BadMedia: ffmpeg could not do it with this file.
        TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    source = uploaded(plan.source, plan.media.container, **plan.input_options, **plan.encoder.global_options)
    streams = plan.streams
    mp4 = streams.container != "mkv"
    mapped = [
        source[str(plan.main.index)],
        *(source[str(stream.index)] for stream in streams.copied),
        *(source[str(index)] for index in streams.data),
        *(source[str(cover.index)] for cover in streams.covers if mp4),
    ]
    options: dict[str, Any] = {
        "c": "copy",
        "map_chapters": 0,
        "map_metadata": 0,
        "fps_mode:v:0": "vfr",
        # Without it, times are rounded to a grid of the average frame rate.
        "enc_time_base:v:0": str(plan.picture.time_base),
        "filter:v:0": ",".join(filter(None, (plan.filters, plan.encoder.last_filters))),
        **plan.encoder.options(crf, plan.dynamic_range),
        **_subtitle_options(plan),
        **(_mp4_options(plan) if mp4 else _mkv_options(ffmpeg, plan, work)),
        **({} if mp4 else plan.picture.views.matroska_options(plan.encoder.name)),
        **_tags(plan.media),
        **_chapter_titles(plan.media),
        **_track_titles(plan),
        **ALL_MUST_DECODE,
    }
    output = ffmpeg_python.output(*mapped, file_url(destination), format=_FORMATS[streams.container], **options)
    return ffmpeg.run(output, work, duration_seconds=plan.media.duration_seconds)


def _subtitle_options(plan: EncodePlan) -> dict[str, str]:
    titles = [stream for stream in plan.streams.copied if stream.type == "subtitle"]
    return {f"c:s:{number}": plan.streams.subtitle_codec(stream) for number, stream in enumerate(titles)}


def _mp4_options(plan: EncodePlan) -> dict[str, str]:
    """The index in front; QuickTime's keys in mov, and where the source has such (phones): in mp4 the tags that players
    read cannot be written beside them."""
    phone = any(name.startswith("com.") for name in plan.media.tags)
    keys = "+use_metadata_tags" if phone or plan.streams.container == "mov" else ""
    options = {"movflags": f"+faststart{keys}"}
    if plan.encoder.name.startswith(("libx265", "hevc")):
        options["tag:v:0"] = "hvc1"  # Apple's players know no hev1
    pictures = 1 + sum(stream.type == "video" for stream in plan.streams.copied)
    for number, _ in enumerate(plan.streams.covers):
        options[f"disposition:v:{pictures + number}"] = "attached_pic"
    return options


def _mkv_options(ffmpeg: FFmpeg, plan: EncodePlan, work: Work) -> dict[str, str]:
    """Options that attach a cover: in Matroska it is an attached file, which ffmpeg does not make of it by itself."""
    if not plan.streams.covers:
        return {}
    cover = plan.streams.covers[0]
    path = work.directory / cover.name
    picture = uploaded(plan.source, plan.media.container)[str(cover.index)]
    ffmpeg.run(picture.output(file_url(path), format="image2", update=1, vframes=1, vcodec="copy"), work)
    mime_type, ending = what_it_is(path) or (cover.mime_type, path.suffix[1:])
    path = path.rename(path.with_suffix(f".{ending}"))
    number = sum(stream.type == "attachment" for stream in plan.streams.copied)
    return {"attach": file_url(path), f"metadata:s:t:{number}": f"mimetype={mime_type}"}


def _chapter_titles(media: MediaInfo) -> dict[str, str]:
    """Titles for chapters that have none: ffmpeg's mp4 writer puts no other into the chapter track."""
    untitled = [number for number, chapter in enumerate(media.chapters) if not chapter.title.strip()]
    return {f"metadata:c:{number}": f"title=Chapter {number + 1}" for number in untitled}


def _track_titles(plan: EncodePlan) -> dict[str, str]:
    """Titles of tracks of an mp4, which ffmpeg takes along from other containers alone."""
    if not plan.media.container.startswith("mov"):
        return {}
    names = track_names(plan.source)
    went = [plan.main.index, *(stream.index for stream in plan.streams.copied)]
    return {f"metadata:s:{at}": f"title={names[index]}" for at, index in enumerate(went) if index in names}


def _tags(media: MediaInfo) -> dict[str, str]:
    """Tags that are set: the mark, and the creation time, which ffmpeg drops when two places of the source tell it."""
    tags = {"encoding_tool": MARK, "media_assets": MARK, **dict.fromkeys(_OF_THE_OLD_CONTAINER, "")}
    lower = {name.lower(): value for name, value in media.tags.items()}
    if created := lower.get("creation_time"):
        tags["creation_time"] = created.split(";")[0]
    # ffmpeg takes any specifier that begins with g for the whole file; ffmpeg-python takes no option twice.
    return {f"metadata:g:{number}": f"{name}={value}" for number, (name, value) in enumerate(sorted(tags.items()))}
