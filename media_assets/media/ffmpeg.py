"""The ffmpeg engine: which ffmpeg is used, how it is run on one file, and what its failures mean.

What belongs here: everything that is the same for every ffmpeg command. Commands themselves are built with
`ffmpeg-python` by those who need them (`artifacts/m4a_audio/extract.py`,
`artifacts/compressed_video/encoding/encode.py` …).
"""

from __future__ import annotations

import copy
import re
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import ffmpeg

from media_assets.base.errors import BadMedia, Fatal, TimeLimitExceeded, Transient
from media_assets.media.ffmpeg_errors import complaints, failure
from media_assets.media.ffmpeg_progress import FFmpegProgress
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.mixing import MonoMix, equal_mix
from media_assets.media.own_ends import own_end
from media_assets.media.probe import probe
from media_assets.media.process import Ending, run_process
from media_assets.media.sandbox.kernel_filter import Freedom
from media_assets.media.settings import FFmpegSettings
from media_assets.media.untrusted import uploaded
from media_assets.work.work import Work

NEEDED_ENCODERS = ("aac", "libx264")
MINIMUM_VERSION = 6
_MINIMUM_LIBAVUTIL = 58
"""libavutil of FFmpeg 6.0 (its APIchanges). Builds from git have no FFmpeg version, but always this one."""

ALL_MUST_DECODE = {"max_error_rate": 0}
"""Options of an output that decodes: without them ffmpeg succeeds although up to two thirds could not be decoded."""
KEEP_TIME = "async=1:first_pts=0"
"""Options of the filter aresample: silence where the source has gaps, so that what follows is not heard too early."""

_DEFAULTS = FFmpegSettings()
_QUESTION_TIMEOUT_SECONDS = 30
_GLOBAL_ARGUMENTS = ("-hide_banner", "-nostdin", "-y", "-loglevel", "level+warning")
_TELLING_ARGUMENTS = ("-loglevel", "level+info", "-nostats")
_PROGRESS_ARGUMENTS = ("-progress", "pipe:1", "-stats_period", "0.5")


@lru_cache
def missing_from(path: Path) -> tuple[str, ...]:
    """What the ffmpeg at `path` lacks of what media_assets needs, in words; empty when it can do everything."""
    banner = _ask(path, "-version")
    libavutil = re.search(r"^libavutil\s+(\d+)\.", banner, re.MULTILINE)
    if libavutil is None:
        return ("the ability to run here",)
    missing = [] if int(libavutil[1]) >= _MINIMUM_LIBAVUTIL else [f"version {MINIMUM_VERSION} or newer"]
    encoders = set(re.findall(r"^ [VAS][A-Z.]{5} (\S+)", _ask(path, "-encoders"), re.MULTILINE))
    return (*missing, *(f"the encoder {name}" for name in NEEDED_ENCODERS if name not in encoders))


def _ask(path: Path, question: str, freedom: Freedom = "none") -> str:
    """ffmpeg's answer about itself; empty when it does not run at all, or not with the freedom it will have."""
    work = Work(Path(tempfile.gettempdir()), time_limit_seconds=_QUESTION_TIMEOUT_SECONDS)
    try:
        answer = b"".join(run_process([str(path), "-hide_banner", question], work, Ending(), freedom))
    except (OSError, TimeLimitExceeded, Transient):
        return ""
    return answer.decode(errors="replace")


