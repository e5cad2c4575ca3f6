"""From a file to its small pictures and its sound: one run of ffmpeg, then hashes of what it wrote.

Frames are taken at equal steps of a power of two, so that two files can be compared frame by frame whatever their
lengths; ffmpeg turns them upright by the file's own orientation (EXIF, display matrix) first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import ffmpeg as ffmpeg_python

from media_assets.artifacts.duplicates.find.audio_prints import ITEM_BYTES, ITEM_SECONDS, PRINT_OPTIONS, audio_print
from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, SIDE, averages, codes_of, packed
from media_assets.artifacts.duplicates.find.evidence import STILLS
from media_assets.artifacts.duplicates.find.loudness import HeardOf, heard_in, level_outputs
from media_assets.artifacts.duplicates.find.too_large import refuse_if_too_large
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.duplicates.values import AudioPrint, FrameHashes
from media_assets.base.errors import BadMedia
from media_assets.media.completeness import is_empty_track
from media_assets.media.ffmpeg import KEEP_TIME, FFmpeg
from media_assets.media.info import MediaInfo, MediaKind, Stream
from media_assets.media.mixing import equal_mix, one_channel
from media_assets.media.untrusted import file_url, no_larger, uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOTION_SCALE = 64
"""A byte of motion is the mean change of brightness (of 255) since the frame before, times this; cuts reach its end."""
_SIDE = 128
"""Pixels of the squares that ffmpeg writes: enough to see where black bars end."""
_MORE = 100
"""Frames, and items of sound, that may come on top of what fits into the time."""
_FRAMES_AT_ONCE = 512
_STEREO = 2
_DARK = 24.0
"""Brightness (of 255) below which a row of pixels is a bar; video black is 0 or 16."""
_THINNEST_BAR = 4
_WIDEST_BAR = 48
_UNEVEN_BARS = 3


class Fingerprints(NamedTuple):
    """Hashes of the pictures and of the sound of a file; None for what it has not."""

    frames: FrameHashes | None = None
    audio: AudioPrint | None = None
    heard: HeardOf | None = None
    """None where nobody listened."""


def fingerprint(
    ffmpeg: FFmpeg, source: Path, kind: MediaKind, media: MediaInfo, settings: FingerprintSettings, work: Work
) -> Fingerprints:
    """What the index holds of the pictures and of the sound of a file.

    Args:
        work: Its directory takes 16 KiB per frame for as long as this takes.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    frames, sound = work.directory / "frames.gray", work.directory / "sound.chromaprint"
    interval = 0.0 if kind is MediaKind.IMAGE else _interval_seconds(media, settings)
    outputs = list(_outputs(source, kind, media, interval, frames, sound, settings))
    listened = settings.audio and kind is not MediaKind.IMAGE
    if not outputs:
        return Fingerprints(heard=HeardOf(0.0, False) if listened else None)
    command = ffmpeg_python.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    try:
        ffmpeg.run(command, work, duration_seconds=media.duration_seconds)
    except BadMedia:
        if kind is MediaKind.IMAGE:
            refuse_if_too_large(source, work)
        filled = _without_empty_tracks(source, media, work)
        if filled == media:
            raise
        return fingerprint(ffmpeg, source, kind, filled, settings, work)
    most_frames = settings.max_seconds / interval + _MORE if interval else 1
    has_frames = frames.exists() and frames.stat().st_size
    hashes = _hashes(no_larger(frames, round(most_frames) * _SIDE**2), interval, settings) if has_frames else None
    values = audio_print(no_larger(sound, _most_items(settings) * ITEM_BYTES)) if sound.exists() else None
    if values is None and sound.exists() and (media.audio_streams[0].channels or 0) >= _STEREO:
        values = _print_of_what_was_not_mixed(ffmpeg, source, media, sound, settings, work)
    for path in (frames, sound):
        path.unlink(missing_ok=True)
    return Fingerprints(hashes, values, heard_in(media, work.directory, settings) if listened else None)


def _interval_seconds(media: MediaInfo, settings: FingerprintSettings) -> float:
    """Time between two frames: as short as the settings allow, doubled until the frames are few or 1 s apart."""
    interval = 1 / settings.max_frames_per_second
    while interval < 1.0 and (media.duration_seconds or 0.0) > interval * settings.frames:
        interval *= 2
    return interval


def _outputs(
    source: Path,
    kind: MediaKind,
    media: MediaInfo,
    interval: float,
    frames: Path,
    sound: Path,
    settings: FingerprintSettings,
) -> list[Any]:
    views = _main_picture(media).view_options if kind is MediaKind.VIDEO and media.video_streams else {}
    given = uploaded(source, media.container, **views)
    small = f"scale={_SIDE}:{_SIDE}:flags=area,format=gray"
    raw = {"format": "rawvideo", "pix_fmt": "gray"}
    if kind is MediaKind.IMAGE:
        # No stream is chosen: of a HEIC that is stored in tiles, ffmpeg then puts the whole together.
        return [given.output(file_url(frames), vf=small, vframes=1, **raw)]
    outputs = []
    if media.video_streams:
        stream = _main_picture(media)
        steps = f"fps={1 / interval:g}:start_time=0,{small}"
        picture = given[str(stream.index)]
        outputs.append(
            picture.output(file_url(frames), vf=steps, t=settings.max_seconds, fps_mode="passthrough", **raw)
        )
    if settings.audio and any(stream.sample_rate for stream in media.audio_streams):
        outputs += level_outputs(given, media, frames.parent, settings)
        outputs.append(
            given["a:0"].output(
                file_url(sound), af=_mix(media.audio_streams[0]), t=settings.audio_max_seconds, **PRINT_OPTIONS
            )
        )
    return outputs


