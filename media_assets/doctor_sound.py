"""`doctor` puts a second of speech through the real engines, so that a broken package is found before a library is.

A package that does not fit raises whatever it likes (`TypeError: open() got an unexpected keyword argument …`), and it
raises that about every file. Here it is told once, with the name and the version of what has to be mended. Nothing is
sent to engines that are services, and no model is fetched.
"""

from __future__ import annotations

import importlib.metadata
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers import Transcriber, build_transcriber
from media_assets.engines.work import Work
from media_assets.errors import Fatal, MediaAssetsError
from media_assets.models import AudioTrack, MediaInfo
from media_assets.settings import AudioSettings, TranscriptionSettings
from media_assets.settings_whisper import FasterWhisperTranscription

SPEECH = Path(__file__).parent / "second_of_speech.ogg"
_LIMIT_SECONDS = 300.0
# What each engine stands on, the likeliest culprit first.
_PACKAGES = {
    "pocketsphinx": ("pocketsphinx", "numpy"),
    "faster-whisper": ("faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy"),
}


def second_of_sound(transcribers: Sequence[TranscriptionSettings], ffmpeg: FFmpeg) -> str:
    """Probe, convert and transcribe the second; what came of it.

    Args:
        transcribers: Every engine that may be used; those on this machine are tried, if their model is here.
        ffmpeg: The engine.

    Raises:
        Fatal: one of the steps failed; the message names the packages that it stands on.
    """
    local = [section for section in transcribers if section.engine in _PACKAGES]
    with tempfile.TemporaryDirectory(prefix="media-assets-doctor-") as folder:
        work = Work(Path(folder), time_limit_seconds=_LIMIT_SECONDS)
        media = _probed(work)
        track = _converted(media, ffmpeg, work)
        heard = [_heard(section, ffmpeg, track, work) for section in local]
    return ", ".join(["probed", "converted", *filter(None, heard)])


def _probed(work: Work) -> MediaInfo:
    with _blamed("probe", ("av",)):
        from media_assets.engines.probe import probe

        media = probe(SPEECH, work).media
        if media is None or not media.audio_streams:
            raise Fatal("no sound was found in it")
        return media


def _converted(media: MediaInfo, ffmpeg: FFmpeg, work: Work) -> AudioTrack:
    with _blamed("convert", ("ffmpeg-python", "imageio-ffmpeg", "av"), f"ffmpeg {ffmpeg.version} at {ffmpeg.path}"):
        from media_assets.engines.audio import choose_audio, extract_m4a

        stream, reason = choose_audio(media, ())
        return extract_m4a(ffmpeg, SPEECH, media, stream, reason, _audio(work), AudioSettings(), work)


def _heard(section: TranscriptionSettings, ffmpeg: FFmpeg, track: AudioTrack, work: Work) -> str | None:
    """What was heard; None where the model is not here, which the engine's own check tells."""
    with _blamed(f"transcribe with {section.engine}", _PACKAGES[section.engine]):
        engine = build_transcriber(section, ffmpeg)
        if not _model_is_here(section, engine):
            return None
        said = engine.transcribe(_audio(work), duration_seconds=track.duration_seconds, offset_seconds=0.0, work=work)
        return f"transcribed by {engine.name} ({said.text.strip() or 'no words'})"


def _model_is_here(section: TranscriptionSettings, engine: Transcriber) -> bool:
    try:
        engine.check()
    except MediaAssetsError:
        return False
    if isinstance(section, FasterWhisperTranscription):
        from media_assets.engines.transcribers.whisper_model import local_folder

        return local_folder(section) is not None
    return True


def _audio(work: Work) -> Path:
    return work.directory / "audio.m4a"


@contextmanager
def _blamed(step: str, packages: Sequence[str], program: str = "") -> Iterator[None]:
    """Whatever a step raises is told as the fault of what it stands on."""
    try:
        yield
    except Exception as error:
        reason = error.reason if isinstance(error, MediaAssetsError) else f"{type(error).__name__}: {error}"
        on = ", ".join([*([program] if program else []), *map(_with_version, packages)])
        advice = f"Install again what media-assets asks for: pip install {' '.join(map(_wanted, packages))}"
        one_line = " ".join(reason.split())
        raise Fatal(f"cannot {step} a second of sound ({on}): {one_line}", next_step=advice) from error


def _with_version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package}, which is not installed"


def _wanted(package: str) -> str:
    """The package as this project requires it; by its name alone where another one brings it."""
    try:
        required = importlib.metadata.requires("media-assets") or []
    except importlib.metadata.PackageNotFoundError:  # a checkout on the path, not installed
        required = []
    for requirement in required:
        found = re.match(r"([\w.-]+)([^;]*)", requirement)
        if found and found[1].lower() == package and "extra ==" not in requirement:
            return f"'{found[1]}{found[2].strip()}'"
    return package
