"""The section `ffmpeg` of library.yaml: which one is used, and how far it is trusted."""

from __future__ import annotations

from media_assets.base.section import Section
from media_assets.base.validators import NamedPath


class FFmpegSettings(Section):
    """The ffmpeg that everything uses."""

    path: NamedPath | None = None
    """The ffmpeg to use. Absent: the one on PATH if it can do what is needed, else the one of `imageio-ffmpeg`."""
    confined: bool = True
    """Whether, on Linux, the kernel refuses it to start programs and to reach the network, neither of which it needs.
    False for a program of one's own that does (a script may start programs in any case)."""
