"""What a file is and what is in it, judged by its content alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media import isobmff
from media_assets.media.emptiness import empty_container
from media_assets.media.info import Chapter, MediaInfo, MediaKind
from media_assets.media.parts_seconds import joined_parts
from media_assets.media.pictures.formats import SVG_TYPE, TGA, is_tga, raw_format, unopened_format
from media_assets.media.pictures.taken_at import taken_at
from media_assets.media.pretenders import meant, pretender
from media_assets.media.probe_frames import look_at_frames
from media_assets.media.probe_streams import describe
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.sandbox.results import adapter
from media_assets.media.seconds_there import with_jumps_closed
from media_assets.media.signatures import (
    HEAD_BYTES,
    UNKNOWN_TYPE,
    begins_like_media,
    is_matroska_dolby_vision,
    is_text_of_any_encoding,
    media_type,
    no_media_type,
    playlist_type,
    promises_media,
)
from media_assets.media.unfinished_headers import was_never_filled_in, with_seconds_played
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    from av.container import InputContainer

_MICROSECONDS = 1_000_000
"""AV_TIME_BASE, the clock of a container's own times."""
_ANIMATIONS = ("gif", "apng")
_ICONS = "ico"
"""One picture in several sizes, each a stream."""
"""Formats of pictures that may move."""
A_SECOND_OF_SPEECH = Path(__file__).parent / "second_of_speech.ogg"
_SHORTEST_HEADER_BYTES = 12
MOST_CHAPTERS = 1000
_MOST_TAGS = 1000
_LONGEST_TEXT = 10_000
"""Characters that are kept of one text of a file. What a file tells of itself is in manifests and in Dagster's database
for as long as the file is in the library, and a file of 4 MB may have 300,000 tags."""
_FETCH_AGAIN = "Play the file to see whether it is damaged; fetch or export it again"


class IncompleteMedia(BadMedia):
    """The file looks as if it were still being written: it is empty, or an mp4 without its index."""


@dataclass(frozen=True)
class Probe:
    """What a file is."""

    kind: MediaKind
    mime_type: str
    media: MediaInfo | None
    """None for what is no audio, video or image."""
    taken_at: datetime | None = None
    """When a picture was taken, as its headers say; without a zone when they name none."""


def probe(path: Path, work: Work, name: str | None = None, *, as_stated: bool = False) -> Probe:
    """Look into a file. Its name decides nothing, except that it is an error when it promises media in vain.

    Args:
        work: Its limit and cancellation hold.
        name: What the file is called where it comes from; absent: the name at the end of `path`.
        as_stated: Whether it plays as long as it states, jumps of its clock and all.

    Raises:
        IncompleteMedia: the file is empty or has no index yet; it may be whole a little later.
        BadMedia: it is media, or named like it, and cannot be read.
        TimeLimitExceeded, Cancelled: from `work`.
        OSError: the file cannot be read.
    """
    work.check()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise IncompleteMedia("is empty (0 bytes)", next_step="Fetch or export it again")
    name = name or path.name
    mime_type = no_media_type(head)
    if len(head) < _SHORTEST_HEADER_BYTES and begins_like_media(head) and meant(name):
        raise IncompleteMedia(f"ends within its header ({len(head)} bytes)", next_step=_FETCH_AGAIN)
    playlist = playlist_type(head)
    instead = pretender(head, name, None if playlist else mime_type, playlist)
    if instead is not None:
        raise BadMedia(instead.reason, next_step=instead.next_step)
    if unopened_format(head) is not None:
        return run_in_child(_of_picture, path, work=work)
    if playlist is not None:
        return Probe(MediaKind.OTHER, playlist, None)
    if mime_type is not None:
        return Probe(MediaKind.OTHER, mime_type, None)
    return run_in_child(_look_inside, path, name, as_stated, work=work)


def _of_picture(path: Path) -> Probe:
    """What a picture is that nobody here opens."""
    with path.open("rb") as file:
        found = unopened_format(file.read(HEAD_BYTES))
        assert found is not None
        # A drawing is a text, which programs draw; it has no pixels of its own.
        kind = MediaKind.OTHER if found.mime_type == SVG_TYPE else MediaKind.IMAGE
        return Probe(kind, found.mime_type, None, taken_at(file))


def warm_up() -> None:
    """Do once, in the process that forks children, what each of them would do anew: a third of all for a small file."""
    adapter(_look_inside)
    # Containers that get our modules alone have it not. Whatever else is wrong, the first child will meet and tell.
    with suppress(Exception):
        _look_inside(A_SECOND_OF_SPEECH, A_SECOND_OF_SPEECH.name, as_stated=False)


