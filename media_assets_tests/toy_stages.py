"""Three trivial stages of text files, and the settings of a library that has these instead of the product's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from media_assets.base.model import Model
from media_assets.base.section import Section
from media_assets.config.settings import Settings
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.library import Library
from media_assets.pipeline.quality import Quality, QualityCheck, QualityLimits, Verdict
from media_assets.pipeline.settings import AssetTuning, LimitSettings, RetrySettings
from media_assets.pipeline.stage import FileAsset, Metadata, file_asset
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.source import SourceEntry
from media_assets.work.work import Work
from media_assets_tests.toy_bench import Bench

SOURCE = "box"


class Note(Model):
    """The value of every toy stage: the file's whole text."""

    text: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


class ShoutSettings(Section):
    """The section `shout` of the settings of a toy library."""

    decibels: int = 96


def describe(stored: Stored[Note]) -> Metadata:
    if f"{stored.manifest.asset}: value" in stored.value.text:
        raise ZeroDivisionError("cannot be described")
    return {"title": stored.value.title}


class CalmLimits(QualityLimits):
    """The section `calm` of the settings of a toy library."""

    max_marks: int = 0


def _calm(stored: Stored[Note], limits: CalmLimits) -> Verdict | None:
    title = stored.value.title
    if title == "nothing":
        return None
    if title == "cannot be judged":
        raise ZeroDivisionError("by no words")
    marks = title.count("!")
    return Verdict(marks <= limits.max_marks, f"{marks} exclamation marks", "Breathe", {"marks": marks})


CALM = Quality[Note](lambda settings: settings.calm, (QualityCheck("calm", "Nobody shouts.", _calm),))


def _tuning(batch: int, workers: int) -> AssetTuning:
    return AssetTuning(batch=batch, workers=workers, time_limit_seconds=300, time_limit_per_media_second=1)


@file_asset(
    group="toy",
    kinds={"python"},
    code_version="1",
    pool="source",
    tuning=_tuning(100, 4),
    describe=describe,
    shared_by_content=False,
)
def note(entry: SourceEntry, library: Library, bench: Bench, work: Work) -> Artifact[Note]:
    """Reads a file."""
    with library.local_file(entry) as path:
        text = path.read_text("utf-8")
        bench.act("note", text, work, path)
    return Artifact(Note(text=text), version=hashlib.sha256(text.encode()).hexdigest(), media_seconds=1.0)


@file_asset(
    group="toy",
    kinds={"python"},
    code_version="1",
    pool="ffmpeg",
    tuning=_tuning(50, 2),
    result_settings=lambda settings: settings.shout,
    describe=describe,
    quality=CALM,
)
def shout(note: Stored[Note], bench: Bench, settings: ShoutSettings, work: Work) -> Artifact[Note]:
    """Reads the source again, and writes a file that depends on the settings."""
    text = note.value.text
    bench.act("shout", text, work, note.local_path())
    sound = work.directory / "shout.m4a"
    sound.write_text(f"{settings.decibels} decibels of {text}", "utf-8")
    made = Artifact(note.value, files={"shout.m4a": sound}, media_seconds=note.manifest.media_seconds)
    instead: Artifact[Note] = bench.instead("shout", text, made, work.directory)
    return instead


@file_asset(
    group="toy", kinds={"python"}, code_version="1", pool="transcriber", tuning=_tuning(20, 1), describe=describe
)
def echo(shout: Stored[Note], bench: Bench, work: Work) -> Artifact[Note]:
    """Reads the file of the stage before, and writes two, of which one is its value."""
    heard = Note(text=shout.local_path("shout.m4a").read_text("utf-8"))
    bench.act("echo", shout.value.text, work)
    forms = {"echo.json": heard.model_dump_json(), "echo.srt": f"1: {heard.title}"}
    for name, text in forms.items():
        (work.directory / name).write_text(text, "utf-8")
    files = {name: work.directory / name for name in forms}
    return Artifact(heard, files, document="echo.json", cost_usd=0.25)


PIPELINE: tuple[FileAsset[Any], ...] = (note, shout, echo)


class ToySettings(Settings):
    """With the stages of this module in the place of the product's."""

    shout: ShoutSettings = ShoutSettings()
    calm: CalmLimits = CalmLimits()

    @classmethod
    def usual_tuning(cls) -> dict[str, AssetTuning]:
        return {stage.name: stage.tuning for stage in PIPELINE}


def toy_settings(root: Path, **changes: Any) -> ToySettings:
    """Settings of a library below `root`, without waiting for anything; `changes` replace whole sections."""
    sections: dict[str, Any] = {
        "state_dir": root / "state",
        "sources": {SOURCE: FolderSource(path=root / "in")},
        "stores": {"artifacts": FolderStore(path=root / "out")},
        "limits": LimitSettings(min_free_bytes=1),
        "retries": RetrySettings(max_retries=2, delay_seconds=0.01),
    }
    return ToySettings(**(sections | changes))


def tuned(asset: str, **changes: Any) -> dict[str, AssetTuning]:
    """The section `assets` with one asset run differently from the default."""
    usual = ToySettings.usual_tuning()
    return {**usual, asset: usual[asset].model_copy(update=changes)}
