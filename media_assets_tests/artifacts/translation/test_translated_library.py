"""Translations in a library: one language that fails, and what Dagster, the store and the next attempt know of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.translation.value import Translation
from media_assets.pipeline.status import LibraryStatus, State
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone
from media_assets_tests.artifacts.translation.translations import BEES, TranslatingModel, translated
from media_assets_tests.openai_audio_server import AudioServer, Upload
from media_assets_tests.openai_server import OpenAIServer, Says
from media_assets_tests.real_library import RealLibrary

pytestmark = pytest.mark.thorough

TALK = "talk.wav"
CELL = f"media:{TALK}"


def says_the_bees(upload: Upload) -> dict[str, Any]:
    """An answer with times, whatever was sent."""
    share = upload.seconds / len(BEES)
    segments = [
        {"start": number * share, "end": (number + 1) * share, "text": text} for number, text in enumerate(BEES)
    ]
    return {"language": "english", "duration": upload.seconds, "text": " ".join(BEES), "segments": segments}


class TranslatedLibrary(RealLibrary):
    """One recording, whose words come from one server and whose translations from another."""

    def __init__(self, root: Path, hears: AudioServer, translates: OpenAIServer) -> None:
        self._hears, self._translates = hears, translates
        super().__init__(root)
        write_wav(self.media / TALK, tone(300, 30.0))

    def translate(self, *languages: str, **sections: Any) -> LibraryStatus:
        """Process it with these languages."""
        openai = {"engine": "openai", "max_retries": 0}
        self.configure(
            transcription={**openai, "base_url": self._hears.base_url, "answers": "timed"},
            translation={**openai, "base_url": self._translates.base_url, "languages": languages},
            assets={"thumbnail": {"enabled": False}},
            retries={"max_retries": 0},
            **sections,
        )
        return self.process()

    @property
    def folder(self) -> Path:
        (path,) = (self.root / "artifacts" / "translation").glob("*/translation.json")
        return path.parent

    @property
    def value(self) -> Translation:
        return Translation.model_validate_json((self.folder / "translation.json").read_bytes())


@pytest.fixture
def library(tmp_path: Path, hears: AudioServer, server: OpenAIServer) -> TranslatedLibrary:
    server.key = hears.key = None
    hears.answer = says_the_bees
    return TranslatedLibrary(tmp_path, hears, server)


def test_a_language_that_fails_is_red_and_costs_the_others_nothing(
    library: TranslatedLibrary, model: TranslatingModel
) -> None:
    assert library.translate("de").grid[CELL]["translation"] is State.DONE
    assert list(library.value.finished) == ["de"]
    model.asked.clear()

    model.fault = lambda _, target: Says("", refusal="No Spanish.") if target == "es" else None
    status = library.translate("de", "es", "fr")
    assert status.grid[CELL]["translation"] is State.FAILED
    failure = status.failures[CELL, "translation"]
    assert "into Spanish (es): is nothing that gpt-4o-mini will translate (No Spanish.)" in failure.reason
    assert list(library.value.finished) == ["de", "fr"]
    assert (library.folder / "transcript.fr.srt").is_file()
    assert not (library.folder / "transcript.es.srt").exists()
    assert model.languages == ["es", "fr"]
    assert list((library.root / ".media_assets" / "journal" / "translation").iterdir()), "it is taken up again"

    model.fault = None
    model.asked.clear()
    assert library.process(retry=True).grid[CELL]["translation"] is State.DONE
    assert model.languages == ["es"]
    assert [each.translations["es"] for each in library.value.segments] == [translated(text, "es") for text in BEES]
    assert not list((library.root / ".media_assets" / "journal" / "translation").iterdir())
    asked = len(model.asked)
    assert library.translate("de", "es", "fr").grid[CELL]["translation"] is State.DONE
    assert len(model.asked) == asked, "nothing is made twice"


def test_a_file_of_equal_content_takes_no_part_for_the_whole(
    library: TranslatedLibrary, model: TranslatingModel
) -> None:
    (library.media / "copy.wav").write_bytes((library.media / TALK).read_bytes())
    model.fault = lambda _, target: Says("", refusal="No.") if target == "es" else None
    status = library.translate("de", "es")
    assert {cells["translation"] for cells in status.grid.values()} == {State.FAILED}
    assert model.languages == ["de", "es"]
    speech = [language for language, ids in model.asked if ids == (1, 2, 3, 4, 5, 6)]
    assert speech.count("de") == 1, "what one of them paid for, the other finds in the journal"


def test_without_a_language_there_is_no_column(library: TranslatedLibrary, model: TranslatingModel) -> None:
    assert "translation" not in library.translate().grid[CELL]
    assert model.asked == []


def test_rules_choose_languages_for_some_recordings(library: TranslatedLibrary, model: TranslatingModel) -> None:
    use = {"engine": "openai", "base_url": library._translates.base_url, "languages": ["fr"], "max_retries": 0}
    status = library.translate(translation_rules=[{"when": {"paths": ["other/**"]}, "use": use}])
    assert status.grid[CELL]["translation"] is State.NOT_APPLICABLE
    assert library.manifest("translation", TALK).not_applicable == "is to be translated into no language"
    status = library.translate(translation_rules=[{"when": {"paths": ["*.wav"]}, "use": use}])
    assert status.grid[CELL]["translation"] is State.DONE
    assert library.value.finished == ("fr",)
    assert json.loads((library.folder / "manifest.json").read_bytes())["settings"]["languages"] == ["fr"]


def test_a_recording_without_speech_has_no_translation(
    library: TranslatedLibrary, hears: AudioServer, model: TranslatingModel
) -> None:
    hears.answer = lambda upload: {"language": "english", "duration": upload.seconds, "text": "", "segments": []}
    assert library.translate("de").grid[CELL]["translation"] is State.NOT_APPLICABLE
    assert library.manifest("translation", TALK).not_applicable == "has no speech to summarise"
    assert model.asked == []


def test_captions_beside_the_recording_are_found_by_players(
    library: TranslatedLibrary, model: TranslatingModel
) -> None:
    beside = {"translation": {"placement": "beside_source"}}
    assert library.translate("de", "pt-BR", outputs=beside).grid[CELL]["translation"] is State.DONE
    names = {path.name for path in library.media.iterdir()}
    assert names >= {"talk.de.srt", "talk.de.vtt", "talk.pt-BR.srt", "talk.summary.de.md", "talk.translation.json"}
    asked, runs = len(model.asked), library.made()
    library.process()
    assert library.made() == runs, "and nothing is made again because of them"
    assert len(model.asked) == asked
    assert library.translate("de", outputs=beside).grid[CELL]["translation"] is State.DONE
    assert not any("pt-BR" in path.name for path in library.media.iterdir())


def test_edited_captions_are_written_over_by_no_run(library: TranslatedLibrary, model: TranslatingModel) -> None:
    library.translate("de")
    path = library.folder / "transcript.de.srt"
    mine = "1\n00:00:00,000 --> 00:00:03,000\nGuten Morgen!\n\n"
    path.write_text(mine, "utf-8")
    model.asked.clear()
    assert library.process().grid[CELL]["translation"] is State.DONE
    assert model.asked == []
    assert path.read_text("utf-8") == mine
    library.translate("de", "fr")
    library.process(force=True, stage="translation")
    assert (library.folder / "transcript.de.srt").read_text("utf-8") == mine
    assert library.value.by_hand == ("transcript.de.srt",)
