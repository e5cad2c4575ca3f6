"""The section `budgets` of library.yaml: what engines that cost money may spend."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.base.section import Section

Dollars = Annotated[float, Field(ge=0)]


class BudgetSettings(Section):
    """What engines that cost money may spend, in US dollars. None of it changes a result."""

    per_file_usd: Dollars | None = None
    """One artifact of one file; what would cost more is left alone, and other files go on."""
    per_day_usd: Dollars | None = None
    """The whole library from midnight to midnight UTC; what would go beyond it stops the batch."""
