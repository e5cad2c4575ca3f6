"""`media-assets export` and `import` as a person types them; in this process, which spares their start."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from media_assets.cli.app import main


class Typed:
    """The command line of a library with two files, of which nothing was made yet."""

    def __init__(self, root: Path, captured: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._captured = captured
        self._patch = patch
        for name in os.environ:
            if name.startswith(("DAGSTER", "MEDIA_A")):
                patch.delenv(name)
        (root / "media").mkdir()
        for name in ("a.mp3", "b.mp3"):
            (root / "media" / name).write_bytes(b"sound")
        self.configure("here")

    def configure(self, state: str) -> None:
        content = {"state_dir": state, "sources": {"media": {"path": "media"}}}
        (self.root / "library.yaml").write_text(json.dumps(content))

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self._patch.setattr(sys, "argv", ["media-assets", "--config", str(self.root / "library.yaml"), *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code
        shown = self._captured.readouterr()
        return " ".join((shown.err if code else shown.out).split())


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    return Typed(tmp_path, capsys, monkeypatch)


@pytest.mark.thorough
def test_a_library_goes_from_one_place_to_another(typed: Typed) -> None:
    assert "2 files, 2 of them new here" in typed("import", "--from-stores")
    archive = str(typed.root / "library.zip")
    assert "2 files, 0 artifacts, 0 failures: " in (said := typed("export", archive))
    assert said.endswith("bytes, verified")
    typed.configure("elsewhere")
    assert "2 files, 2 of them new here" in typed("import", archive)
    said = typed("import", archive, "--dry-run")
    assert "2 files, 0 of them new here" in said and said.endswith("Nothing was changed.")


def test_what_cannot_be_done_is_said(typed: Typed) -> None:
    assert "either FILE or --from-stores is needed" in typed("import", code=2)
    assert "either FILE or --from-stores is needed" in typed("import", "a.zip", "--from-stores", code=2)
    broken = typed.root / "broken.zip"
    broken.write_bytes(b"nothing of ours")
    assert "broken.zip is damaged, or no archive of media-assets" in typed("import", str(broken), code=2)
    assert "broken.zip is there already. Name another file" in typed("export", str(broken), code=2)
