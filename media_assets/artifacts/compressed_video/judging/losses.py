"""What a result lacks of its source: both are looked through, and whatever is not found again is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from media_assets.artifacts.compressed_video.judging.chapters import lost_chapters
from media_assets.artifacts.compressed_video.judging.in_step import lost_offsets
from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.reading.data_tracks import KNOWN_TRACKS, sample_formats
from media_assets.artifacts.compressed_video.reading.inventory import Inventory, Track, take_inventory
from media_assets.artifacts.compressed_video.reading.iso_content import SPHERICAL_V1, printable
from media_assets.artifacts.compressed_video.reading.picture import look_at_picture
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.probe import probe
from media_assets.work.work import Work

_LOCATION = ("location", "com.apple.quicktime.location.iso6709")
_MOST_NAMES = 8
"""So many tags are named before the rest is counted."""
_MOST_LOSSES = 100
_SIDE_DATA = {
    "SPHERICAL": "the 360° data",
    "STEREO3D": "the stereo 3D data",
    "MASTERING_DISPLAY_METADATA": "the mastering display's metadata of HDR10",
    "CONTENT_LIGHT_LEVEL": "the light levels of HDR10 (MaxCLL)",
    "AMBIENT_VIEWING_ENVIRONMENT": "the ambient light that HDR was made for",
    "DYNAMIC_HDR_VIVID": "HDR Vivid (its base layer is kept)",
    "DYNAMIC_HDR_SMPTE_2094_APP5": "dynamic HDR (SMPTE 2094-50)",
    "FILM_GRAIN_PARAMS": "the parameters of the film grain",
    "ICC_PROFILE": "the ICC profile",
    "EXIF": "the EXIF data of the frames",
    "AFD": "the active format description",
    "PANSCAN": "the pan and scan data",
    "S12M_TIMECODE": "the timecodes in the picture",
    "GOP_TIMECODE": "the timecodes in the picture",
    "LCEVC": "the enhancement layer (LCEVC)",
    "3D_REFERENCE_DISPLAYS": "the reference displays of 3D",
    "VIEW_ID": "the number of the view",
}
"""What side data of frames is to a person. Other kinds are named as FFmpeg names them."""
_ELSEWHERE = {
    *("A53_CC", "DISPLAYMATRIX"),
    *("DOVI_RPU_BUFFER", "DOVI_METADATA", "DYNAMIC_HDR_PLUS"),
    *("MOTION_VECTORS", "REGIONS_OF_INTEREST", "VIDEO_ENC_PARAMS", "VIDEO_HINT"),
}
"""Captions are looked for in all packets, the picture is turned by its matrix, the layers of HDR are planned (`hdr`),
and the rest are a decoder's own notes."""
_HDR10 = {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"}
_NO_CONTENT = {
    *("major_brand", "minor_version", "compatible_brands", "encoder", "encoding_tool", "media_assets", "creation_time"),
    *("handler_name", "vendor_id", "duration", "bps", "number_of_frames", "number_of_bytes", "rotate", "alpha_mode"),
    *("stereo_mode", "timecode", "mimetype", "filename", "source_id", "variant_bitrate", "id3v2_priv", *_LOCATION),
    *("location-eng", "time", "comment_encoding"),
}
"""Tags about the container and the encoder, and what is compared apart."""
_ENCODER = ("Lavf", "Lavc")
_FLAGS_APART = {"attached_pic", "timed_thumbnails", "still_image", "dependent", "multilayer", "captions", "metadata"}
_WHERE = {
    "index": "{name} in the index",
    "camera": "{name} among the camera's data in the index",
    "track": "{name} among the data of a track",
    "key": "the tag {name}",
    "file": "{name}",
}
_ALSO_TAGS = {"FIRM": "firmware"}
"""Data of a camera that FFmpeg reads as a tag, too."""
_CHAPTER_TRACK = "text"


def losses(plan: EncodePlan, result: Path, work: Work) -> tuple[str, ...]:
    """What the result lacks although nothing planned it so: seen in the result itself."""
    media = probe(result, work).media
    assert media is not None
    before = take_inventory(plan.source, plan.main.index, work)
    after = take_inventory(result, media.streams[0].index, work)
    lost = [*_lost_times(plan.media, media), *lost_offsets(plan, media), *_lost_data(plan, media, result, after)]
    lost += lost_chapters(plan, media, work)
    lost += _lost_light(plan, media.streams[0], result, work)
    if _has_timecode(before) and not _has_timecode(after) and not any("(tmcd)" in what for what in lost):
        lost.append("the timecode")
    lost += _lost_of_picture(plan, before, after)
    lost += _lost_tags("the tag", before.tags, after.tags, after)
    lost += _lost_tags("of chapters the tag", dict(before.chapter_tags), dict(after.chapter_tags), after)
    if before.channel and before.channel != after.channel:
        lost.append(f"the name of the channel ({printable(before.channel)})")
    for number, old, new in _pairs(plan, before, after):
        lost += _lost_of_track(number, old, new)
    lost += _lost_extras(before, after)
    lost = list(dict.fromkeys(lost))
    more = [f"{len(lost) - _MOST_LOSSES} more things"] if len(lost) > _MOST_LOSSES else []
    return (*lost[:_MOST_LOSSES], *more)


def _lost_times(before: MediaInfo, after: MediaInfo) -> list[str]:
    old, new = ({name.lower(): value for name, value in media.tags.items()} for media in (before, after))
    lost = []
    if "creation_time" in old and new.get("creation_time", "")[:19] != old["creation_time"][:19]:
        lost.append("the creation time")
    if any(name in old for name in _LOCATION) and not any(name in new for name in _LOCATION):
        lost.append("the place of the recording")
    return lost


def _lost_data(plan: EncodePlan, media: MediaInfo, result: Path, after: Inventory) -> list[str]:
    """Data tracks of an mp4 or mov, by the format of their samples; those of known kinds first."""
    formats = sample_formats(plan.source)
    data = {stream.index for stream in plan.media.streams if stream.type == "data"}
    old = Counter(name for index, name in enumerate(formats) if index in data or name in KNOWN_TRACKS)
    if len(media.chapters) == len(plan.media.chapters):
        del old[_CHAPTER_TRACK]
    if _has_timecode(after):
        del old["tmcd"]
    lost = old - Counter(sample_formats(result))
    known = [f"{what} ({name})" for name, what in KNOWN_TRACKS.items() if lost[name]]
    return [*known, *(f"the data track {printable(name)}" for name in sorted(lost) if name not in KNOWN_TRACKS)]


def _lost_light(plan: EncodePlan, stream: Stream, result: Path, work: Work) -> list[str]:
    wanted = plan.dynamic_range
    if wanted.mastering is None and wanted.light is None:
        return []
    found = look_at_picture(result, stream, work)
    lost = []
    if wanted.mastering is not None and found.mastering is None:
        lost.append(_SIDE_DATA["MASTERING_DISPLAY_METADATA"])
    if wanted.light is not None and found.light is None:
        lost.append(_SIDE_DATA["CONTENT_LIGHT_LEVEL"])
    return lost


def _has_timecode(file: Inventory) -> bool:
    """Whether it tells the time by a clock on the set at which it begins: a tag, wherever it stands."""
    return any("timecode" in tags for tags in (file.tags, *(track.tags for track in file.tracks)))


def _lost_of_picture(plan: EncodePlan, before: Inventory, after: Inventory) -> Iterator[str]:
    """Side data of the frames."""
    if before.captions and not after.captions:
        yield "the captions in the picture (EIA-608, CEA-708)"
    index = plan.main.index
    told = before.tracks[index].tags.get("stereo_mode", "mono") if index < len(before.tracks) else "mono"
    if told != "mono" and "STEREO3D" not in before.carried and after.tracks[0].tags.get("stereo_mode") != told:
        yield f"{_SIDE_DATA['STEREO3D']} ({printable(told)})"
    mapped = bool(plan.dynamic_range.losses) and plan.dynamic_range.mastering is None
    for name, content in before.carried.items():
        if name in _ELSEWHERE or (name in _HDR10 and mapped):
            continue
        if name not in after.carried:
            kind, _, whose = name.partition(" ")
            if kind == "SEI_UNREGISTERED":
                yield f"user data of another program in the picture (SEI {whose})"
            else:
                yield _SIDE_DATA.get(name, f"side data of the frames ({name})")
        elif after.carried[name] != content:
            yield f"parts of {_SIDE_DATA.get(name, name)}"


def _lost_tags(what: str, old: Mapping[str, str], new: Mapping[str, str], after: Inventory) -> list[str]:
    """Tags that are gone or have another value now."""
    everywhere = {name for track in after.tracks for name in track.tags} if new is after.tags else set[str]()
    names = [
        name
        for name, value in old.items()
        if name not in _NO_CONTENT
        and not name.startswith(("_statistics", "bps-", "duration-", "number_of_"))
        and value.strip()
        and not value.startswith(_ENCODER)
        and name not in everywhere
        and new.get(name, "").strip() != value.strip()
    ]
    if not names:
        return []
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return [f"{what}{'s' if len(names) > 1 else ''} {shown}{more}"]


def _pairs(plan: EncodePlan, before: Inventory, after: Inventory) -> Iterator[tuple[int, Track, Track]]:
    """Index in the source, and how each stream that goes along was described there and is in the result."""
    went = [plan.main.index, *(stream.index for stream in plan.streams.copied)]
    for kind in ("video", "audio", "subtitle", "attachment"):
        old = [index for index in went if index < len(before.tracks) and before.tracks[index].type == kind]
        new = [track for track in after.tracks if track.type == kind]
        for index, track in zip(old, new, strict=False):
            yield index, before.tracks[index], track


def _lost_of_track(number: int, old: Track, new: Track) -> Iterator[str]:
    if old.title and old.title != new.title:
        yield f"the title of stream {number} ({printable(old.title)})"
    if old.language and old.language != new.language:
        yield f"the language of stream {number} ({printable(old.language)})"
    flags = [flag for flag in old.flags if flag not in new.flags and flag not in _FLAGS_APART]
    if flags:
        yield f"what stream {number} is for ({', '.join(flag.replace('_', ' ') for flag in flags)})"
    yield from _lost_tags(f"of stream {number} the tag", old.tags, new.tags, Inventory((), {}, {}, False, ()))


def _lost_extras(before: Inventory, after: Inventory) -> Iterator[str]:
    """What the container held beside: a tag under which QuickTime keeps a text may come back as any other tag."""
    kept = {*after.extras}
    tags = {*after.tags, *(name for track in after.tracks for name in track.tags)}
    told = {*before.tags, *(name for track in before.tracks for name in track.tags)}
    for extra in before.extras:
        if extra in kept or (extra.where == "key" and extra.name.lower() in (tags | told | _NO_CONTENT)):
            continue
        if _ALSO_TAGS.get(extra.name) in tags:
            continue
        if extra.name == SPHERICAL_V1 and "SPHERICAL" in before.carried:
            continue  # compared as side data
        yield _WHERE[extra.where].format(name=extra.name)
