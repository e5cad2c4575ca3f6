"""What people read while a batch is at work."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia
from media_assets.base.wording import describe_bytes, describe_seconds
from media_assets.pipeline.outcome import Outcome
from media_assets.pipeline.progress import LogProgress, describe_outcome, log_to_file, logger
from media_assets.places.manifest import Manifest, StoredFile
from media_assets_tests import project_log
from media_assets_tests.toy_library import ToyLibrary


def made(*sizes: int, not_applicable: str | None = None) -> Manifest:
    return Manifest(
        asset="transcript",
        key="box:talk.mp4",
        fingerprint="f",
        version="v",
        not_applicable=not_applicable,
        files=tuple(
            StoredFile(name=f"{number}.txt", path=f"{number}.txt", size_bytes=size, sha256="0")
            for number, size in enumerate(sizes)
        ),
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        made_in_seconds=1.0,
        made_by_run="run",
    )


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome("k", made(3_100_000), seconds=0.8), "→ 0.txt 3.1 MB in 0.8 s"),
        (Outcome("k", made(900, 100), seconds=75), "→ 0.txt 1.0 kB in 1 min"),
        (Outcome("k", made(), seconds=0.2), "→ transcript in 0.2 s"),
        (
            Outcome("k", made(900).model_copy(update={"by_hand": True}), seconds=0.1),
            "→ 0.txt 900 B, with what people wrote, in 0.1 s",
        ),
        (Outcome("k", made(5), reused=True), "→ transcript is there already"),
        (Outcome("k", made(not_applicable="is a photo")), "→ not applicable: is a photo"),
        (Outcome("k", error=BadMedia("is cut off", next_step="Copy it")), "✗ transcript: is cut off. Copy it"),
    ],
)
def test_an_outcome_is_a_clause_behind_the_name_of_the_file(outcome: Outcome, text: str) -> None:
    assert describe_outcome("transcript", outcome) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min"), (3599, "60 min"), (5400, "1.5 h")]
)
def test_seconds_are_readable(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_100_000, "3.1 MB"), (2e9, "2.0 GB"), (5e12, "5.0 TB")],
)
def test_sizes_are_readable(size_bytes: float, text: str) -> None:
    assert describe_bytes(size_bytes) == text


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    handler = Kept()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield handler.records
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_each_file_is_a_line_with_its_number_and_failures_stand_out(
    tmp_path: Path, lines: list[logging.LogRecord]
) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="poison\nnote: poison")
        toy.run("note")
    texts = {record.getMessage(): record.levelno for record in lines}
    assert next(iter(texts)) == "note: 2 files"
    (bad,) = (text for text in texts if "✗" in text)
    assert "b.txt ✗ note: is poison. Throw it away" in bad
    assert texts[bad] == logging.WARNING
    assert sorted(text[:4] for text in texts)[:2] == ["1/2 ", "2/2 "]


def test_the_time_left_is_told_while_something_is_made(lines: list[logging.LogRecord]) -> None:
    progress = LogProgress()
    progress.begin("transcript", 3)
    progress.done("transcript", "a", Outcome("a", made(1), reused=True))
    progress.done("transcript", "b", Outcome("b", made(1)))
    progress.done("transcript", "c", Outcome("c", made(1)))
    texts = [record.getMessage() for record in lines[-3:]]
    assert ["left" in text for text in texts] == [False, True, False]


def test_progress_within_a_file_is_told_now_and_then(lines: list[logging.LogRecord]) -> None:
    progress = LogProgress()
    progress.begin("transcript", 1)
    for percent in range(100):
        progress.file("transcript", "talk.mp4", percent / 100)
    assert [record.getMessage() for record in lines[1:]] == ["transcript: talk.mp4 0 %"]


def test_a_log_file_takes_names_that_are_no_utf8(tmp_path: Path) -> None:
    with project_log.left_as_it_was():
        path = log_to_file(tmp_path / "sub/process.log")
        logger.warning("b\udce4r")
    assert r"b\udce4r" in path.read_text("utf-8")
