"""The value of `m4a_audio`: which track was taken, and how it came out."""

from __future__ import annotations

from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from media_assets.base.model import Model


class AudioTrack(Model):
    """The value of `m4a_audio`; its file is `audio.m4a`."""

    stream_index: int
    """Index of the chosen stream in the source."""
    chosen_because: str
    language: str | None
    copied: bool
    """True when the source's own AAC was kept bit for bit."""
    duration_seconds: float
    offset_seconds: float
    """How much later than the source's timeline this file's own starts; add it to get times of the source."""
    bit_rate: int | None
    sample_rate: int
    channels: int
    size_bytes: int
    chapters_said: str | None = None
    """How its chapters differ from those of the source, or from what some players show."""
    programmes_said: str | None = None
    """Which of several programmes (channels of a broadcast) is heard, and which are not."""

    @model_serializer(mode="wrap")
    def _without_what_is_rare(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The value as it was stored before programmes were told apart: the same track stays the same version."""
        dumped: dict[str, Any] = dump(self)
        if self.programmes_said is None:
            dumped.pop("programmes_said", None)
        return dumped