def _look_inside(path: Path, name: str, as_stated: bool) -> Probe:
    """The part of `probe` that reads more than the first bytes."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        iso = isobmff.is_iso(head)
        if iso and isobmff.index_is_missing(file):
            raise IncompleteMedia(
                "its index (the moov atom) is missing: the recording was probably cut off before it was finished",
                next_step="Fetch it again from where it was recorded; a repair tool such as untrunc may save the rest",
            )
        if iso and (needed := isobmff.needed_file(file)) is not None:
            raise BadMedia(
                f"does not hold all of its sound and pictures: it says that they are in another file ({needed}), and "
                "what a file names is never opened",
                next_step="Export it as a self-contained movie",
            )
        dolby_vision = isobmff.has_dolby_vision(file) if iso else is_matroska_dolby_vision(head)
        image_size = isobmff.image_size(file) if isobmff.image_type(head) else None
        chain_seconds = _chain_seconds(file, head)
        with open_media(file) as container:
            if container is not None and container.streams:
                media, moves = _describe(container, dolby_vision, image_size, chain_seconds)
                media = with_seconds_played(media, file)
                media = media if chain_seconds or as_stated else with_jumps_closed(media, file)
                found = _judge(media, moves, head, name)
                return found if found.kind is not MediaKind.IMAGE else _dated(found, file)
        empty = empty_container(file, head) if not image_size else None
        if empty is None and is_tga(file, head, name):
            return Probe(MediaKind.IMAGE, TGA.mime_type, None)
    if empty is not None:
        return Probe(MediaKind.AUDIO, media_type(MediaKind.AUDIO, empty, head), MediaInfo(container=empty, streams=()))
    if meant(name) is None and not begins_like_media(head) and is_text_of_any_encoding(head):
        return Probe(MediaKind.OTHER, "text/plain", None)
    if was_never_filled_in(head):
        raise BadMedia(
            "does not say how long its sound is: it was written to a pipe, and its header was never filled in",
            next_step="Export it again into a file, or as a WAV, which can be read without that",
        )
    if promises_media(head, name) or meant(name) is not None:
        zeros = "" if head.strip(b"\0") else "; it begins with zeros alone, as a download that was never filled does"
        raise BadMedia(f"nothing in it can be recognised as audio, video or image{zeros}", next_step=_FETCH_AGAIN)
    return Probe(MediaKind.OTHER, UNKNOWN_TYPE, None)


def _dated(found: Probe, file: BinaryIO) -> Probe:
    """The same, with when it was taken; a raw picture, which FFmpeg takes for a TIFF, with its own type."""
    raw = raw_format(file)
    return replace(found, taken_at=taken_at(file), mime_type=raw.mime_type if raw else found.mime_type)


def _describe(
    container: InputContainer,
    dolby_vision: bool,
    image_size: tuple[int, int] | None,
    chain_seconds: float | None = None,
) -> tuple[MediaInfo, bool]:
    """What is in it, and whether any picture moves.

    Args:
        chain_seconds: How long it plays, where it knows the first of several recordings alone.
    """
    streams = [describe(stream, container.format.name, dolby_vision=dolby_vision) for stream in container.streams]
    looks = look_at_frames(container, [s for s in container.streams.video if not streams[s.index].attached_picture])
    for index, look in looks.items():
        found = {
            "rotation": look.rotation or 0,
            "variable_frame_rate": look.variable_frame_rate,
            "views_told_twice": look.views_told_twice,
        }
        if image_size is not None:
            found.update(width=image_size[0], height=image_size[1])
        streams[index] = streams[index].model_copy(update=found)
    media = MediaInfo(
        container=container.format.name,
        duration_seconds=chain_seconds or _duration_seconds(container),
        start_seconds=(container.start_time or 0) / _MICROSECONDS,
        bit_rate=container.bit_rate or None,
        streams=tuple(streams),
        chapters=tuple(islice(_chapters(container), MOST_CHAPTERS)),
        tags=_tags(container),
    )
    return media, any(look.packets > 1 for look in looks.values())


def _chain_seconds(file: BinaryIO, head: bytes) -> float | None:
    """How long all recordings of a file play that are joined in it; None for any other file."""
    return sum(map(_seconds_of, joined_parts(file, head))) or None


def _seconds_of(file: BinaryIO) -> float:
    with open_media(file) as container:
        return (_duration_seconds(container) if container is not None else None) or 0.0


def _duration_seconds(container: InputContainer) -> float | None:
    """None when it says none, or one that cannot be."""
    ticks = container.duration
    return None if ticks is None or ticks < 0 else ticks / _MICROSECONDS


def _chapters(container: InputContainer) -> Iterator[Chapter]:
    tags = _tags(container)
    for chapter in container.chapters():
        time_base = chapter["time_base"]
        if time_base is not None:
            # FFmpeg drops the name of one that stands in front of its time in the comments of FLAC and Ogg.
            name = chapter["metadata"].get("title") or tags.get(f"CHAPTER{chapter['id']:03}NAME", "")
            yield Chapter(
                start_seconds=float(chapter["start"] * time_base),
                end_seconds=float(chapter["end"] * time_base),
                title=name[:_LONGEST_TEXT],
            )


def _tags(container: InputContainer) -> dict[str, str]:
    """The tags of the whole; Ogg keeps them with its first stream."""
    tags: Mapping[str, str] = container.metadata
    if not tags and container.format.name == "ogg" and container.streams:
        tags = container.streams[0].metadata
    return {name[:_LONGEST_TEXT]: value[:_LONGEST_TEXT] for name, value in islice(tags.items(), _MOST_TAGS)}


def _judge(media: MediaInfo, moves: bool, head: bytes, name: str) -> Probe:
    kind = _kind(media, moves, head)
    if kind is MediaKind.OTHER:
        if (promised := meant(name)) is not None:
            raise BadMedia(
                f"is not {promised}: it holds neither pictures nor sound, but text or data alone",
                next_step=f"{_FETCH_AGAIN}, or give it another ending (.mks, .srt) if nothing else was meant",
            )
        return Probe(kind, UNKNOWN_TYPE, None)
    return Probe(kind, isobmff.image_type(head) or media_type(kind, media.container, head), media)


def _kind(media: MediaInfo, moves: bool, head: bytes) -> MediaKind:
    """OTHER when nothing in it can be seen or heard (a file of subtitles)."""
    if isobmff.image_type(head) or media.container.endswith("_pipe") or media.container == _ICONS:
        return MediaKind.IMAGE
    if media.video_streams:
        return MediaKind.VIDEO if moves or media.container not in _ANIMATIONS else MediaKind.IMAGE
    return MediaKind.AUDIO if media.audio_streams else MediaKind.OTHER
