"""Sound whose last packet says itself how short it is, in a container that says it once more.

CAF counts the samples by which the last packet is too long (`mRemainderFrames` of Apple's packet table). A packet of
ALAC or FLAC has just the samples that are sound, and FFmpeg 8 and later take the remainder off that again: up to 0.1 s,
the end of a last word.
"""

from __future__ import annotations

from media_assets.media.info import MediaInfo, Stream

_CONTAINER = "caf"
_SAY_THEIR_LENGTH = {"alac", "flac"}
"""They have no delay of an encoder either, which would have to be taken off."""


def own_end(media: MediaInfo, stream: Stream) -> dict[str, str]:
    """Options of an input of ffmpeg that keep it from taking more off such a stream than its packets do."""
    twice = media.container == _CONTAINER and stream.codec in _SAY_THEIR_LENGTH
    return {"flags2": "skip_manual"} if twice else {}
