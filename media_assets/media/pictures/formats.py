"""Pictures that neither FFmpeg nor Pillow is let open here, known by their first bytes: raw pictures, drawings, layers.

They are pictures all the same, not files of unknown kind, and no fault of theirs: they are left as they are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

from media_assets.media.pictures.layout import JPEG, jpeg_segments
from media_assets.media.pictures.tiff import Directory, Tiff


class PictureFormat(NamedTuple):
    mime_type: str
    name: str
    """What people call it."""


_RAW_OF = {
    "nikon": PictureFormat("image/x-nikon-nef", "a raw picture (Nikon NEF)"),
    "sony": PictureFormat("image/x-sony-arw", "a raw picture (Sony ARW)"),
    "pentax": PictureFormat("image/x-pentax-pef", "a raw picture (Pentax PEF)"),
    "ricoh": PictureFormat("image/x-pentax-pef", "a raw picture (Pentax PEF)"),
    "samsung": PictureFormat("image/x-samsung-srw", "a raw picture (Samsung SRW)"),
    "hasselblad": PictureFormat("image/x-hasselblad-3fr", "a raw picture (Hasselblad 3FR)"),
    "phase one": PictureFormat("image/x-phaseone-iiq", "a raw picture (Phase One IIQ)"),
    "epson": PictureFormat("image/x-epson-erf", "a raw picture (Epson ERF)"),
    "kodak": PictureFormat("image/x-kodak-dcr", "a raw picture (Kodak DCR)"),
}
_CR2 = PictureFormat("image/x-canon-cr2", "a raw picture (Canon CR2)")
_DNG = PictureFormat("image/x-adobe-dng", "a raw picture (DNG)")
_RAW = PictureFormat("image/x-raw", "a raw picture")
_ORF = PictureFormat("image/x-olympus-orf", "a raw picture (Olympus ORF)")
_EPS = PictureFormat("application/postscript", "a drawing (PostScript)")
_SVG = PictureFormat("image/svg+xml", "a drawing (SVG)")
SVG_TYPE = _SVG.mime_type
TGA = PictureFormat("image/x-tga", "a TGA")
_SIGNATURES = (
    (0, b"FUJIFILMCCD-RAW ", PictureFormat("image/x-fuji-raf", "a raw picture (Fujifilm RAF)")),
    (4, b"ftypcrx ", PictureFormat("image/x-canon-cr3", "a raw picture (Canon CR3)")),
    (0, b"IIRO", _ORF),
    (0, b"IIRS", _ORF),
    (0, b"MMOR", _ORF),
    (0, b"IIU\0", PictureFormat("image/x-panasonic-rw2", "a raw picture (Panasonic RW2)")),
    (0, b"FOVb", PictureFormat("image/x-sigma-x3f", "a raw picture (Sigma X3F)")),
    (0, b"\0MRM", PictureFormat("image/x-minolta-mrw", "a raw picture (Minolta MRW)")),
    (6, b"HEAPCCDR", PictureFormat("image/x-canon-crw", "a raw picture (Canon CRW)")),
    (0, b"II\xbc", PictureFormat("image/jxr", "a JPEG XR")),
    (0, b"II+\0\x08\0\0\0", PictureFormat("image/tiff", "a BigTIFF")),
    (0, b"MM\0+\0\x08\0\0", PictureFormat("image/tiff", "a BigTIFF")),
    (0, b"8BPS\0\x02", PictureFormat("image/vnd.adobe.photoshop", "a large document of Photoshop (PSB)")),
    (0, b"gimp xcf ", PictureFormat("image/x-xcf", "a picture of GIMP (XCF)")),
    (0, b"AT&TFORM", PictureFormat("image/vnd.djvu", "a scanned document (DjVu)")),
    (0, b"FLIF", PictureFormat("image/flif", "a FLIF")),
    (0, b"BPG\xfb", PictureFormat("image/bpg", "a BPG")),
    (0, b"icns", PictureFormat("image/icns", "an icon (ICNS)")),
    (0, b"P7\n", PictureFormat("image/x-portable-arbitrarymap", "a PAM")),
    (0, b"SIMPLE  =", PictureFormat("image/fits", "an astronomical picture (FITS)")),
    (0, b"\xc5\xd0\xd3\xc6", _EPS),
    (0, b"%!PS-Adobe-", _EPS),
    (0, b"\xd7\xcd\xc6\x9a", PictureFormat("image/wmf", "a drawing (WMF)")),
    (40, b" EMF", PictureFormat("image/emf", "a drawing (EMF)")),
    (8, b"CDR", PictureFormat("image/x-coreldraw", "a drawing (CorelDRAW)")),
)
_SVG_NAMESPACE = b"http://www.w3.org/2000/svg"
"""Without it an XML document is shown by no viewer, whatever its elements are called."""
_BEGINS_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->|<\?.*?\?>|<!DOCTYPE\s+svg[^>\[]*(?:\[[^\]]*\])?\s*>)*+<(?:[\w.-]+:)?svg[\s>/]",
    re.DOTALL | re.IGNORECASE,
)
_BY_TYPE = {
    each.mime_type: each.name
    for each in (*_RAW_OF.values(), *(f for _, _, f in _SIGNATURES), _CR2, _DNG, _RAW, _SVG, TGA)
}

_MAKE, _COMPRESSION, _PHOTOMETRIC, _INNER, _DNG_VERSION = 0x010F, 0x0103, 0x0106, 0x014A, 0xC612
_MOSAIC = (32803, 34892)
"""Colours of a sensor's filters, and linear: TIFF/EP and DNG."""
_RAW_COMPRESSION = (32767, 32769, 34316, 34713, 65000, 65535)
_TGA_END = b"TRUEVISION-XFILE.\0"
_TGA_KINDS, _TGA_DEPTHS = (1, 2, 3, 9, 10, 11), (8, 15, 16, 24, 32)


