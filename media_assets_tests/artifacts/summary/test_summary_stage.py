"""The stage `summary`: what it hands over besides what its engine says."""

from __future__ import annotations

import json
from pathlib import Path

from media_assets.artifacts.summary.asset import describe, summary
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.summarizers import Summarizers
from media_assets.artifacts.transcript.value import Speaker
from media_assets.base.secrets import Secrets
from media_assets.pipeline.recording import Recording
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.manifests import stored_value


def test_a_summary_says_who_speaks_and_its_page_is_what_dagster_shows(tmp_path: Path) -> None:
    speakers = (
        Speaker(id="S1", name="Anna", seconds=9),
        Speaker(id="S2", seconds=9),
        Speaker(id="S3", name="Anna", seconds=1),
    )
    said = stored_value(transcript(BEES).model_copy(update={"speakers": speakers}), tmp_path / "transcript.json")
    summarizers = Summarizers(lambda section: section.open(Secrets()))
    made = summary.function(said, summarizers, ExtractiveSummary(), Work(tmp_path))
    assert made.value.speakers == ("Anna", "Speaker 2")
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["speakers"] == ["Anna", "Speaker 2"]
    assert list(made.files) == ["summary.json"], "what names the recording is written by the pipeline"
    assert summary.texts is not None
    page = summary.texts(made.value, Recording("box:bees.mp4"))["summary.md"]
    assert "bees.mp4 · speakers: Anna, Speaker 2" in page
    (tmp_path / "summary.md").write_text(page, "utf-8")
    assert str(describe(stored_value(made.value, tmp_path / "summary.md"))["summary"]).count("speakers: Anna") == 1
