"""A correction in a whole library: taken up by the next run, followed by the summary, and lost by nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.pipeline.status import State
from media_assets_tests.artifacts.transcript.sounds import silence, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone
from media_assets_tests.command_line import prepare_state, typed
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.real_library import RealLibrary

WRITTEN = "We ordered new tiles for the roof."


class Edited:
    """A library of one recording whose captions somebody corrects."""

    def __init__(self, root: Path, server: AudioServer) -> None:
        server.key = None
        self._server = server
        self.library = RealLibrary(root)
        write_wav(self.library.media / "talk.wav", tone(300, 2.0), silence(1.0), tone(500, 3.0))
        self.configure()
        self.library.process()
        srt = self.file("transcript.srt")
        first = srt.read_text("utf-8").splitlines()[2]
        srt.write_text(srt.read_text("utf-8").replace(first, WRITTEN), "utf-8")

    def configure(self, model: str = "whisper-1", **settings: Any) -> None:
        engine = {"engine": "openai", "base_url": self._server.base_url, "model": model}
        off = {"thumbnail": {"enabled": False}}
        self.library.configure(transcription=engine, assets=off, retries={"max_retries": 0}, **settings)

    @property
    def asked(self) -> int:
        return len(self._server.uploads)

    def file(self, name: str, asset: str = "transcript") -> Path:
        (path,) = (self.library.root / "artifacts" / asset).glob(f"*/{name}")
        return path

    def transcript(self) -> Transcript:
        return Transcript.model_validate_json(self.file("transcript.json").read_bytes())

    def is_kept(self) -> bool:
        forms = [self.file(name).read_text("utf-8") for name in ("transcript.srt", "transcript.vtt", "transcript.txt")]
        return all(WRITTEN in form for form in forms) and WRITTEN in self.transcript().text


@pytest.fixture
def edited(tmp_path: Path, server: AudioServer) -> Edited:
    return Edited(tmp_path, server)


@pytest.mark.thorough
def test_the_next_run_takes_it_up_and_the_summary_follows(edited: Edited) -> None:
    asked = edited.asked
    edited.library.process()
    assert edited.is_kept()
    assert edited.asked == asked, "no engine was asked for it"
    assert WRITTEN in edited.file("summary.json", "summary").read_text("utf-8")
    assert edited.library.manifest("transcript", "talk.wav").by_hand


@pytest.mark.thorough
def test_it_outlives_force_another_model_and_other_settings(edited: Edited) -> None:
    edited.library.process()
    for change in ({"force": True}, {}):
        edited.library.process(**change)
        assert edited.is_kept()
    edited.configure(model="whisper-2")
    edited.library.process()
    assert edited.is_kept()
    heard = json.loads(edited.file("heard.json").read_text("utf-8"))
    assert heard["model"] == "whisper-2", "what the engine says now stays beside it"
    edited.configure(audio={"bit_rate_kbps": 64})
    edited.library.process()
    assert edited.is_kept()


@pytest.mark.thorough
def test_it_is_not_lost_to_a_copy_of_the_same_recording(edited: Edited) -> None:
    shutil.copyfile(edited.library.media / "talk.wav", edited.library.media / "copy.wav")
    status = edited.library.process()
    assert {row["transcript"] for row in status.grid.values()} == {State.DONE}
    texts = [
        path.read_text("utf-8") for path in (edited.library.root / "artifacts" / "transcript").glob("*/transcript.srt")
    ]
    assert any(WRITTEN in text for text in texts)
    manifest = edited.library.manifest("transcript", "talk.wav")
    assert manifest.by_hand
    assert WRITTEN in (edited.library.root / "artifacts" / manifest.file("transcript.srt").path).read_text("utf-8")


@pytest.mark.thorough
def test_captions_that_cannot_be_read_are_red_and_stay(edited: Edited) -> None:
    srt = edited.file("transcript.srt")
    broken = srt.read_text("utf-8").replace(" --> ", " to ", 1)
    srt.write_text(broken, "utf-8")
    status = edited.library.process()
    (failure,) = [one for one in status.failures.values() if one.asset == "transcript"]
    assert "its transcript.srt was edited where it is stored, and cannot be read any more" in failure.reason
    assert srt.read_text("utf-8") == broken

    srt.write_text(broken.replace(" to ", " --> "), "utf-8")
    edited.library.process()
    assert edited.is_kept(), "mended, it is taken up by the next run, as the next step says"

    mended = srt.read_bytes()
    srt.write_text(broken, "utf-8")
    edited.library.process()
    srt.write_bytes(mended)
    edited.library.process()
    assert edited.is_kept(), "as it was before"
    assert not edited.library.everything().failures

    srt.write_text("\n", "utf-8")
    status = edited.library.process()
    (failure,) = [one for one in status.failures.values() if one.asset == "transcript"]
    assert "no caption is left in it" in failure.reason
    srt.unlink()
    edited.library.process()
    assert edited.is_kept(), "deleted, it is written again"


@pytest.mark.thorough
def test_it_outlives_a_move_before_anybody_took_it_up(edited: Edited) -> None:
    edited.library.process()
    srt, asked = edited.file("transcript.srt"), edited.asked
    srt.write_text(srt.read_text("utf-8").replace("new tiles", "old tiles"), "utf-8")
    (edited.library.media / "talk.wav").rename(edited.library.media / "other.wav")
    edited.library.process()
    manifest = edited.library.manifest("transcript", "other.wav")
    root = edited.library.root / "artifacts"
    assert "old tiles" in (root / manifest.file("transcript.srt").path).read_text("utf-8")
    assert {"version-1.srt.txt", "version-2.srt.txt"} <= {file.name for file in manifest.files}
    assert manifest.by_hand
    assert edited.asked == asked, "it is the same recording"


@pytest.mark.thorough
def test_no_caption_goes_on_behind_the_end(edited: Edited) -> None:
    srt = edited.file("transcript.srt")
    text = srt.read_text("utf-8")
    last = re.findall(r"--> (\S+)", text)[-1]
    srt.write_text(text.replace(f"--> {last}", "--> 00:01:40,000"), "utf-8")
    edited.library.process()
    assert "--> 00:01:40,000" in srt.read_text("utf-8"), "byte for byte"
    assert edited.transcript().segments[-1].end_seconds == pytest.approx(6.0, abs=0.1)
    assert re.findall(r"--> 00:00:(0[56]\.\d+)\n", edited.file("transcript.vtt").read_text("utf-8"))
    assert "00:01:40" not in edited.file("transcript.vtt").read_text("utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize("rest", ["\n9\n00:00:13,840 --", "\n9\n00:00:13"])
def test_captions_that_were_not_written_to_their_end_are_red(edited: Edited, rest: str) -> None:
    srt = edited.file("transcript.srt")
    number = len(re.findall("-->", srt.read_text("utf-8"))) + 1
    srt.write_text(srt.read_text("utf-8") + rest.replace("9", str(number), 1), "utf-8")
    (failure,) = [one for one in edited.library.process().failures.values() if one.asset == "transcript"]
    assert "it was not written to its end" in failure.reason


@pytest.mark.thorough
def test_an_edit_of_the_same_length_is_seen(edited: Edited) -> None:
    edited.library.process()
    srt = edited.file("transcript.srt")
    srt.write_text(srt.read_text("utf-8").replace("new tiles", "old tiles"), "utf-8")
    later = srt.stat().st_mtime_ns + 1_000_000_000  # the file system may not tell so short a time
    os.utime(srt, ns=(later, later))
    edited.library.process()
    assert "old tiles" in edited.transcript().text
    assert [one.file for one in edited.transcript().versions] == ["version-1.srt.txt", "version-2.srt.txt"]


@pytest.mark.thorough
def test_it_moves_with_the_library(edited: Edited) -> None:
    edited.library.process()
    (edited.library.media / "2026").mkdir()
    (edited.library.media / "talk.wav").rename(edited.library.media / "2026" / "talk again.wav")
    edited.library.process()
    manifest = edited.library.manifest("transcript", "2026/talk again.wav")
    assert manifest.by_hand
    assert WRITTEN in (edited.library.root / "artifacts" / manifest.file("transcript.srt").path).read_text("utf-8")


@pytest.mark.thorough
def test_it_comes_along_with_an_export_and_stays(edited: Edited, tmp_path_factory: pytest.TempPathFactory) -> None:
    edited.library.process()
    edited.library.process()  # the summary follows
    here, there = edited.library.root, tmp_path_factory.mktemp("another machine")
    archive = there / "library.tar.xz"
    assert typed("export", archive, cwd=here).returncode == 0
    for folder in ("media", "artifacts"):
        shutil.copytree(here / folder, there / folder)
    shutil.copy(here / "library.yaml", there)
    prepare_state(there)
    imported = typed("import", archive, cwd=there)
    assert imported.returncode == 0, imported.stdout + imported.stderr
    edited.library, asked = RealLibrary(there), edited.asked
    edited.configure()
    edited.library.process(force=True, stage="transcript")
    assert edited.is_kept()
    assert edited.library.manifest("transcript", "talk.wav").by_hand
    assert edited.asked == asked + 1, "force asks the engine again, and its text is not what stays"
    versions = typed("transcript", "talk.wav", "--versions", cwd=there)
    assert "in transcript.srt" in versions.stdout, versions.stdout