class FFmpeg:
    """Runs ffmpeg. One object serves any number of files and threads."""

    def __init__(self, settings: FFmpegSettings = _DEFAULTS) -> None:
        self._settings = settings
        self._freedom: Freedom = "none" if settings.confined else "all"

    @cached_property
    def path(self) -> Path:
        """The program: the configured one, else a capable one on PATH, else that of `imageio-ffmpeg`.

        Raises:
            Fatal: there is none that can do what is needed.
        """
        configured = self._settings.path
        if configured is not None:
            found = shutil.which(configured)
            if found is None:
                raise Fatal(
                    f"there is no program at {configured}, the `ffmpeg.path` of library.yaml",
                    next_step="Correct it, or remove it to use the ffmpeg that came with media-assets",
                )
            return Path(found)
        on_path = shutil.which("ffmpeg")
        if on_path is not None and not missing_from(Path(on_path)):
            return Path(on_path)
        return _bundled()

    @cached_property
    def version(self) -> str:
        """The version as ffmpeg itself writes it, e.g. `7.1.1` or `n9.0.2-17-g2a571b6068`."""
        name = re.match(r"ffmpeg version (\S+)", _ask(self.path, "-version", self._freedom))
        if name is None:
            raise Fatal(
                f"{self.path} does not answer as an ffmpeg does",
                next_step="Correct `ffmpeg.path`; if it has to start other programs, set `ffmpeg.confined: false`",
            )
        return name[1]

    def freer(self, freedom: Freedom) -> FFmpeg:
        """The same ffmpeg with more freedom, which drivers of graphics cards need."""
        other = copy.copy(self)
        if self._freedom != "all":
            other._freedom = freedom
        return other

    def run(self, output: Any, work: Work, *, duration_seconds: float | None = None) -> tuple[str, ...]:
        """Run a command that writes files.

        Args:
            output: An output of `ffmpeg-python`.
            work: Receives the fraction done when `duration_seconds` is given.
            duration_seconds: How much media the command will write.

        Returns:
            The errors that ffmpeg met and got over: to ffmpeg it is no failure when a demuxer skips what is damaged.

        Raises:
            BadMedia: ffmpeg could not do it with this file; the reason is ffmpeg's own.
            TimeLimitExceeded, Cancelled: ffmpeg was killed.
            SourceChanged: an input is no longer there.
            Transient: ffmpeg was killed from outside.
            Fatal: the disk is full, or ffmpeg cannot be started.
        """
        command = self._command(output, *_PROGRESS_ARGUMENTS)
        return complaints(self._run(command, work, duration_seconds), command, work)

    def told(self, output: Any, work: Work, *, duration_seconds: float | None = None) -> str:
        """Run a command that measures, and return all that it says of it.

        Args and raises: as `run`.
        """
        command = self._command(output, *_PROGRESS_ARGUMENTS, *_TELLING_ARGUMENTS)
        return self._run(command, work, duration_seconds).decode(errors="replace")

    def _run(self, command: Sequence[str], work: Work, duration_seconds: float | None) -> bytes:
        """What a command wrote to its standard error."""
        ending = Ending()
        rest, made = b"", FFmpegProgress()
        for data in self._stream(command, work, ending):
            *lines, rest = (rest + data).split(b"\n")
            if made.more(lines):
                work.progressed()
            if duration_seconds and made.seconds is not None:
                work.report(min(1.0, max(0.0, made.seconds / duration_seconds)))
        return ending.error_output

    def pcm(
        self,
        path: Path,
        work: Work,
        *,
        sample_rate: int = 16000,
        start_seconds: float | None = None,
        duration_seconds: float | None = None,
        mix: MonoMix | None = None,
    ) -> Generator[bytes, None, None]:
        """The first audio stream of a file as mono 16 bit little-endian samples, one second at a time.

        Where two channels cancel each other out, one is taken alone. Sample n is heard n / sample_rate seconds after
        the start (or `start_seconds`), also when the stream begins late or has gaps: these become silence. Closing the
        generator ends ffmpeg. Memory stays bounded: ffmpeg waits while nobody reads.

        Args:
            work: Its limit and cancellation end ffmpeg.
            start_seconds: Where to begin; None for the start of the stream.
            duration_seconds: How much to give; None for all.
            mix: Tells afterwards how the channels were mixed, for whoever wants to know.

        Raises:
            BadMedia: after the last samples, when something could not be decoded.
            Others: as `run`.
        """
        start = {} if start_seconds is None else {"ss": start_seconds}
        length = {} if duration_seconds is None else {"t": duration_seconds}
        media = _audible(path, work)
        stream = media.audio_streams[0]
        channels = {"ac": min(stream.channels or 1, 2)}
        filters = [f"aresample={sample_rate}:{KEEP_TIME}"]
        if stream.is_of_unknown_layout:
            channels, filters = {}, [equal_mix(stream.channels or 1, 1 / (stream.channels or 1)), *filters]
        output = uploaded(path, media.container, **start)["a:0"].output(
            "pipe:1",
            format="s16le",
            acodec="pcm_s16le",
            af=",".join(filters),
            **channels,
            **ALL_MUST_DECODE,
            **length,
        )
        if channels.get("ac") != 2:
            yield from self._seconds(output, work, 2 * sample_rate)
            return
        mix = mix or MonoMix(sample_rate)
        for second in self._seconds(output, work, 4 * sample_rate):
            yield mix.mixed(second)

    def samples(
        self,
        path: Path,
        media: MediaInfo,
        stream: Stream,
        work: Work,
        *,
        sample_rate: int,
        keeps_time: bool = False,
        before: str | None = None,
    ) -> Generator[bytes, None, None]:
        """All channels of a stream as they are, interleaved 16 bit little-endian samples, one second at a time.

        Args:
            keeps_time: Whether sample n is heard n / sample_rate seconds after the start, as with `pcm`.
            before: A filter in front of all others.

        Raises:
            BadMedia and others: as `pcm`.
        """
        steps = f"aresample={sample_rate}" + (f":{KEEP_TIME}" if keeps_time else "")
        steps = f"{before},{steps}" if before else steps
        output = uploaded(path, media.container, **own_end(media, stream))[str(stream.index)].output(
            "pipe:1", format="s16le", acodec="pcm_s16le", af=steps, **ALL_MUST_DECODE
        )
        yield from self._seconds(output, work, 2 * sample_rate * (stream.channels or 1))

    def pieces(self, output: Any, work: Work, piece_bytes: int) -> Generator[bytes, None, None]:
        """What a command writes to its standard output, in pieces of so many bytes; the last may be shorter.

        Closing the generator ends ffmpeg. Memory stays bounded: ffmpeg waits while nobody reads.

        Raises:
            BadMedia and others: as `run`, after the last piece.
        """
        yield from self._seconds(output, work, piece_bytes)

    def _seconds(self, output: Any, work: Work, second_bytes: int) -> Generator[bytes, None, None]:
        """What a command writes to standard output, in pieces of so many bytes; the last may be shorter."""
        pending = bytearray()
        for data in self._stream(self._command(output), work, Ending()):
            pending += data
            work.progressed()
            while len(pending) >= second_bytes:
                yield bytes(pending[:second_bytes])
                del pending[:second_bytes]
        if pending:
            yield bytes(pending)

    def _command(self, output: Any, *arguments: str) -> list[str]:
        return list(ffmpeg.compile(output, cmd=[str(self.path), *_GLOBAL_ARGUMENTS, *arguments]))

    def _stream(self, command: Sequence[str], work: Work, ending: Ending) -> Iterator[bytes]:
        """Run a command and yield what it writes to standard output."""
        try:
            yield from run_process(command, work, ending, self._freedom)
        except OSError as error:
            raise Fatal(f"ffmpeg could not be started: {error}", next_step="Correct `ffmpeg.path`") from error
        if ending.exit_code != 0:
            raise failure(ending.exit_code, ending.error_output, command, work)


def _audible(path: Path, work: Work) -> MediaInfo:
    """What the probe finds.

    Raises:
        BadMedia: there is no sound.
    """
    media = probe(path, work).media
    if media is None or not media.audio_streams:
        raise BadMedia("nothing in it can be heard", next_step="Play the file to see whether it is damaged")
    return media


def _bundled() -> Path:
    import imageio_ffmpeg

    next_step = f"Install ffmpeg {MINIMUM_VERSION} or newer and set `ffmpeg.path` in library.yaml"
    try:
        path = Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise Fatal("there is no ffmpeg for this machine", next_step=next_step) from error
    if missing := missing_from(path):
        raise Fatal(f"the ffmpeg at {path} lacks {', '.join(missing)}", next_step=next_step)
    return path
