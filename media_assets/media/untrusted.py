"""How media are opened, by PyAV and by ffmpeg alike: as if whoever uploaded them meant harm.

What belongs here: every input that PyAV or ffmpeg gets; a test looks that none is made elsewhere. A file can be two
things at once, say a playlist that names `file:///etc/passwd` and an mp3. So both get the same list of demuxers, which
has none that opens other files or the network, ffmpeg is told which of them the probe found, and no protocol but `file`
(PyAV none at all, for it reads through us). References out of a container stay unread.

What was copied out of an upload is still an upload's. Only what we wrote ourselves, from decoded pictures and sound, is
`our_own`.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import ffmpeg as ffmpeg_python

from media_assets.base.errors import BadMedia, classify
from media_assets.media.byte_ranges import PROTOCOLS, ByteRanges, RangesFile, ranges_url
from media_assets.media.ffmpeg_errors import FILE
from media_assets.media.heard_whole import JOINED_DEMUXERS, heard_whole

if TYPE_CHECKING:
    from av.container import InputContainer

ISO, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
"""FFmpeg's names of the demuxers of what we write ourselves."""

_CONTAINERS = (
    "asf asf_o avi caf dhav dv flv gxf iamf ifv ivf ivr kux live_flv lmlm4 luodat lxf m4a matroska mj2 mlv mov mp4 "
    "mpeg mpegts mtv mxf nsv nut nuv ogg pmp pva r3d rm smjpeg ty vivo webm wtv 3gp 3g2"
)
_PICTURES_IN_A_ROW = (
    "apng apv av1 avs2 avs3 cavsvideo cine dirac dnxhd evc flic gif h261 h263 h264 hevc ico jpegxl_anim m4v mjpeg "
    "mjpeg_2000 mpegvideo obu ser vc1 vc1test vvc webp_anim yuv4mpegpipe"
)
_STILLS = (
    "bmp cri dds dpx exr gem hdr j2k jpeg jpegls jpegxl jpegxs pam pbm pcx pfm pgm pgmyuv pgx phm photocd pictor png "
    "ppm psd qdraw qoi sgi sunrast tiff vbn webp xbm xpm xwd"
)
_SOUND = (
    "aa aac aax ac3 ac4 act aea aiff amr amrnb amrwb apac ape au bonk codec2 dsf dss dts dtshd eac3 epaf flac iff "
    "hca ilbc ircam lc3 loas mlp mp3 mpc mpc8 nistsphere oma osq paf pvf qcp qoa rka s337m sbc sds shn sox spdif tak "
    "truehd tta voc vqf w64 wav wavarc wsd wv wve xwma"
)
DEMUXERS = frozenset(
    [*_CONTAINERS.split(), *_PICTURES_IN_A_ROW.split(), *(f"{name}_pipe" for name in _STILLS.split()), *_SOUND.split()]
)
"""Demuxers that read one file and nothing else. Not among them: playlists (hls, dash, concat, imf), sessions (sdp,
rtsp, rtp), series of files (image2, vobsub), discs, devices, subtitles, texts, and what is drawn by a script."""

_WHITELIST = ",".join(sorted(DEMUXERS))
_NO_PROTOCOL = "none"
"""No protocol has that name; an empty list would mean all."""
_NO_REFERENCES = {"mov": {"enable_drefs": 0, "use_absolute_path": 0}}
"""Options, by demuxer, that keep it from following references to other files, whatever its defaults become."""
_OTHER_READERS = {"webp_pipe"}
"""Which of two demuxers of the list fits these depends on the ffmpeg: newer ones have another for what moves."""
_FETCH_AGAIN = "Play the file to see whether it is damaged; fetch or export it again"


class _Url(str):
    """A name that may hold bytes that are no UTF-8: `ffmpeg-python` encodes what str() gives, to compare commands."""

    __slots__ = ()

    def __str__(self) -> str:
        return super().__str__().encode(errors="backslashreplace").decode()


def file_url(path: Path) -> str:
    """How ffmpeg is given a local file: with the protocol in front and from the root, no name can be taken for an
    option (leading dash) or another protocol (colon)."""
    return _Url(f"{FILE}{path.absolute()}")


# ------------------------------------------------------------------------------------------- PyAV


