"""`doctor` puts a second of speech through the real engines, so that a broken package is found before a library is.

A package that does not fit raises whatever it likes (`TypeError: open() got an unexpected keyword argument …`), and it
raises that about every file. Here it is told once, with the name and the version of what has to be mended. What the
machine refuses (no room, no memory, no process) is told as that. Nothing is sent to engines that are services, and no
model is fetched.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.settings import TranscriptionSettings
from media_assets.artifacts.transcript.transcriber import Tools, Transcriber
from media_assets.base.errors import BadMedia, Fatal, FaultOfCode, MediaAssetsError, Transient, classify
from media_assets.base.foreign_errors import is_own_import
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo
from media_assets.media.probe import A_SECOND_OF_SPEECH
from media_assets.work.work import Work

SPEECH = A_SECOND_OF_SPEECH
_LIMIT_SECONDS = 300.0


def second_of_sound(transcribers: Sequence[TranscriptionSettings], ffmpeg: FFmpeg) -> str:
    """Probe, convert and transcribe the second; what came of it.

    Args:
        transcribers: Every engine that may be used; those on this machine are tried, if their model is here.

    Raises:
        Fatal: one of the steps failed; the message names the packages that it stands on.
    """
    local = [section for section in transcribers if section.packages()]
    with tempfile.TemporaryDirectory(prefix="media-assets-doctor-") as folder:
        work = Work(Path(folder), time_limit_seconds=_LIMIT_SECONDS)
        media = _probed(work)
        track = _converted(media, ffmpeg, work)
        heard = [_heard(section, ffmpeg, track, work) for section in local]
    return ", ".join(["probed", "converted", *filter(None, heard)])


def _probed(work: Work) -> MediaInfo:
    with blamed("probe a second of sound", ("av",)):
        from media_assets.media.probe import probe

        media = probe(SPEECH, work).media
        if media is None or not media.audio_streams:
            raise Fatal("no sound was found in it")
        return media


def _converted(media: MediaInfo, ffmpeg: FFmpeg, work: Work) -> AudioTrack:
    program = f"ffmpeg {ffmpeg.version} at {ffmpeg.path}"
    with blamed("convert a second of sound", ("ffmpeg-python", "imageio-ffmpeg", "av"), program):
        from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a

        stream, reason = choose_audio(media, ())
        return extract_m4a(ffmpeg, SPEECH, media, stream, reason, _audio(work), AudioSettings(), work).track


def _heard(section: TranscriptionSettings, ffmpeg: FFmpeg, track: AudioTrack, work: Work) -> str | None:
    """What was heard; None where the model is not here, which the engine's own check tells."""
    with blamed(f"transcribe a second of sound with {section.engine}", section.packages()):
        engine = section.open(Tools(ffmpeg))
        if not _model_is_here(section, engine):
            return None
        said = engine.transcribe(_audio(work), duration_seconds=track.duration_seconds, offset_seconds=0.0, work=work)
        return f"transcribed by {engine.name} ({said.text.strip() or 'no words'})"


def _model_is_here(section: TranscriptionSettings, engine: Transcriber) -> bool:
    try:
        engine.check()
    except MediaAssetsError:
        return False
    return section.is_here()


def _audio(work: Work) -> Path:
    return work.directory / "audio.m4a"


@contextmanager
def blamed(step: str, packages: Sequence[str], program: str = "") -> Iterator[None]:
    """Whatever a step raises is told as the fault of what it stands on, unless it is the machine's.

    Raises:
        Fatal: the step failed.
    """
    try:
        yield
    except Exception as error:
        known = classify(error)
        one_line = " ".join(str(getattr(error, "reason", "") or f"{type(error).__name__}: {error}").split())
        on = ", ".join([*([program] if program else []), *map(_with_version, packages)])
        origin = known if isinstance(known, FaultOfCode) else error.__cause__ or error
        is_of_packages = bool(on) and isinstance(origin, ImportError | FaultOfCode) and not is_own_import(origin)
        if isinstance(known, Fatal | Transient) and not is_of_packages:
            raise Fatal(f"cannot {step}: {known.reason}", next_step=known.next_step) from error
        if not on:
            place = f" It was raised as {known.place}" if isinstance(known, BadMedia) and known.place else ""
            raise Fatal(f"cannot {step}: {one_line}", next_step=f"Mend it, or choose another.{place}") from error
        again = " ".join(map(wanted, packages)) or "media-assets"
        raise Fatal(
            f"cannot {step} ({on}): {one_line}",
            next_step=f"Install again what media-assets asks for: pip install --force-reinstall {again}",
        ) from error


def _with_version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package}, which is not installed"


def wanted(package: str, required: Sequence[str] | None = None) -> str:
    """The package as this project requires it on this Python; by its name alone where another one brings it.

    Args:
        required: What the project requires; as its installation says if not given.
    """
    if required is None:
        try:
            required = importlib.metadata.requires("media-assets") or []
        except importlib.metadata.PackageNotFoundError:  # a checkout on the path, not installed
            required = []
    for requirement in map(Requirement, required):
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(requirement.name) == package:
            return f"'{requirement.name}{requirement.specifier}'"
    return package
