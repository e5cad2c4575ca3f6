"""Subtitles that a recording has already: files beside it and tracks inside it, and which of them says what is said.

Forced ones (what is said in another language, signs in the picture) and those in another language than the sound are
none of them. What lies beside the recording counts before what is inside it: somebody put it there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.hearing.languages import choices, the_one
from media_assets.base.languages import same_language
from media_assets.media.info import Stream
from media_assets.places.manifest import Manifest
from media_assets.places.source import Sidecar, Sidecars

_TEXT_CODECS = frozenset({"subrip", "srt", "webvtt", "ass", "ssa", "mov_text", "text"})
_NOT_OF_SPEECH = re.compile(r"\b(forced|signs?|songs?|lyrics|karaoke|commentary)\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,4})?", re.IGNORECASE)
_NO_LANGUAGES = frozenset({"sdh", "cc", "hi", "forced", "default", "full"})
"""Marks in names of subtitles that look like languages; `hi` is mostly `hearing impaired`."""


@dataclass(frozen=True)
class ExistingSubtitles:
    """Subtitles that may say what is said."""

    language: str | None
    """None where nothing tells it."""
    spoken: str | None = None
    """The language in which they are if they are what is said; None where nobody knows it."""
    sidecar: Sidecar | None = None
    stream: Stream | None = None

    @property
    def origin(self) -> str:
        """What people know it by."""
        if self.sidecar:
            return self.sidecar.shown_name
        assert self.stream is not None
        told = ", ".join(filter(None, [self.stream.language, self.stream.title]))
        return f"track {self.stream.index} of the recording" + (f" ({told})" if told else "")


def tracks_told(manifest: Manifest, section: Any) -> str | None:
    """What of a source file counts for its transcript: its text tracks, where they may be used; see `consults`."""
    if not getattr(section, "prefer_existing", False) or not isinstance(manifest.value, dict):
        return None
    media = SourceFile.model_validate(manifest.value).media
    tracks = list(text_tracks(media.streams if media else ()))
    return _digest([track.model_dump_json() for track in tracks]) if tracks else None


def sidecars_told(sidecars: Sidecars, section: Any) -> str | None:
    """What of the files beside a recording counts for its transcript; see `consults`."""
    if not getattr(section, "prefer_existing", False) or not sidecars.files:
        return None
    readable = [one for one in sidecars.files if not one.too_large]
    return _digest([f"{one.name} {one.revision}" for one in readable]) if readable else None


def text_tracks(streams: Iterable[Stream]) -> Iterator[Stream]:
    """The subtitles that are text and may be of what is said."""
    for stream in streams:
        of_speech = not stream.forced and not _NOT_OF_SPEECH.search(stream.title or "")
        if stream.type == "subtitle" and stream.codec in _TEXT_CODECS and of_speech:
            yield stream


def candidates(
    streams: Iterable[Stream], sidecars: Sidecars, track: AudioTrack, language: Any
) -> Sequence[ExistingSubtitles]:
    """The subtitles in the language of the sound, the best first.

    A recording whose language nobody knows has those that name none, or all of which name the same.

    Args:
        streams: Those of the recording.
        track: The sound that would be heard.
        language: The key `language` of the section: one that is set, several to choose from, or None.
    """
    found = [ExistingSubtitles(_language_in(one.marks), sidecar=one) for one in sidecars.files if _is_of_speech(one)]
    tracks = sorted(text_tracks(streams), key=lambda one: not one.default)
    found += [ExistingSubtitles(one.language, stream=one) for one in tracks]
    one = the_one(language)
    wanted = [one] if one else list(choices(language)) or ([track.language] if track.language else [])
    if not wanted:
        named = {candidate.language for candidate in found if candidate.language}
        wanted = list(named) if len(named) == 1 else []
    found = [replace(it, spoken=it.language or (wanted[0] if len(wanted) == 1 else None)) for it in found]
    fitting = [it for it in found if it.language is None or any(same_language(it.language, one) for one in wanted)]
    return sorted(fitting, key=lambda candidate: (candidate.sidecar is None, candidate.language is None))


def _is_of_speech(sidecar: Sidecar) -> bool:
    return not _NOT_OF_SPEECH.search(sidecar.marks.replace(".", " ").replace("_", " "))


def _language_in(marks: str) -> str | None:
    """The language that a name says, as in `talk.en.srt` and `talk.pt-BR.sdh.srt`."""
    parts = [part for part in marks.split(".") if part.lower() not in _NO_LANGUAGES]
    return next((part.lower() for part in parts if _LANGUAGE.fullmatch(part)), None)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:32]
