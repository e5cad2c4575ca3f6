"""What ffmpeg says on stderr, and what a failed command means for the file and for the batch."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, TimeLimitExceeded, Transient, classify
from media_assets.base.foreign_errors import told_room
from media_assets.media.byte_ranges import file_of_ranges
from media_assets.work.work import Work

FILE = "file:"
"""The protocol that is put before every local path."""

_LINES = 3
_MATTERS = re.compile(r"\[(error|fatal|panic)\]|corrupt", re.IGNORECASE)
"""Lines that matter. Of warnings only that a demuxer found a packet corrupt; others are of no interest."""
_FOLLOWS = re.compile(
    r"Task finished with error|Terminating thread|Decode error rate|Conversion failed|Nothing was written"
    r"|Error (opening input file|submitting packet|sending frames|processing filtergraph|while decoding)"
)
"""Lines that only say that something went wrong before."""
_DECORATION = re.compile(r" @ 0x[0-9a-f]+|\[(warning|error|fatal|panic)\] ")
_CANNOT_DECODE = 69
"""Exit code when more packets than `-max_error_rate` could not be decoded."""
_WRITER = re.compile(r"\[(out#\d+/\w+|mp4|mov|ipod|matroska|null)\] ")
"""Lines of those that write. Readers have other names (`mov,mp4,m4a,3gp,3g2,mj2`, `matroska,webm`, `in#0/mpegts`)."""
_STOPPED = (-signal.SIGKILL, -signal.SIGTERM, 255)
"""255 is ffmpeg's own answer to a signal."""
_TOO_MANY_CHANNELS = re.compile(rb"Too many channels: (\d+)")
_MOST_CHANNELS = 512
"""FFmpeg decodes no more (`FF_SANE_NB_CHANNELS`)."""
_UNKNOWN_CHANNELS = re.compile(rb"Rematrix is needed between (\d+) channels and .* not enough information")
FEWER_CHANNELS = "Export it with 8 channels or fewer"
_PLAY_IT = "Play the file to its end to see whether it is damaged; export or fetch it again"


def complaints(error_output: bytes, command: Sequence[str], work: Work) -> tuple[str, ...]:
    """The errors in stderr, each once, without the folders of this machine. They need not have made ffmpeg fail."""
    text = error_output.decode(errors="surrogateescape")
    for path in (*_files(command), work.directory):
        name = path.name.replace("\n", " ")
        text = text.replace(f"{FILE}{path}", name).replace(str(path), name)
    text = text.encode(errors="surrogateescape").decode(errors="replace")
    lines = [_DECORATION.sub("", line).strip() for line in text.splitlines() if _MATTERS.search(line)]
    causes = [line for line in lines if not _FOLLOWS.search(line)]
    return tuple(dict.fromkeys(causes or lines))


def of_content(errors: Sequence[str]) -> tuple[str, ...]:
    """The errors of `complaints` that concern what was read: not what a writer remarked of times and sizes.

    What a writer cannot write makes ffmpeg fail; what it wrote is looked at afterwards.
    """
    return tuple(error for error in errors if not _WRITER.match(error))


def failure(exit_code: int, error_output: bytes, command: Sequence[str], work: Work) -> MediaAssetsError:
    """The error for a command that ended with a non-zero exit code."""
    files = _files(command)
    if b"No space left on device" in error_output:
        place = files[-1] if command[-1].startswith(FILE) else work.directory
        return Fatal(
            f"no space is left on the device for {place}{told_room(place)}", next_step="Free space, then run again"
        )
    if exit_code == -signal.SIGXFSZ:
        return Fatal(
            f"{work.directory} has no room for what ffmpeg writes: {work.min_free_bytes} bytes have to stay free",
            next_step="Free space there, or move state_dir or lower limits.min_free_bytes in library.yaml",
        )
    if exit_code == -signal.SIGXCPU:
        return TimeLimitExceeded("took more time of the processor than its limit holds", next_step=_PLAY_IT)
    if b"Cannot allocate memory" in error_output:
        return BadMedia(
            f"needs more than {work.tool_limits.memory / 1e9:.3g} GB of memory to be processed",
            next_step="Look at the file; if it is sound, raise limits.ffmpeg_memory_bytes in library.yaml",
        )
    for option, url in pairwise(command):
        if option == "-i" and (path := _file(url)) is not None:
            try:
                path.open("rb").close()
            except OSError as error:
                return classify(error, source=path)
    if exit_code in _STOPPED:
        return Transient("ffmpeg was stopped from outside", next_step="If memory ran out, lower `workers` of the asset")
    if exit_code < 0:
        return BadMedia(f"made ffmpeg crash ({signal.Signals(-exit_code).name})", next_step="Install another ffmpeg")
    what = "parts of it cannot be decoded" if exit_code == _CANNOT_DECODE else "ffmpeg cannot process it"
    if (channels := _trouble_with_channels(error_output)) is not None:
        return BadMedia(f"{what}: {channels}", next_step=FEWER_CHANNELS)
    message = "; ".join(complaints(error_output, command, work)[-_LINES:]) or f"exit code {exit_code}"
    return BadMedia(f"{what}: {message}", next_step=_PLAY_IT)


def _trouble_with_channels(error_output: bytes) -> str | None:
    """What is wrong with the number of channels, if that made ffmpeg fail."""
    if found := _TOO_MANY_CHANNELS.search(error_output):
        return f"it has {int(found[1])} channels; at most {_MOST_CHANNELS} can be decoded"
    if found := _UNKNOWN_CHANNELS.search(error_output):
        return f"it has {int(found[1])} channels and does not say where each is heard, so they cannot be mixed"
    return None


def _files(command: Sequence[str]) -> list[Path]:
    return [path for argument in command if (path := _file(argument)) is not None]


def _file(url: str) -> Path | None:
    """The local file that an argument names."""
    return Path(url.removeprefix(FILE)) if url.startswith(FILE) else file_of_ranges(url)
