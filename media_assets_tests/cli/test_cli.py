"""`media-assets` as a person types it: what it prints, and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from media_assets.cli.app import main
from media_assets_tests.broken_library import ffmpeg, tone
from media_assets_tests.command_line import prepare_state, typed


class Typed:
    """A library with one good recording and one empty one, and the command line on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "media" / "talks").mkdir(parents=True)
        tone(root / "media" / "talks" / "tone.ogg", 440, 1)
        (root / "media" / "empty.mp4").touch()
        self.configure({"media": {"path": "media"}})
        prepare_state(root)

    def configure(self, sources: dict[str, dict[str, str]]) -> None:
        (self.root / "library.yaml").write_text(json.dumps({"sources": sources}))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return typed("--config", self.root / "library.yaml", *arguments, cwd=self.root)


class Refused:
    """The command line in this process, which spares its start: for what ends before any work begins."""

    def __init__(self, captured: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._captured = captured
        self._patch = patch
        for name in os.environ:
            if name.startswith(("DAGSTER", "MEDIA_A")):
                patch.delenv(name)

    def __call__(self, library: Typed, *arguments: str) -> str:
        """What it says to the refused arguments."""
        self._patch.setattr(sys, "argv", ["media-assets", "--config", str(library.root / "library.yaml"), *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        return self._captured.readouterr().err


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    return Refused(capsys, monkeypatch)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    typed = Typed(tmp_path_factory.mktemp("typed"))
    done = typed.run("process", "--stage", "m4a_audio")
    assert done.returncode == 1, done.stdout + done.stderr
    return typed


@pytest.mark.thorough
def test_status_as_json_has_every_cell_counts_and_failures(library: Typed) -> None:
    done = library.run("status", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    cells = {(each["file"], each["asset"]): each for each in said.pop("cells")}
    assert len(cells) == 10
    assert cells["media:empty.mp4", "drive_file"]["next_step"] == "Fetch or export it again"
    made = cells["media:talks/tone.ogg", "m4a_audio"]
    assert made["state"] == "done" and made["run"] and Path(unquote(urlsplit(made["links"]["artifact"]).path)).is_file()
    assert said == {
        "files": 2,
        "assets": {
            "drive_file": {"done": 1, "not_applicable": 0, "failed": 1, "missing": 0},
            "m4a_audio": {"done": 1, "not_applicable": 0, "failed": 0, "missing": 1},
            "transcript": {"done": 0, "not_applicable": 0, "failed": 0, "missing": 2},
            "summary": {"done": 0, "not_applicable": 0, "failed": 0, "missing": 2},
            "thumbnail": {"done": 0, "not_applicable": 0, "failed": 0, "missing": 2},
        },
        "failures": [
            {"file": "media:empty.mp4", "asset": "drive_file", "reason": "is empty (0 bytes). Fetch or export it again"}
        ],
        "warnings": [],
    }


@pytest.mark.thorough
def test_doubtful_files_are_told_with_what_to_do(tmp_path: Path) -> None:
    library = Typed(tmp_path)
    (library.root / "media" / "empty.mp4").unlink()
    silent = library.root / "media" / "silent.m4a"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=2", silent)
    done = library.run("process", "--stage", "m4a_audio")
    assert done.returncode == 0, "a warning is no failure"
    assert "1 file may not be as good as they should" not in done.stdout + done.stderr
    assert "1 file may not be as good as it should" in done.stdout + done.stderr
    shown = library.run("status", "--warnings").stdout
    assert "! m4a_audio of media:silent.m4a: loudness" in shown
    assert "it is silent. Look whether the microphone was on" in shown
    assert "tone.ogg" not in shown
    (warning,) = json.loads(library.run("status", "--json").stdout)["warnings"]
    assert (warning["file"], warning["check"]) == ("media:silent.m4a", "loudness")
    assert warning["next_step"].startswith("Look whether")
    shutil.move(silent, silent.with_name("other.m4a"))
    tone(silent, 300, 1)
    library.run("process", "--stage", "m4a_audio")
    again = library.run("status", "--warnings", "--file", "silent.m4a").stdout
    assert "nothing is warned of" in again, "another recording of that name is another"


@pytest.mark.thorough
def test_status_shows_a_row_for_each_file_and_why_one_is_red(library: Typed) -> None:
    shown = library.run("status").stdout
    assert "media:talks/tone.ogg" in shown
    assert "✗ drive_file of media:empty.mp4" in shown
    assert "is empty (0 bytes)" in shown


@pytest.mark.thorough
def test_retry_tries_only_what_failed(library: Typed) -> None:
    done = library.run("retry", "--limit", "1")
    assert done.returncode == 1
    assert "drive_file: 1 failed" in done.stdout
    assert "tone.ogg" not in done.stdout


@pytest.mark.thorough
def test_process_says_what_waits_and_what_is_reused(library: Typed) -> None:
    done = library.run("process", "--stage", "m4a_audio")
    assert done.returncode == 1
    assert "drive_file: 1 reused, 1 failed before, not tried again" in done.stdout
    assert "m4a_audio: 1 reused, 1 waiting for an earlier stage" in done.stdout


@pytest.mark.thorough
def test_a_selection_leaves_the_rest_alone(library: Typed) -> None:
    done = library.run("process", "--folder", "talks", "--file", "*.ogg", "--stage", "drive_file")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 file\n" in done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("process", "--source", "nosuch"), "no source is called 'nosuch'. There are: media"),
        (("process", "--stage", "nosuch"), "no stage is called 'nosuch'. There are: drive_file, m4a_audio"),
        (("retry", "--source", "nosuch"), "no source is called 'nosuch'"),
        (("status", "--source", "nosuch"), "no source is called 'nosuch'"),
    ],
)
def test_a_slip_of_the_keyboard_is_named(
    library: Typed, refused: Refused, arguments: tuple[str, ...], said: str
) -> None:
    assert said in " ".join(refused(library, *arguments).split())


@pytest.mark.thorough
def test_a_source_that_is_not_there_does_not_hold_up_the_others(tmp_path: Path) -> None:
    library = Typed(tmp_path)
    (tmp_path / "media" / "empty.mp4").unlink()
    library.configure({"gone": {"path": "gone"}, "media": {"path": "media"}})
    done = library.run("process", "--stage", "drive_file")
    assert done.returncode == 2
    assert "drive_file: 1 made" in done.stdout
    assert "of source 'gone' is not there" in done.stderr


def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path) -> None:
    library = Typed(tmp_path)
    (tmp_path / "library.yaml").write_text("sources: {media: {path: media}}\nbogus_section:\n")
    done = library.run("status")
    assert done.returncode == 2
    assert "bogus_section" in done.stderr and "library.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_doctor_says_that_its_state_cannot_be_written(tmp_path: Path) -> None:
    library = Typed(tmp_path)
    (tmp_path / "state").write_text("a file where a folder should be")
    settings = {"sources": {"media": {"path": "media"}}, "state_dir": "state"}
    (tmp_path / "library.yaml").write_text(json.dumps(settings))
    done = library.run("doctor")
    assert done.returncode == 1
    assert "✗ Dagster instance" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["media", "."])
def test_artifacts_may_not_go_where_the_sources_are(tmp_path: Path, refused: Refused, place: str) -> None:
    library = Typed(tmp_path)
    settings = {"sources": {"media": {"path": "media"}}, "stores": {"artifacts": {"path": place}}}
    (tmp_path / "library.yaml").write_text(json.dumps(settings))
    said = " ".join(refused(library, "status").split())
    assert "stores.artifacts.path" in said and "artifacts would be taken for sources" in said
