"""The real pipeline on real media, processed in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from media_assets.artifacts.all import enabled_stages
from media_assets.base.errors import DayIsSpent
from media_assets.cli.progress_bar import BarProgress
from media_assets.config.load import load_secrets, load_settings
from media_assets.config.opening import open_library
from media_assets.definitions import build_definitions
from media_assets.operation.chunks import Chunks
from media_assets.operation.instance import open_instance
from media_assets.operation.processing import Processor
from media_assets.operation.selection import Selection
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.status import LibraryStatus, library_status
from media_assets.places.manifest import Manifest
from media_assets_tests.command_line import prepare_state


class RealLibrary:
    """A library.yaml in `root`, with its media in `root/media`."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.media = root / "media"
        self.media.mkdir(exist_ok=True)
        self.spent: dict[str, DayIsSpent] = {}
        """The stages that stopped in the last pass, for the budget of the day was used up."""
        prepare_state(root)
        self.configure(**settings)

    def configure(self, **settings: Any) -> None:
        """Write library.yaml anew."""
        sources = {"sources": {"media": {"path": "media"}}}
        (self.root / "library.yaml").write_text(json.dumps({**sources, **settings}), "utf-8")

    def process(self, **selection: Any) -> LibraryStatus:
        """What `media-assets process` does; the status of the selected files after it."""
        settings = load_settings(self.root / "library.yaml")
        library, chosen = open_library(settings, load_secrets(settings.config_path)), Selection(**selection)
        with open_instance(settings) as instance:
            progress = BarProgress(Console(quiet=True))
            definitions = build_definitions(settings, load_secrets(settings.config_path), {"progress": progress})
            processor = Processor(definitions, library, enabled_stages(settings.assets), instance)
            keys = processor.select(chosen)
            chunks = Chunks(processor, keys, chosen)
            for _ in chunks.process():
                pass
            self.spent = chunks.spent
            return processor.status(keys)

    def everything(self) -> LibraryStatus:
        """The status of all files that were ever registered."""
        settings = load_settings(self.root / "library.yaml")
        with open_instance(settings) as instance:
            stages = enabled_stages(settings.assets)
            return library_status(instance, open_library(settings), stages, registered(instance))

    def manifest(self, asset: str, path: str) -> Manifest:
        """Of a file at a path below `media`."""
        manifest = open_library(load_settings(self.root / "library.yaml")).store(asset).manifest(asset, f"media:{path}")
        assert manifest is not None, (asset, path)
        return manifest

    def made(self) -> dict[str, str]:
        """By `<asset> <key>`, the run that made the artifact."""
        found = {}
        for path in (self.root / "artifacts").glob("[!.]*/*/manifest.json"):
            manifest = Manifest.model_validate_json(path.read_text("utf-8"))
            found[f"{manifest.asset} {manifest.key.removeprefix('media:')}"] = manifest.made_by_run
        return found
