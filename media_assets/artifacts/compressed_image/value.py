"""The value of `compressed_image`: what was done with a photo, and how good the result is."""

from __future__ import annotations

from typing import Literal

from media_assets.base.model import Model


class CompressedImage(Model):
    """The value of `compressed_image`; its file, when there is one, is `image.jpg`, `image.webp` or `image.avif`."""

    outcome: Literal["compressed", "left"]
    """`left`: the original stays, and there is no file."""
    reason: str
    """Why it was left, or what was done, as a clause behind the file's name."""
    rule: str | None = None
    """Name of the rule that fitted; None when none did."""
    source_format: str
    source_width: int
    """Pixels as displayed."""
    source_height: int
    source_bytes: int
    format: Literal["jpeg", "webp", "avif"] | None = None
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    encoder_quality: int | None = None
    """The encoder's own scale, 0 to 100."""
    chroma: Literal["4:2:0", "4:4:4"] | None = None
    """How finely colour is kept."""
    ssimulacra2: float | None = None
    """SSIMULACRA2 of the result against the source at the result's size; 100 is identical."""
    target_ssimulacra2: float | None = None
    """SSIMULACRA2 that was to be reached."""
    kept: tuple[str, ...] = ()
    """Metadata found again in the result: `EXIF`, `GPS`, `ICC profile`, `XMP`."""
    lost: tuple[str, ...] = ()
    """What the source has and the result does not."""
    trials: int = 0
    """How many encodings were judged."""

    @property
    def saved_share(self) -> float:
        """0 to 1; 0 when the original stays."""
        return 0.0 if self.size_bytes is None else 1.0 - self.size_bytes / self.source_bytes
