"""What travels with a picture: EXIF, XMP, ICC profile, IPTC; what is carried over, what is read again, what is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from media_assets.artifacts.compressed_image.exif import EXIF_PREFIX, PROCESSING_SOFTWARE, Mark, changed_exif, read_mark
from media_assets.artifacts.compressed_image.extended_xmp import as_segments, merged, read_extended
from media_assets.artifacts.compressed_image.profiles import fits_profile
from media_assets.artifacts.compressed_image.regions import turned_regions
from media_assets.artifacts.compressed_image.segments import lost_segments
from media_assets.artifacts.compressed_image.turning import SIDEWAYS, Turn
from media_assets.media.pictures.auxiliary import auxiliary_pictures
from media_assets.media.pictures.behind import Behind, what_is_behind
from media_assets.media.pictures.layout import png_chunks
from media_assets.media.pictures.opening import reading
from media_assets.media.pictures.pixels import srgb_profile
from media_assets.media.pictures.searching import is_in
from media_assets.media.pictures.xmp import NoXmp

if TYPE_CHECKING:
    from PIL import Image

_GPS, _ORIENTATION, _RESOLUTION = 0x8825, 0x0112, 0x011A
_OF_SCREENS = (0, 1, 72, 96)
"""Dots per inch that programs write when nobody has said any."""
_JPEG_SEGMENT_BYTES = 65_000
"""A segment of a JPEG holds 65,533 bytes, headers included."""
# A run of blanks is looked at from its beginning alone: packets are padded with thousands of them.
_XMP_ORIENTATION = re.compile(rb'(?<!\s)\s*tiff:Orientation="[0-9]"|<tiff:Orientation>[0-9]</tiff:Orientation>')
_XMP_GAIN_MAP = re.compile(rb'(?<!\s)\s*hdrgm:Version="[^"]*"|<hdrgm:Version>[^<]*</hdrgm:Version>')
_GAIN_MAPS = (b"hdrgm:Version", b"aux:hdrgainmap")
"""Ultra HDR of Android, and Apple's auxiliary picture."""


@dataclass(frozen=True)
class Metadata:
    """The metadata of a source, as its bytes say it."""

    exif: bytes
    xmp: bytes
    icc: bytes
    mark: Mark | None
    lost: tuple[str, ...]
    """What no result keeps, whatever its format."""
    behind: Behind = field(default_factory=Behind)
    extended: bytes = b""
    """What of the XMP of a JPEG did not fit its first packet."""
    orientation: int = 1
    """EXIF's, of the picture as it is stored."""
    stored: tuple[int, int] = (0, 0)
    """Width and height in pixels as it is stored."""
    only_jpeg: dict[str, Any] = field(default_factory=dict)
    """What only a JPEG takes over, as options for Pillow."""


def read_metadata(image: Image.Image, source: Path) -> Metadata:
    """The metadata of a picture, read before it is decoded.

    Raises:
        BadMedia: it is damaged.
    """
    with reading():
        tags = image.getexif()
    info = image.info
    upright = info.get("original_orientation")  # pillow-heif has turned it
    orientation = int(upright or tags.get(_ORIENTATION) or 1)
    with source.open("rb") as file:
        behind = what_is_behind(image, file)
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    exif = info.get("exif") or (tags.tobytes() if "Raw profile type exif" in info else b"")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    only_jpeg: dict[str, Any] = {}
    lost = [*_extras(image, source), *behind.lost]
    extended = b""
    if image.format in ("JPEG", "MPO"):
        extended, missing = read_extended(xmp, segments_of(image, "APP1"))
        if missing:
            lost.append(f"Extended XMP ({missing})")
        segments = segments_of(image, "APP13")
        if segments:
            only_jpeg["extra"] = b"".join(b"\xff\xed" + (len(s) + 2).to_bytes(2, "big") + s for s in segments)
        if info.get("comment"):
            only_jpeg["comment"] = info["comment"]
    dpi = info.get("dpi")
    if dpi and _RESOLUTION not in tags and round(float(dpi[0])) not in _OF_SCREENS:
        only_jpeg["dpi"] = (float(dpi[0]), float(dpi[1]))
    return Metadata(
        exif=exif,
        xmp=xmp,
        icc=info.get("icc_profile") or b"",
        mark=read_mark(tags.get(PROCESSING_SOFTWARE)),
        behind=behind,
        extended=extended,
        orientation=orientation,
        stored=image.size if orientation not in SIDEWAYS or not upright else image.size[::-1],
        lost=tuple(lost),
        only_jpeg=only_jpeg,
    )


def segments_of(image: Image.Image, name: str) -> list[bytes]:
    """The contents of the segments of a JPEG that have a name (`APP1`)."""
    return [content for each, content in getattr(image, "applist", []) if each == name]


