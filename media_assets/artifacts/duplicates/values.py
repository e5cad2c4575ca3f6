"""What is known of a file to find its duplicates, and the groups that were found.

Arrays stand in base64, little-endian: JSON holds them at a third more than their size. No I/O in here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from media_assets.base.model import Model
from media_assets.media.info import MediaKind

GroupKind = Literal["exact", "near"]


class FrameHashes(Model):
    """The pictures of a video, taken at equal steps from the start of its timeline, or the one of an image."""

    algorithm: str
    interval_seconds: float
    """A power of two; 0 for an image."""
    codes: str
    """64 bits each; 0 stands for a frame that is black or blank."""
    motion: str = ""
    """Videos: per frame, how much it differs from the frame before, as a byte (see `pictures.MOTION_SCALE`)."""
    thumbnail: str = ""
    """Images: 32×32 bytes of brightness, upright, without black bars."""
    stills: str = ""
    """Videos: the same of three frames, at a sixth, a half and five sixths of it; empty where they were not kept."""
    shown: float = 1.0
    """Share of the picture inside black bars, on whatever sides they are; 1 where there are none, and where it was not
    measured yet."""


class AudioPrint(Model):
    """Chromaprint's raw fingerprint: 32 bits every `item_seconds`, from the start of the file's timeline."""

    algorithm: str
    item_seconds: float
    values: str


class Belongings(Model):
    """What a file holds beside the pictures and the sound by which it is compared, as its headers say."""

    tracks: tuple[str, ...] = ()
    """The language of each track of sound, as the container has it; empty where it does not say."""
    channels: int = 0
    """The most that a track of sound has."""
    subtitles: tuple[str, ...] = ()
    """The language of each track of subtitles."""
    chapters: int = 0
    cover: bool = False
    attached: tuple[str, ...] = ()
    """Names of attached files, e.g. fonts."""
    media: tuple[str, ...] = ()
    """Films, sounds and pictures in a file of a picture, each as a phrase."""
    place: bool = False
    """Whether it says where it was taken."""
    camera: bool = False
    """Whether it says by which camera it was taken."""
    texts: tuple[str, ...] = ()
    """What people wrote into it, each as a phrase."""
    hdr: str = ""
    """How it shows what is brighter than white; empty where it does not."""
    bit_depth: int = 8
    """Bits of each colour."""
    lossless: bool = False
    frame_rate: float = 0.0
    """Pictures a second on average, as the file says; 0 where that is not known."""
    codec: str = ""
    """FFmpeg's name of how the picture is coded, or the sound where there is none; empty where that was not noted."""
    sample_rate: int = 0
    """That of its first track of sound; 0 where it is not known."""
    raw: bool = False
    """Whether it holds what the sensor of a camera saw, before it was made a picture."""


INDEX_VERSION = "2"
"""Version of what `dedup_index` stores; an artifact of another version is made anew before it is used."""


class IndexedContent(Model):
    """The value of `dedup_index`: the content of a file, wherever it lies. Files of equal content share it."""

    size_bytes: int
    md5: str | None = None
    sha256: str | None = None
    recorded_at: datetime | None = None
    kind: MediaKind
    duration_seconds: float | None = None
    width: int | None = None
    """Pixels, as displayed."""
    height: int | None = None
    bit_rate: int | None = None
    """Bits per second, of the whole file."""
    reencoded_by: str | None = None
    """The encoder's mark, when it is one that works on files and not in a camera."""
    container: str | None = None
    """FFmpeg's name of its demuxer; None where that was not noted."""
    has_sound: bool | None = None
    """Whether it has a track of sound, be it silent; None where that was not noted."""
    has_camera_tags: bool = False
    """Whether it still says by which camera or where it was taken."""
    frames: FrameHashes | None = None
    audio: AudioPrint | None = None
    """None when there is no sound, or too little."""
    heard: float | None = None
    """Share of its length in which something is heard, 0 to 1; None where that was not measured."""
    lacks_channel: bool = False
    """Whether nothing is heard in one of its two channels."""
    holds: Belongings | None = None
    """None where that was not looked for yet."""
    left_out: str | None = None
    """Why neither pictures nor sound were compared, but exact copies alone, where that was not for want of any."""


class DedupRow(IndexedContent):
    """One file of the library: what is in it, and where it lies."""

    key: str
    path: str
    """Path in the source, percent-encoded, as in `SourceFile.path`."""
    file_id: str | None = None
    """Equal for two names of one stored file (device and inode, a Drive id); None when names are all there is."""
    modified_at: datetime
    revision: str = ""
    """The revision of the source when its content was read; empty when it never was, so that the source alone vouches
    for the checksums."""


class DuplicateMember(Model):
    """A redundant copy."""

    key: str
    path: str
    size_bytes: int
    kind: GroupKind
    """How it relates to the file that is kept."""
    similarity: float
    """1 for equal bytes; else the share of the evidence (frames, sound, picture) that agrees, 0 to 1."""
    reason: str
    offset_seconds: float = 0.0
    """The second of the kept file at which this one starts."""
    freed_bytes: int
    """What its removal frees: nothing when the same stored file has another name."""
    copy_of: str | None = None
    """The key of the member before it that has equal bytes, where that is not the file that is kept."""


class LookAlike(Model):
    """Two files that fingerprints take for the same and a look at them does not, or that could not be looked at. Not
    for deletion."""

    key: str
    other_key: str
    path: str
    other_path: str
    size_bytes: int
    other_size_bytes: int
    similarity: float
    """What the fingerprints say, 0 to 1."""
    reason: str
    """Why they are not taken for the same."""


class DuplicateGroup(Model):
    """Files that are the same: one to keep, and every other compared with that one itself."""

    kind: GroupKind
    """`near` as soon as one member is not byte for byte the same."""
    keep_key: str
    keep_path: str
    keep_size_bytes: int
    keep_because: str
    members: tuple[DuplicateMember, ...]

    @property
    def freed_bytes(self) -> int:
        return sum(member.freed_bytes for member in self.members)
