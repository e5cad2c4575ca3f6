"""Whether picture and sound of a result begin as far apart as those of its source."""

from __future__ import annotations

from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.media.info import MediaInfo, Stream

_NOTICED_SECONDS = 0.045
"""How much sooner than its picture a sound may be before anybody notices (ITU-R BT.1359-1)."""


def lost_offsets(plan: EncodePlan, result: MediaInfo) -> list[str]:
    """The tracks of sound that are no longer in step with the picture from the beginning.

    The starts are those that a probe tells: what an encoder puts in front of the sound, and an edit list or the
    container takes off again, is no offset.
    """
    lost = []
    tracks = [stream for stream in plan.streams.copied if stream.type == "audio"]
    for old, new in zip(tracks, result.audio_streams, strict=False):
        before, after = _later(plan.main, old), _later(result.streams[0], new)
        if before is not None and after is not None and abs(before - after) > _NOTICED_SECONDS:
            lost.append(
                f"the offset of the sound in stream {old.index} (its picture began {before:.2f} s after it,"
                f" and begins {after:.2f} s after it now)"
            )
    return lost


def _later(picture: Stream, sound: Stream) -> float | None:
    """How much later the picture begins than the sound; None where one does not say."""
    if picture.start_seconds is None or sound.start_seconds is None:
        return None
    return picture.start_seconds - sound.start_seconds