def unopened_format(head: bytes) -> PictureFormat | None:
    """The format of a picture that is not opened here, by its first bytes; None for anything else."""
    for at, signature, found in _SIGNATURES:
        if head.startswith(signature, at) and (at != 8 or head.startswith(b"RIFF")) and (at != 40 or head[0] == 1):
            return found
    return _SVG if _SVG_NAMESPACE in head and _BEGINS_SVG.match(head) else None


def is_tga(file: BinaryIO, head: bytes, name: str) -> bool:
    """Whether it is a TGA, whose first bytes are no signature: its last ones are, or its header makes sense."""
    if len(head) < 18:
        return False
    file.seek(max(0, file.seek(0, 2) - len(_TGA_END)))
    if file.read() == _TGA_END:
        return True
    makes_sense = head[1] in (0, 1) and head[2] in _TGA_KINDS and head[16] in _TGA_DEPTHS and not head[17] & 0xC0
    return makes_sense and any(head[12:14]) and any(head[14:16]) and name.lower().endswith((".tga", ".icb", ".vda"))


def name_of(mime_type: str) -> str | None:
    """What a picture of this MIME type is, for people; None for what is opened here, or no picture."""
    return _BY_TYPE.get(mime_type)


def is_raw(mime_type: str) -> bool:
    """Whether a MIME type is that of a raw picture that calls itself a TIFF, which can be shown by luck alone."""
    return mime_type in {each.mime_type for each in (*_RAW_OF.values(), _CR2, _DNG, _RAW)}


def raw_format(file: BinaryIO) -> PictureFormat | None:
    """The format of a raw picture that calls itself a TIFF: the data of its sensor say so; None for other files."""
    file.seek(0)
    head = file.read(16)
    first = Tiff(file).first() if head[:4] in (b"II*\0", b"MM\0*") else None
    if first is None:
        return None
    if head[8:10] == b"CR":
        return _CR2
    if _DNG_VERSION in first:
        return _DNG
    if not any(_is_of_a_sensor(each) for each in (first, *first.inner(_INNER))):
        return None
    make = first.text(_MAKE).lower()
    return next((found for maker, found in _RAW_OF.items() if maker in make), _RAW)


def _is_of_a_sensor(directory: Directory) -> bool:
    told = (directory.numbers(_PHOTOMETRIC), directory.numbers(_COMPRESSION))
    return bool(set(told[0]) & set(_MOSAIC) or set(told[1]) & set(_RAW_COMPRESSION))


_SEQUENTIAL = (0xC0, 0xC1, 0xC2)
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def why_unopened(path: Path) -> str:
    """What a picture is that cannot be opened here although nothing is wrong with it; empty when nothing tells."""
    with path.open("rb") as file:
        if raw := raw_format(file):
            return raw.name
        file.seek(0)
        if file.read(2) != JPEG:
            return ""
        for part in jpeg_segments(file):
            if part.kind[0] in _FRAMES and part.size >= 6:
                precision = part.content(file)[0]
                if precision != 8:
                    return f"a JPEG of {precision} bits per channel"
                return "" if part.kind[0] in _SEQUENTIAL else "a JPEG of an uncommon kind (lossless or arithmetic)"
    return ""
