"""The stem that the files of artifacts bear beside their source: one for all of them, that no other file there has.

`rec.mp3` alone has `rec.m4a` and `rec.summary.md` beside it. With `rec.wav` in the folder nobody could tell whose those
are, so there they are called `rec.mp3.m4a` and `rec.mp3.summary.md`. What was made before the other file came keeps its
names, and what is made later joins it. Subtitles say their language behind the stem: `rec.en.srt`. Upper and lower
case, and the two ways Unicode writes an accent, count as one: to the file systems of Windows and macOS they are.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from media_assets.base.keys import decode_path
from media_assets.places.artifact_names import (
    MAX_NAME_BYTES,
    SUBTITLE_SUFFIXES,
    language_of,
    marked,
    suffix_of,
    with_language,
)
from media_assets.places.manifest import Manifest

# Room that is left for what follows a stem, so that one that fits fits for every artifact: `.compressed_video.mp4`.
_SUFFIX_BYTES = 40
_SOURCE = re.compile(r"^[a-z0-9_]+:")
"""What a path in a source begins with, where a folder's store writes it down."""


@dataclass(frozen=True)
class Stems:
    """The stems that the artifacts of a file can bear, best first.

    Args:
        source_name: As its place writes it, with surrogates for stray bytes.
        key: Tells two files of one name apart.
    """

    source_name: str
    key: str

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """The last one is nobody else's."""
        stem = PurePosixPath(self.source_name).stem
        fitting = [it for it in (stem, self.source_name) if len(os.fsencode(it)) <= MAX_NAME_BYTES - _SUFFIX_BYTES]
        return (*dict.fromkeys(fitting), marked(stem, "", self.key, room_bytes=_SUFFIX_BYTES))

    def concern(self, name: str) -> bool:
        """Whether a file of this name in the folder has to do with the choice: it bears one of the stems."""
        return any(_stands_for(name, stem) or _bears(name, stem) for stem in self.candidates)

    def best(self, others: Iterable[str], own: Collection[str]) -> str:
        """The stem to use.

        Args:
            others: The names of all that lies beside the source, without it and without its artifacts.
            own: The names of its artifacts there.
        """
        borne = {self._borne_by(name) for name in own}
        in_use = {stem for stem in self.candidates for name in others if _stands_for(name, stem)}
        kept = borne.pop() if len(borne) == 1 else None
        return kept or next((stem for stem in self.candidates if stem not in in_use), self.candidates[-1])

    def names(
        self, stem: str, name: str, owner: str, language: str = "", others: Collection[str] = ()
    ) -> Iterator[str]:
        """The names to try for a file, best first; the last one is nobody else's.

        Args:
            stem: The one to use. Another one comes into question only where what a user made is in the way.
            name: What the asset calls the file.
            owner: Whose file it is: tells two of one name apart.
            language: That of its text; see `suffix_of`.
            others: As of `best`: with `rec.en.mp4` in the folder, `rec.en.srt` would be taken for that one's.
        """
        recordings = [other for other in others if PurePosixPath(other).suffix.lower() not in SUBTITLE_SUFFIXES]
        for start in dict.fromkeys((stem, *self.candidates)):
            for suffix in dict.fromkeys((suffix_of(name, language), with_language(f".{name}", language))):
                made = start + suffix
                stands = PurePosixPath(made).stem
                strange = stands != start and any(_stands_for(other, stands) for other in recordings)
                if len(os.fsencode(made)) <= MAX_NAME_BYTES and not (language and strange):
                    yield made
        yield marked(PurePosixPath(self.source_name).stem, suffix_of(name, language), owner)

    def language_in(self, written: str, name: str) -> str | None:
        """The language that the name of a file beside the source says, empty where it says none; None where it is no
        name that is made here for that file.

        Args:
            written: How the file is called there.
            name: What the asset calls it.
        """
        suffix = PurePosixPath(name).suffix
        for start in self.candidates if suffix in SUBTITLE_SUFFIXES else ():
            for end in dict.fromkeys((suffix, f".{name}")):
                before = f"{start}{end.removesuffix(suffix)}"
                said = written.removeprefix(f"{before}.").removesuffix(suffix)
                if written == f"{before}{suffix}":
                    return language_of(f"x{end}")
                if written == with_language(f"{before}{suffix}", said):
                    return said
        return None

    def _borne_by(self, name: str) -> str | None:
        return next((stem for stem in sorted(self.candidates, key=len, reverse=True) if _bears(name, stem)), None)


def languages_said(manifest: Manifest, source_name: str) -> dict[str, str]:
    """The languages that the names of an artifact's files say, where it lies beside its source; by what the asset calls
    them."""
    stems = Stems(source_name, manifest.key)
    paths = {stored.name: _SOURCE.sub("", decode_path(stored.path)) for stored in manifest.files}
    names = {name: path.rpartition("/")[2] for name, path in paths.items()}
    said = {name: stems.language_in(written, name) for name, written in names.items()}
    return {name: language for name, language in said.items() if language is not None}


def without(source_name: str, names: Iterable[str]) -> list[str]:
    """What lies beside a source: the names of its folder, less its own, which may be spelt in the other way there."""
    others = list(names)
    alike = [name for name in others if _folded(name) == _folded(source_name)]
    if alike:
        others.remove(source_name if source_name in alike else alike[0])
    return others


def _stands_for(name: str, stem: str) -> bool:
    return _folded(stem) in (_folded(name), _folded(PurePosixPath(name).stem))


def _bears(name: str, stem: str) -> bool:
    return _folded(name).startswith(f"{_folded(stem)}.")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
