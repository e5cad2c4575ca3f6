"""What of library.yaml the machine goes by: how its runs are run, and where their artifacts go.

What does not belong here: what decides a result. Those sections are their assets' own, and the machine only hands them
on. So it knows no kind of artifact or place by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from media_assets.pipeline.settings import AssetTuning, LimitSettings, ResolvedOutput, RetentionSettings, RetrySettings
from media_assets.work.settings import BudgetSettings


class RunSettings(Protocol):
    """The settings of a library, as far as the machine reads them; the whole of them have what these are."""

    @property
    def state_dir(self) -> Path: ...

    @property
    def owners(self) -> tuple[str, ...]: ...

    @property
    def ui_base_url(self) -> str | None: ...

    @property
    def assets(self) -> Mapping[str, AssetTuning]: ...

    @property
    def retries(self) -> RetrySettings: ...

    @property
    def limits(self) -> LimitSettings: ...

    @property
    def budgets(self) -> BudgetSettings: ...

    @property
    def retention(self) -> RetentionSettings: ...

    def output_for(self, asset: str) -> ResolvedOutput: ...