def _mix(stream: Stream) -> str:
    """The filters that make a print's one channel: of an unknown layout ffmpeg would leave some out."""
    channels = stream.channels or 0
    mixed = f"{equal_mix(channels, 1 / channels)}," if stream.is_of_unknown_layout else ""
    return f"{mixed}aresample={KEEP_TIME}"


def _print_of_what_was_not_mixed(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, sound: Path, settings: FingerprintSettings, work: Work
) -> AudioPrint | None:
    """The print of sound that ffmpeg's mix has lost: two channels in opposite phase, or a subwoofer's alone."""
    channels = media.audio_streams[0].channels or _STEREO
    mixed = one_channel(0) if channels == _STEREO else equal_mix(channels, 1 / channels)
    output = uploaded(source, media.container)["a:0"].output(
        file_url(sound),
        af=f"{mixed},aresample={KEEP_TIME}",
        t=settings.audio_max_seconds,
        **PRINT_OPTIONS,
    )
    ffmpeg.run(output, work, duration_seconds=media.duration_seconds)
    return audio_print(no_larger(sound, _most_items(settings) * ITEM_BYTES)) if sound.exists() else None


def _most_items(settings: FingerprintSettings) -> int:
    return round(settings.audio_max_seconds / ITEM_SECONDS + _MORE)


def _without_empty_tracks(source: Path, media: MediaInfo, work: Work) -> MediaInfo:
    """ffmpeg fails over a track that is announced and has nothing in it."""
    tracks = (*media.video_streams, *media.audio_streams)
    empty = [stream for stream in tracks if is_empty_track(source, media, stream, work)]
    return media.model_copy(update={"streams": tuple(stream for stream in media.streams if stream not in empty)})


def _main_picture(media: MediaInfo) -> Stream:
    return min(media.video_streams, key=lambda stream: (not stream.default, stream.index))


def _hashes(path: Path, interval: float, settings: FingerprintSettings) -> FrameHashes:
    import numpy as np

    count = path.stat().st_size // (_SIDE * _SIDE)
    frames = np.memmap(path, np.uint8, "r", shape=(count, _SIDE, _SIDE))
    bars = _Bars.of(frames)
    rows, columns = bars.within if settings.letterbox else (slice(None), slice(None))
    down = averages(len(range(*rows.indices(_SIDE))), SIDE)
    across = averages(len(range(*columns.indices(_SIDE))), SIDE).T
    codes, motion = np.empty(count, np.uint64), np.zeros(count, np.uint8)
    stills: dict[int, NDArray[np.float32]] = {}
    last: NDArray[np.float32] | None = None
    for start in range(0, count, _FRAMES_AT_ONCE):
        small = down @ frames[start : start + _FRAMES_AT_ONCE, rows, columns].astype(np.float32) @ across
        found = codes_of(small, settings.algorithm)
        found[small.std(axis=(1, 2)) < settings.flat_contrast] = NO_PICTURE
        codes[start : start + len(small)] = found
        before = np.concatenate([small[:1] if last is None else last, small[:-1]])
        change = np.abs(small - before).mean(axis=(1, 2)) * MOTION_SCALE
        motion[start : start + len(small)] = np.minimum(255, np.round(change))
        last = small[-1:]
        stills |= {
            place: small[place - start]
            for place in (int(count * share) for share in STILLS)
            if start <= place < start + len(small)
        }
    if interval:
        return FrameHashes(
            algorithm=settings.algorithm,
            interval_seconds=interval,
            codes=packed(codes),
            motion=packed(motion),
            stills=packed(_in_bytes(np.stack([stills[int(count * share)] for share in STILLS]))) if count else "",
            shown=bars.shown,
        )
    return FrameHashes(
        algorithm=settings.algorithm,
        interval_seconds=0.0,
        codes=packed(codes),
        thumbnail=packed(_in_bytes(small[0])),
        shown=bars.shown,
    )


def _in_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    import numpy as np

    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


class _Bars(NamedTuple):
    """The black bars around a picture, told by what is never bright in any of its frames."""

    within: tuple[slice, slice]
    """The rows and the columns between bars that are alike on both sides: others may be the dark edge of a scene."""
    shown: float
    """Share of the picture that no bar covers, on whatever sides they are."""

    @classmethod
    def of(cls, frames: NDArray[np.uint8]) -> Self:
        import numpy as np

        brightest = [np.zeros(_SIDE), np.zeros(_SIDE)]
        for start in range(0, len(frames), _FRAMES_AT_ONCE):
            block = frames[start : start + _FRAMES_AT_ONCE]
            for axis, best in enumerate(brightest):
                np.maximum(best, block.mean(axis=2 - axis).max(axis=0), out=best)
        rows, columns = brightest
        return cls((_between_bars(rows), _between_bars(columns)), _shown(rows) * _shown(columns))


def _shown(brightest: NDArray[np.float64]) -> float:
    import numpy as np

    bright = np.flatnonzero(brightest >= _DARK)
    if not bright.size:
        return 1.0
    bars = (int(bright[0]), _SIDE - 1 - int(bright[-1]))
    return 1 - sum(bar for bar in bars if bar >= _THINNEST_BAR) / _SIDE


def _between_bars(brightest: NDArray[np.float64]) -> slice:
    import numpy as np

    bright = np.flatnonzero(brightest >= _DARK)
    if not bright.size:
        return slice(None)
    before, behind = int(bright[0]), _SIDE - 1 - int(bright[-1])
    # A night scene has dark edges too; bars are alike on both sides.
    even = abs(before - behind) <= _UNEVEN_BARS and min(before, behind) >= _THINNEST_BAR
    return slice(before, _SIDE - behind) if even and max(before, behind) <= _WIDEST_BAR else slice(None)
