"""How old a file is, for rules that treat old ones differently."""

from __future__ import annotations

from datetime import UTC, datetime

from media_assets.artifacts.drive_file.value import SourceFile

_DAYS_IN_A_YEAR = 365.2425


def age_years(file: SourceFile, now: datetime | None = None) -> float:
    """Time since it was recorded, as far as it says so itself, else since its last change; never negative."""
    since = file.recorded_at or file.modified_at
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return max(0.0, ((now or datetime.now(UTC)) - since).total_seconds() / 86_400 / _DAYS_IN_A_YEAR)
