"""What an engine heard of a recording before, so that nothing is heard, or paid for, twice.

What is made of it may change (who speaks, corrections, how it is written), so it is kept in a file of its own.
"""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.transcript.subtitles.taking import ENGINE as SUBTITLES
from media_assets.artifacts.transcript.transcriber import TranscriberSection
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.artifacts.transcript.voices.settings import SpeakerSettings
from media_assets.artifacts.transcript.voices.value import Diarization
from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadArtifact
from media_assets.pipeline.artifact import Earlier, Stored
from media_assets.places.manifest import Manifest

HEARD = "heard.json"
"""The file with what the engine heard; transcripts of earlier versions have it in `transcript.json`."""
TRANSCRIPT = "transcript.json"
VOICES = "voices.json"
"""The file with who speaks when, and what each voice is like."""
_NOT_OF_ENGINES = frozenset({"prefer_existing"})
"""Settings that do not change what an engine hears."""


def heard_before(
    earlier: Earlier[Transcript],
    audio: Manifest,
    settings: TranscriberSection,
    vocabulary: Vocabulary,
    code_version: str,
) -> Transcript | None:
    """What the same engine with the same settings heard of the same sound; None where it has to hear it.

    Args:
        earlier: The transcript of the same file as it is stored.
        audio: The manifest of the sound.
        settings: The engine that is to hear it.
        vocabulary: What it is told of the recording.
        code_version: That of the stage.
    """
    stored = earlier.stored
    if stored is None or earlier.all_anew:
        return None
    manifest, told = stored.manifest, vocabulary.unusual_settings()
    # One that was set then and is not now counts too, though nothing is written of what is as by default.
    own = type(settings).model_fields.keys() - _NOT_OF_ENGINES
    then, now = (
        {name: value for name, value in chosen.items() if name in own}
        for chosen in (manifest.settings, settings.result_settings())
    )
    same = then == now and manifest.settings.get("vocabulary", {}) == told
    if not (same and manifest.inputs.get(audio.asset) == audio.version and manifest.code_version == code_version):
        return None
    names = [file.name for file in manifest.files]
    path = _unchanged(stored, HEARD if HEARD in names else TRANSCRIPT)
    heard = None if path is None else Transcript.model_validate_json(path.read_bytes())
    return None if heard is None or heard.engine == SUBTITLES else heard


def voices_before(earlier: Earlier[Transcript], audio: Manifest, settings: SpeakerSettings) -> Diarization | None:
    """Who speaks when, as it was found in the same sound with the same settings; None where that is to be found.

    Args:
        earlier: The transcript of the same file as it is stored.
        audio: The manifest of the sound.
        settings: The section `speakers`.
    """
    stored = earlier.stored
    if stored is None or earlier.all_anew or stored.manifest.inputs.get(audio.asset) != audio.version:
        return None
    if stored.manifest.settings.get("speakers", {}) != settings.unusual_settings():
        return None
    path = _unchanged(stored, VOICES)
    return None if path is None else Diarization.model_validate_json(path.read_bytes())


def _unchanged(stored: Stored[Transcript], name: str) -> Path | None:
    """The file, if it is there as it was stored."""
    try:
        path = stored.local_path(name)
        return path if sha256_of(path) == stored.manifest.file(name).sha256 else None
    except (BadArtifact, FileNotFoundError):
        return None
