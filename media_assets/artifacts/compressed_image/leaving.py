"""Why an image is left as it is, as far as that can be told without a trial."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.compressed_image.colours import only_in_header
from media_assets.artifacts.compressed_image.exif import Mark
from media_assets.artifacts.compressed_image.metadata import segments_of
from media_assets.artifacts.compressed_image.segments import large_segment
from media_assets.artifacts.compressed_image.settings import ImageRule, ImageSettings
from media_assets.media import isobmff
from media_assets.media.info import MediaInfo
from media_assets.media.pictures.behind import Behind
from media_assets.media.pictures.searching import is_in

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "HEIF": "heic"}
"""What is compressed, by Pillow's names, which are also pillow-heif's."""

_MOTION = (
    *(name + value for name in (b"MotionPhoto", b"MicroVideo") for value in (b'="1"', b">1<")),
    b"MotionPhoto_Data",
)
"""Marks of a photo with a film in it: in XMP of Google's camera app, in the trailer of Samsung's."""
_IN_XMP = (
    (b"http://ns.google.com/photos/1.0/image/", "a picture"),
    (b"http://ns.google.com/photos/1.0/audio/", "a sound recording"),
    (b"http://ns.google.com/photos/1.0/depthmap/", "a depth map"),
)
_DATA = re.compile(rb":Data\s*(?:=|>)")
_REACHED = 0.02
"""A goal counts as reached when no more than this share of the original is missing to it."""
_SRGB_PRIMARIES = (1, 2)
"""ITU-T H.273: BT.709, which is sRGB's, and unspecified."""


def peculiarity(image: Image.Image, source: Path, media: MediaInfo, behind: Behind) -> str | None:
    """What an image has that no result could keep, as a clause behind its name; None when it has nothing such.

    Args:
        image: Open, not yet decoded.
        behind: What comes behind the picture.
    """
    if image.format not in FORMATS:
        return f"is {image.format}, a format that is left as it is"
    pictures = getattr(image, "n_frames", 1)
    if pictures > 1 and image.format == "HEIF":
        return f"holds {pictures} pictures, and a result would hold one"
    if pictures > 1 and image.format != "MPO":
        return f"moves ({pictures} frames), and a result would stand still"
    if _is_motion_photo(source):
        return "is a motion photo, and a result would lose its video"
    if (inside := _media_in_xmp(image)) is not None:
        return f"holds {inside} in its XMP, which a result would lose"
    if reason := behind.reason or large_segment(image):
        return reason
    hdr = next((stream.hdr for stream in media.video_streams if stream.hdr), None)
    nclx = image.info.get("nclx_profile")
    if hdr is None and nclx and nclx["transfer_characteristics"] in (16, 18):
        hdr = "HDR10" if nclx["transfer_characteristics"] == 16 else "HLG"
    if hdr:
        return f"is {hdr}, and a result would be of standard range"
    if nclx and not image.info.get("icc_profile") and nclx["color_primaries"] not in _SRGB_PRIMARIES:
        return "has wide colours that only a HEIC header names, and a result would look paler"
    with source.open("rb") as file:
        return only_in_header(file, bool(image.info.get("icc_profile")))


def _media_in_xmp(image: Image.Image) -> str | None:
    """What Google's camera apps put into extended XMP, which belongs to the picture as it is."""
    packets = b"".join(segment for segment in segments_of(image, "APP1") if segment.startswith(b"http://"))
    if not _DATA.search(packets):
        return None
    return next((what for name, what in _IN_XMP if name in packets), None)


def _is_motion_photo(source: Path) -> bool:
    with source.open("rb") as file:
        head = file.read(16)
        if isobmff.is_iso(head):
            return any(box.type == b"mpvd" for box in isobmff.boxes(file))
        file.seek(0)
        return head.startswith(b"\xff\xd8") and is_in(file, _MOTION)


def satisfied(
    rule: ImageRule | None,
    settings: ImageSettings,
    image_format: str,
    size_bytes: int,
    pixels: int,
    mark: Mark | None,
) -> str | None:
    """Why nothing need be done: no rule fits, it was compressed here before, or it is efficient already."""
    if rule is None:
        return "no rule fits its age and size"
    if mark is not None:
        if mark.goal >= rule.reduction:
            return f"was compressed here before, with the goal of {mark.goal:.0%}"
        if size_bytes <= mark.original_bytes * (1 - rule.reduction + _REACHED):
            return f"was compressed here before, by {1 - size_bytes / mark.original_bytes:.0%} already"
        return None
    bits = size_bytes * 8 / pixels
    limit = settings.efficient_bits_per_pixel.model_dump().get(image_format, 0.0)
    if bits <= limit:
        return f"is efficient already: {bits:.2f} bits per pixel, and up to {limit:g} is left as it is"
    return None
