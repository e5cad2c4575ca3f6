"""The section `audio` of library.yaml: which track `m4a_audio` takes, and how it is encoded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.base.section import Section
from media_assets.base.validators import Language


class AudioSettings(Section):
    """`m4a_audio`."""

    languages: tuple[Language, ...] = ()
    """Preferred languages of the audio track, best first, as ISO 639-1 or -2 codes."""
    bit_rate_kbps: Annotated[int, Field(ge=16, le=512)] = 96
    """Bit rate, in kbit/s, of a track that has to be encoded; a track that is AAC already is copied."""
    channels: Annotated[int, Field(ge=1, le=8)] | None = None
    """Mix down to so many channels when encoding; absent: as many as the source has, stereo at most."""
