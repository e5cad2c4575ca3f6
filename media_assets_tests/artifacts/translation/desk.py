"""The stage as the machine calls it for one file, with what an earlier attempt stored and left in the journal."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter

from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.translation.asset import pages as pages_of
from media_assets.artifacts.translation.asset import translation
from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.translator import opened_translator
from media_assets.artifacts.translation.translators import Translators
from media_assets.artifacts.translation.value import Translation
from media_assets.base.checksums import sha256_of
from media_assets.base.secrets import Secrets
from media_assets.pipeline.artifact import Artifact, Earlier, Stored
from media_assets.pipeline.recording import Recording, write_texts
from media_assets.places.manifest import StoredFile
from media_assets.places.store import EditedFile
from media_assets.work.spending import Spending
from media_assets.work.work import Work
from media_assets_tests.artifacts.translation.translations import bees, summary
from media_assets_tests.manifests import draft
from media_assets_tests.openai_server import OpenAIServer


class Desk:
    """One recording.

    Attributes:
        said: Its transcript; change it between attempts as a test needs.
        told: Its summary.
        stored: What lies in the store by now.
    """

    def __init__(self, root: Path, server: OpenAIServer) -> None:
        self.root = root
        self.said: Transcript = bees()
        self.told: Summary = summary()
        self.summary_settings: dict[str, Any] = {}
        self.stored: Stored[Translation] | None = None
        self.artifact: Artifact[Translation] | None = None
        self.spending = Spending()
        self._server = server
        self._edited: dict[str, str] = {}

    def make(self, *languages: str, all_anew: bool = False, **settings: Any) -> Translation:
        """One attempt.

        Raises:
            MediaAssetsError: what the file would turn red with, be it that a part was stored.
        """
        given = {"engine": "openai", "base_url": self._server.base_url, "max_retries": 0, "languages": languages}
        section = TypeAdapter[TranslationSettings](TranslationSettings).validate_python(given | settings)
        directory = Path(tempfile.mkdtemp(dir=self.root))
        journal = self.root / "journal" / self._fingerprint(section)
        key = SecretStr(self._server.key) if self._server.key else None
        secrets = Secrets(openai_api_key=key, libretranslate_api_key=key)
        made = translation.function(
            transcript=Stored(draft(value=self.said.model_dump(mode="json")), Transcript, lambda _: directory),
            summary=Stored(
                draft(asset="summary", value=self.told.model_dump(mode="json"), settings=self.summary_settings),
                Summary,
                lambda _: directory,
            ),
            earlier=Earlier(stored=self.stored, edited=self._edits(directory), all_anew=all_anew),
            translators=Translators(lambda chosen: opened_translator(chosen, secrets)),
            settings=section,
            work=Work(directory, journal=journal, spending=self.spending),
        )
        pages = write_texts(directory, pages_of(made.value, Recording("media:talk.wav")))
        made = replace(made, files={**made.files, **pages})
        self._store(made, section, directory)
        if made.unfinished:
            raise made.unfinished
        shutil.rmtree(journal, ignore_errors=True)
        return made.value

    def text(self, name: str) -> str:
        """What is in a file of the artifact."""
        assert self.artifact is not None
        return self.artifact.files[name].read_text("utf-8")

    @property
    def names(self) -> set[str]:
        return set(self.artifact.files) if self.artifact else set()

    @property
    def journals(self) -> list[Path]:
        return sorted(path for path in (self.root / "journal").rglob("*") if path.is_file())

    def edit(self, name: str, text: str) -> None:
        """What a person does to a file where it is stored."""
        self._edited[name] = text

    def _edits(self, directory: Path) -> dict[str, EditedFile]:
        edits = {}
        for name, text in self._edited.items():
            path = directory / f"edited {name}"
            path.write_text(text, "utf-8")
            edits[name] = EditedFile(path, sha256_of(path), datetime(2026, 5, 1, tzinfo=UTC), "anna")
        self._edited.clear()
        return edits

    def _store(self, made: Artifact[Translation], section: TranslationSettings, directory: Path) -> None:
        manifest = draft(
            asset="translation",
            code_version=translation.code_version,
            settings=section.result_settings(),
            value=made.value.model_dump(mode="json"),
            by_hand=made.by_hand,
            files=tuple(StoredFile(name=name, path=name, size_bytes=1, sha256="") for name in made.files),
        )
        self.artifact, self.stored = made, Stored(manifest, Translation, lambda name: directory / str(name))

    def _fingerprint(self, section: TranslationSettings) -> str:
        decides = f"{section.result_settings()}{self.said!r}{self.told!r}"
        return hashlib.sha256(decides.encode()).hexdigest()[:16]
