"""What a file holds beside pictures and sound: what its probe found, and the headers of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from media_assets.artifacts.duplicates.values import Belongings
from media_assets.media.info import MediaInfo, MediaKind
from media_assets.media.pictures import belongings as pictures
from media_assets.media.pictures.formats import is_raw
from media_assets.work.work import Work

_LOSSLESS = (
    *("alac", "ape", "bmp", "dpx", "exr", "ffv1", "ffvhuff", "flac", "gif", "huffyuv", "magicyuv", "mlp", "png", "ppm"),
    *("rawvideo", "tak", "targa", "tiff", "truehd", "tta", "utvideo", "v210", "wavpack"),
)
_COMPANDED = ("pcm_alaw", "pcm_mulaw", "pcm_vidc")
_TECHNICAL = frozenset(
    {
        *("compatible_brands", "creation_time", "date", "encoded_by", "encoder", "encoding_tool", "handler_name"),
        *("language", "major_brand", "minor_version", "software", "timecode", "tmcd", "tsrc", "vendor_id", "track"),
        *("coding_history", "originator", "originator_reference", "time_reference", "umid", "bit_rate", "duration"),
        *("encoder_options", "encoding_params", "itunsmpb", "itunnorm", "gapless_playback", "media_type"),
        *("hw", "maxrate", "te_is_reencode", "album_artist-sort", "creationdate", "com.apple.quicktime.creationdate"),
        *("com.apple.quicktime.software", "play_speed", "variant_bitrate"),
    }
)
"""Names of tags that say how a file was made, and those of dates, which are known apart."""
_NAMED = {
    "title": "a title",
    "comment": "a comment",
    "description": "a description",
    "synopsis": "a description",
    "artist": "its author",
    "author": "its author",
    "copyright": "a copyright notice",
    "keywords": "keywords",
    "lyrics": "lyrics",
    "rating": "a rating",
}
_PLACES, _CAMERAS = ("location", "gps", "xyz"), ("make", "model", "manufacturer")
_MOST_TAGS = 40


def belongings_of(source: Path | None, kind: MediaKind, mime_type: str, media: MediaInfo, work: Work) -> Belongings:
    """What a file holds.

    Args:
        source: Its content; None for what the probe found alone.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled, Transient: from the look at the headers of a picture.
    """
    found = of_media(media, raw=is_raw(mime_type))
    if source is None or kind is not MediaKind.IMAGE:
        return found
    seen = pictures.belongings_of(source, work)
    return found.model_copy(
        update={
            "media": seen.media,
            "place": found.place or seen.place,
            "camera": found.camera or seen.camera,
            "texts": tuple(dict.fromkeys((*found.texts, *seen.texts))),
        }
    )


def of_media(media: MediaInfo, *, raw: bool = False) -> Belongings:
    """What the probe of a file found."""
    streams, picture = media.streams, next(iter(media.video_streams), None)
    main = picture or next(iter(media.audio_streams), None)
    names = [name.lower() for name, value in media.tags.items() if value.strip()]
    return Belongings(
        tracks=tuple(stream.language or "" for stream in media.audio_streams if stream.sample_rate),
        channels=max((stream.channels or 0 for stream in media.audio_streams), default=0),
        subtitles=tuple(stream.language or "" for stream in streams if stream.type == "subtitle"),
        chapters=len(media.chapters),
        cover=any(stream.attached_picture for stream in streams),
        attached=tuple(stream.title or stream.codec for stream in streams if stream.type == "attachment"),
        place=any(part in name for name in names for part in _PLACES),
        camera=any(name.rpartition(".")[2].rpartition("-")[2] in _CAMERAS for name in names),
        texts=tuple(dict.fromkeys(_texts(names)))[:_MOST_TAGS],
        hdr=(picture.hdr or "") if picture else "",
        bit_depth=(picture.bit_depth or 8) if picture else 8,
        lossless=main is not None and main.codec.startswith((*_LOSSLESS, "pcm_")) and main.codec not in _COMPANDED,
        frame_rate=(picture.frame_rate or 0.0) if picture else 0.0,
        codec=main.codec if main else "",
        sample_rate=next((stream.sample_rate for stream in media.audio_streams if stream.sample_rate), 0),
        raw=raw,
    )


def _texts(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        last = name.rpartition(".")[2].partition("-")[0]
        if name in _TECHNICAL or last in _CAMERAS or any(part in name for part in _PLACES):
            continue
        if name.startswith(("com.android", "com.apple.quicktime.live", "replaygain", "id3v2_priv", "_statistics")):
            continue
        yield _NAMED.get(last, f"the tag {name[:40]}")
