"""What an engine heard once is not paid for again while only something else about the transcript is to be made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.heard_before import HEARD, TRANSCRIPT, heard_before
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.checksums import sha256_of
from media_assets.pipeline.artifact import Earlier, Stored
from media_assets.places.manifest import StoredFile
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone
from media_assets_tests.manifests import draft
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.real_library import RealLibrary

SETTINGS = FasterWhisperTranscription()
AUDIO = draft(asset="m4a_audio", version="input")


def heard(model: str) -> Transcript:
    return Transcript(language="en", duration_seconds=3, engine="faster-whisper", model=model)


def stored(folder: Path, **texts: str) -> Stored[Transcript]:
    """An artifact of `SETTINGS` with the files `<name>.json`."""
    files = []
    for stem, text in texts.items():
        path = folder / f"{stem}.json"
        path.write_text(text, "utf-8")
        files.append(StoredFile(name=path.name, path=path.name, size_bytes=len(text), sha256=sha256_of(path)))
    manifest = draft(settings=SETTINGS.result_settings(), files=tuple(files), document=TRANSCRIPT)
    return Stored(manifest, Transcript, lambda name: folder / str(name))


@pytest.fixture
def whole(tmp_path: Path) -> Stored[Transcript]:
    return stored(tmp_path, transcript=heard("a").model_dump_json(), heard=heard("b").model_dump_json())


def taken(earlier: Stored[Transcript] | None, **changes: Any) -> Transcript | None:
    usual: dict[str, Any] = {
        "audio": AUDIO,
        "settings": SETTINGS,
        "vocabulary": Vocabulary(),
        "code_version": "1",
    }
    arguments = usual | changes
    return heard_before(Earlier(earlier, {}, all_anew=False), **arguments)


def test_what_the_engine_heard_is_taken_from_its_own_file(whole: Stored[Transcript]) -> None:
    assert taken(whole) == heard("b")


def test_a_transcript_of_an_earlier_version_is_what_the_engine_heard(tmp_path: Path) -> None:
    assert taken(stored(tmp_path, transcript=heard("a").model_dump_json())) == heard("a")


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": FasterWhisperTranscription(model="small")},
        {"audio": draft(asset="m4a_audio", version="another")},
        {"code_version": "2"},
        {"vocabulary": Vocabulary(hot_words=("Keller",))},
    ],
)
def test_another_engine_another_sound_or_other_code_hears_anew(
    whole: Stored[Transcript], changes: dict[str, Any]
) -> None:
    assert taken(whole, **changes) is None


def test_a_setting_that_is_as_by_default_again_hears_anew(tmp_path: Path) -> None:
    earlier = stored(tmp_path, transcript=heard("a").model_dump_json())
    with_more = earlier.manifest.model_copy(update={"settings": {**earlier.manifest.settings, "device": "cuda"}})
    assert taken(Stored(with_more, Transcript, earlier.fetch)) is None
    other = earlier.manifest.model_copy(update={"settings": {**earlier.manifest.settings, "speakers": {"x": 1}}})
    assert taken(Stored(other, Transcript, earlier.fetch)) == heard("a"), "it is no setting of the engine"


def test_whoever_wants_all_anew_has_it_heard_anew(whole: Stored[Transcript]) -> None:
    assert heard_before(Earlier(whole, {}, all_anew=True), AUDIO, SETTINGS, Vocabulary(), "1") is None


def test_where_nothing_was_made_all_is_heard() -> None:
    assert taken(None) is None


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text(heard("c").model_dump_json(), "utf-8")])
def test_what_is_gone_or_changed_is_heard_anew(
    whole: Stored[Transcript], tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tmp_path / HEARD)
    assert taken(whole) is None


def test_a_vocabulary_that_is_gone_or_changed_is_heard_anew_without(whole: Stored[Transcript]) -> None:
    vocabulary = Vocabulary(hot_words=("Keller",))
    whole.manifest = whole.manifest.model_copy(
        update={"settings": whole.manifest.settings | {"vocabulary": vocabulary.unusual_settings()}}
    )
    assert taken(whole, vocabulary=vocabulary) == heard("b")
    assert taken(whole) is None
    assert taken(whole, vocabulary=Vocabulary(hot_words=("Kehler",))) is None


@pytest.mark.thorough
def test_a_lost_file_is_written_again_without_another_request(server: AudioServer, tmp_path: Path) -> None:
    server.key = None
    library = RealLibrary(tmp_path)
    write_wav(library.media / "talk.wav", tone(300, 2.0))

    def configure(model: str) -> None:
        engine = {"engine": "openai", "base_url": server.base_url, "model": model, "price_per_minute": 0.6}
        off = {"summary": {"enabled": False}, "thumbnail": {"enabled": False}}
        library.configure(transcription=engine, assets=off, retries={"max_retries": 0})

    configure("whisper-1")
    library.process()
    (srt,) = (tmp_path / "artifacts" / "transcript").glob("*/transcript.srt")
    text = srt.read_text("utf-8")
    asked = len(server.uploads)
    assert asked
    assert library.manifest("transcript", "talk.wav").cost_usd > 0

    srt.unlink()
    library.process()
    (again,) = (tmp_path / "artifacts" / "transcript").glob("*/transcript.srt")
    assert again.read_text("utf-8") == text
    assert len(server.uploads) == asked
    assert library.manifest("transcript", "talk.wav").cost_usd == 0, "it cost nothing to write it again"
    before = library.made()["transcript talk.wav"]
    library.process(refresh=True)
    assert library.made()["transcript talk.wav"] != before, "it was written again"
    assert len(server.uploads) == asked, "and not heard again"

    configure("whisper-2")
    library.process()
    assert len(server.uploads) > asked
    asked = len(server.uploads)
    library.process(force=True)
    assert len(server.uploads) > asked
