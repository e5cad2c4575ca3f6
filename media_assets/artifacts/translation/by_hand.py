"""What people wrote into stored translations: it is written over by no engine, whatever changes.

`translation.json` is taken over: what each segment is in each language stays as it stands there, and captions follow.
Captions and pages that were edited themselves stay byte for byte, and nothing follows them: a cue is no segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from media_assets.artifacts.translation.value import Translation
from media_assets.base.errors import BadArtifact, BadMedia
from media_assets.base.files import read_file
from media_assets.pipeline.artifact import Earlier, first_of

DOCUMENT = "translation.json"


@dataclass(frozen=True)
class WrittenByHand:
    """What is stored of a recording, with what people wrote into it."""

    value: Translation | None = None
    """The translation that is stored; None where there is none that can be read."""
    texts: bool = False
    """Whether a person wrote into its document, ever."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Captions and pages as people wrote them, by their names in the artifact."""

    @property
    def names(self) -> tuple[str, ...]:
        """The files that people wrote, or wrote into."""
        return (*([DOCUMENT] if self.texts else []), *sorted(self.files))


def written_by_hand(earlier: Earlier[Translation]) -> WrittenByHand:
    """What people wrote, now or before.

    Raises:
        BadMedia: what a person wrote cannot be read. Nothing is written over.
        BadArtifact: what is stored cannot be read, and a person's work is in it.
    """
    if earlier.stored is None:
        return WrittenByHand()
    value = _as_stored(earlier)
    files = {name: edit.path for name, edit in earlier.edited.items() if name != DOCUMENT}
    for name in value.by_hand if value else ():
        path = None if name in files or name == DOCUMENT else _kept(earlier, name)
        if path is not None:
            files[name] = path
    texts = DOCUMENT in earlier.edited or (value is not None and DOCUMENT in value.by_hand)
    return WrittenByHand(value, texts, files)


def _as_stored(earlier: Earlier[Translation]) -> Translation | None:
    assert earlier.stored is not None
    if edit := earlier.edited.get(DOCUMENT):
        try:
            return Translation.model_validate_json(read_file(edit.path))
        except ValidationError as error:
            raise BadMedia(
                f"its {DOCUMENT} was edited where it is stored, and cannot be read any more: {first_of(error)}",
                next_step="Mend it there, or delete it to have it written again; until then nothing is written over",
            ) from error
    try:
        return earlier.stored.value
    except (BadArtifact, FileNotFoundError):
        if earlier.stored.manifest.by_hand or earlier.edited:
            raise
        return None


def _kept(earlier: Earlier[Translation], name: str) -> Path | None:
    """A file that a person wrote before; None where somebody deleted it, so that it is written anew."""
    assert earlier.stored is not None
    try:
        path = earlier.stored.local_path(name)
    except (BadArtifact, FileNotFoundError):
        return None
    return path if path.is_file() else None
