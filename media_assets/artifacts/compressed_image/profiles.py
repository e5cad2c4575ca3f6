"""The ICC profile of a picture: carried over as it is, or used up by a conversion to sRGB, or of no use."""

from __future__ import annotations

from media_assets.media.pictures.pixels import applies

CONVERTED = "ICC profile (the colours are converted by it to sRGB)"
OF_NO_USE = "ICC profile (it cannot be read, or is for other colours; they are taken as if there were none)"


def fits_profile(icc: bytes, mode: str) -> bool:
    """Whether an ICC profile is for pictures of this mode: bytes 16 to 19 of its header name the colour space."""
    return icc[16:20] == {"L": b"GRAY", "CMYK": b"CMYK"}.get(mode, b"RGB ")


def lost_profile(icc: bytes, mode: str) -> list[str]:
    """What becomes of a profile that the result cannot have, as a phrase; nothing where there is none.

    Args:
        mode: Of the picture that is converted to sRGB.
    """
    if not icc:
        return []
    return [CONVERTED if applies(icc, mode) else OF_NO_USE]
