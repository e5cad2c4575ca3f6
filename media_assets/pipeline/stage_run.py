"""What the work on all files of one run of one stage has in common, and within which limits one file is worked on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media_assets.base.errors import Cancelled
from media_assets.base.keys import display_name
from media_assets.pipeline.library import Library
from media_assets.pipeline.progress import Progress
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.time_limits import growth_of, limit_of, limit_of_source
from media_assets.places.store import ArtifactStore
from media_assets.work.child_limits import ChildLimits, ToolLimits
from media_assets.work.spending import Ledger, Spending
from media_assets.work.work import Work


@dataclass(frozen=True)
class StageRun:
    """What the work on all files of one run of one stage has in common."""

    stage: FileAsset[Any]
    first_stage: str
    """The one that takes up the source files: its artifacts say which version of a file the others go back to."""
    library: Library
    upstreams: Mapping[str, ArtifactStore]
    """Where the artifacts of the earlier stages are kept, by stage."""
    resources: Mapping[str, Any]
    """The engines that the stage names, by parameter."""
    run_id: str
    force: bool
    """Whether everything is made again."""
    all_anew: bool
    """Whether nothing that cost work is taken over when it is."""
    progress: Progress
    ledger: Ledger
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set once all work is to stop."""

    def check_cancelled(self) -> None:
        """Ends what was begun for this run, once it is to stop.

        Raises:
            Cancelled: it is.
        """
        if self.cancelled.is_set():
            raise Cancelled("the run was stopped")

    def work_on(self, recipe: Recipe, directory: Path) -> Work:
        """The work on one file: where it is done, within which limits, and what it may cost."""
        settings = self.library.settings
        tuning = settings.assets[self.stage.name]
        progress, asset, name = self.progress, self.stage.name, display_name(recipe.key)
        growth = None
        if self.stage.reads_entry:
            limit = limit_of_source(self.library.stored_bytes(recipe.entry), tuning, settings.limits)
        else:
            limit = limit_of(recipe.manifests.values(), tuning, settings.limits)
            growth = growth_of(recipe.manifests.values(), tuning, settings.limits)
        return Work(
            directory=directory,
            time_limit_seconds=limit,
            max_media_seconds=settings.limits.max_media_hours * 3600,
            cancelled=self.cancelled,
            report=lambda fraction: progress.file(asset, name, fraction),
            journal=self.library.workspaces.journal(asset, recipe.fingerprint),
            min_free_bytes=settings.limits.min_free_bytes,
            child_limits=ChildLimits(memory_bytes=settings.limits.reader_memory_bytes),
            tool_limits=ToolLimits(memory_bytes=settings.limits.ffmpeg_memory_bytes),
            spending=Spending(settings.budgets, self.ledger),
            growth=growth,
        )
