"""What is stored about compressed images and thumbnails."""

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
    """Of the result against the source at the result's size; 100 is identical."""
    target_ssimulacra2: float | None = None
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


class ThumbnailSize(Model):
    name: str
    """Name of the file."""
    width: int
    height: int
    size_bytes: int


class ContactSheet(Model):
    name: str
    columns: int
    rows: int
    times_seconds: tuple[float, ...]
    """Times, in seconds, of its frames, from the start of the source's timeline."""
    size_bytes: int


class Thumbnails(Model):
    """The value of `thumbnail`."""

    origin: Literal["video frame", "cover art", "image"]
    chosen_because: str
    time_seconds: float | None = None
    """Time, in seconds, of the frame the poster shows; None for cover art and images."""
    source_width: int
    """Pixels as displayed, of the decoded picture the sizes were made from."""
    source_height: int
    tone_mapped: bool = False
    sizes: tuple[ThumbnailSize, ...]
    contact_sheet: ContactSheet | None = None
    preview: str
    """A tiny JPEG as a data URI, at most 12 kB, to be shown in Markdown."""