def _extras(image: Image.Image, source: Path) -> list[str]:
    """Further pictures and texts inside the file that are not taken over."""
    extras = []
    if has_gain_map(source):
        extras.append("HDR gain map")
    if image.info.get("depth_images"):
        extras.append("depth map")
    if any(name != "XML:com.adobe.xmp" for name in getattr(image, "text", {})):
        extras.append("PNG text")
    with source.open("rb") as file:
        extras += [what for what in auxiliary_pictures(file) if what not in extras]
        if image.format == "PNG" and not image.info.get("icc_profile") and _has_profile(file):
            extras.append("ICC profile (it cannot be read)")
    return extras + lost_segments(image)


def _has_profile(file: BinaryIO) -> bool:
    return any(part.kind == b"iCCP" for part in takewhile(lambda part: part.kind != b"IDAT", png_chunks(file)))


def has_gain_map(source: Path) -> bool:
    """Whether the file holds a picture of the brightness beyond white."""
    with source.open("rb") as file:
        return is_in(file, _GAIN_MAPS)


def carried_over(
    metadata: Metadata, image_format: str, mode: str, size: tuple[int, int], mark: Mark
) -> tuple[dict[str, Any], list[str]]:
    """Options for Pillow's encoder, and what could not be carried over.

    Args:
        metadata: Of the source.
        image_format: `jpeg`, `webp` or `avif`.
        mode: Of the picture to encode; a profile that does not fit it was applied to its colours already.
        size: Width and height of the picture to encode.
        mark: The note to leave in EXIF.
    """
    options: dict[str, Any] = {}
    lost: list[str] = []
    turn = Turn(metadata.orientation, metadata.stored, size)
    try:
        exif = changed_exif(metadata.exif, *size, mark, turn)
    except ValueError as error:
        lost.append(f"EXIF (it {error})")
        exif = changed_exif(b"", *size, mark)
    xmp, extended = _turned_xmp(metadata, turn, image_format, lost)
    if image_format == "jpeg":
        options.update(metadata.only_jpeg)
        if extended:
            options["extra"] = options.get("extra", b"") + extended
        if len(exif) > _JPEG_SEGMENT_BYTES:
            lost.append("EXIF (too large for a JPEG)")
            exif = changed_exif(b"", *size, mark)
        if len(xmp) > _JPEG_SEGMENT_BYTES:
            lost.append("XMP (too large for a JPEG)")
            xmp = b""
    else:
        names = (("extra", "IPTC"), ("comment", "comment"), ("dpi", "resolution of prints"))
        lost += [name for key, name in names if key in metadata.only_jpeg]
    options["exif"] = exif if image_format == "avif" else EXIF_PREFIX + exif
    if xmp:
        options["xmp"] = xmp
    if metadata.icc:
        options["icc_profile"] = metadata.icc if fits_profile(metadata.icc, mode) else srgb_profile()
    return options, lost


def _turned_xmp(metadata: Metadata, turn: Turn, image_format: str, lost: list[str]) -> tuple[bytes, bytes]:
    """XMP for the result, and segments with what of it a JPEG has beside. What is lost is added to the list."""
    packets = []
    for packet in (metadata.xmp, metadata.extended):
        try:
            packet, unfit = turned_regions(_XMP_ORIENTATION.sub(b"", _XMP_GAIN_MAP.sub(b"", packet)), turn)
        except NoXmp as error:
            packet, unfit = b"", [f"XMP (its regions cannot be turned: it {error})"]
        packets.append(packet)
        lost += [loss for loss in unfit if loss not in lost]
    xmp, extended = packets
    if not (xmp and extended):
        return xmp, b""
    if image_format == "jpeg":
        return as_segments(xmp, extended)
    try:
        return merged(xmp, extended), b""
    except NoXmp as error:
        lost.append(f"Extended XMP (it {error})")
        return xmp, b""


def found_again(result: Image.Image, source: Metadata, options: dict[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """What of the source's metadata a finished file holds, and what it should hold and does not."""
    with reading():
        tags = result.getexif()
    exif = result.info.get("exif", b"").removeprefix(EXIF_PREFIX)
    written_exif = options["exif"].removeprefix(EXIF_PREFIX)
    there = {
        "EXIF": bool(source.exif) and exif == written_exif,
        "GPS": bool(tags.get_ifd(_GPS)),
        "XMP": "xmp" in options and result.info.get("xmp") == options["xmp"],
        "ICC profile": bool(source.icc) and result.info.get("icc_profile") == source.icc,
    }
    wanted = {"EXIF": bool(source.exif), "XMP": bool(source.xmp), "ICC profile": bool(source.icc)}
    kept = tuple(name for name, is_there in there.items() if is_there)
    return kept, [name for name, is_wanted in wanted.items() if is_wanted and not there[name]]