@contextmanager
def open_media(file: BinaryIO) -> Iterator[InputContainer | None]:
    """A file opened by PyAV, in a child of the sandbox; None when no demuxer of the list recognises it.

    PyAV gets no name: FFmpeg would take `%03d` in it for a series of images, and judge by its ending. Of joined
    recordings it gets the samples of all.

    Raises:
        BadMedia: it cannot be read.
        MemoryError: there is not enough memory to read it.
    """
    import av

    ranges = heard_whole(file)
    whole = file if ranges is None else io.BufferedReader(RangesFile(file, ranges))
    options = {"format_whitelist": _WHITELIST, "protocol_whitelist": _NO_PROTOCOL, "enable_drefs": "0"}
    try:
        container: InputContainer | None = av.open(
            _Nameless(whole), mode="r", metadata_errors="replace", options=options
        )
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        container = None
    if container is None:
        yield None
        return
    with container:
        try:
            yield container
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:
            raise BadMedia(f"cannot be read: {error.strerror}", next_step=_FETCH_AGAIN) from error


class _Nameless:
    """A file without the attribute `name`, which PyAV would hand on."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self.read, self.tell, self._seek = file.read, file.tell, file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves as C does: an impossible position, which a damaged header may state, is answered, not raised."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            return -errno.EINVAL


# ------------------------------------------------------------------------------------------- ffmpeg


def uploaded(path: Path, container: str | None, **options: Any) -> Any:
    """An input of `ffmpeg-python`: a file that came from outside, or that holds what was copied from such a file.

    Args:
        container: FFmpeg's name of its demuxer, as the probe found it, which ffmpeg then has to use; None to let
            ffmpeg choose among those of the list.
        options: Of the input.

    Raises:
        BadMedia: the demuxer is none of the list. An older probe, or a manifest that was tampered with, may name one.
            Or it holds too many recordings.
        SourceChanged and others: a file that is looked into for that cannot be read.
    """
    given = dict(options)
    if container is not None:
        name = container.split(",")[0]
        if name not in DEMUXERS:
            raise BadMedia(
                f"is of the format {name}, which may name other files and is not opened",
                next_step="Upload the recording itself",
            )
        given.update(_NO_REFERENCES.get(name, {}))
        if name not in _OTHER_READERS:
            given["f"] = name
    ranges = _ranges(path, container)
    if ranges is None:
        return ffmpeg_python.input(file_url(path), format_whitelist=_WHITELIST, protocol_whitelist="file", **given)
    return ffmpeg_python.input(
        _Url(ranges_url(path, ranges)),
        format_whitelist=_WHITELIST,
        protocol_whitelist=PROTOCOLS,
        **ranges.options,
        **given,
    )


def _ranges(path: Path, container: str | None) -> ByteRanges | None:
    """What is read of a file where that is not all of it."""
    if container is None or container.split(",")[0] not in JOINED_DEMUXERS:
        return None
    try:
        with path.open("rb") as file:
            return heard_whole(file)
    except OSError as error:
        raise classify(error, source=path) from error


def no_larger(path: Path, most_bytes: int) -> Path:
    """A file that ffmpeg wrote out of an upload, before we read it whole.

    Raises:
        BadMedia: it is larger than what was asked for can be.
    """
    if (size := path.stat().st_size) > most_bytes:
        raise BadMedia(
            f"made ffmpeg write {size} bytes where {most_bytes} are the most", next_step="Look at the file; take it out"
        )
    return path


def our_own(path: Path, demuxer: str, **options: Any) -> Any:
    """An input of `ffmpeg-python`: a file that we wrote ourselves and in which nothing of an upload is left as it was.

    Args:
        path: The file. For `concat` a list that names files in the same folder, each such a file in Matroska.
        demuxer: FFmpeg's name.
        options: Of the input.
    """
    names = f"{demuxer},{MATROSKA}" if demuxer == "concat" else demuxer
    return ffmpeg_python.input(
        file_url(path), f=demuxer.split(",")[0], format_whitelist=names, protocol_whitelist="file", **options
    )


def generated(description: str, **options: Any) -> Any:
    """An input of `ffmpeg-python` that is drawn by a filter: no file at all."""
    return ffmpeg_python.input(description, f="lavfi", **options)
