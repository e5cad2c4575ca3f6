"""What a stage can tell of how good an artifact is: checks of single files, which warn and stop nothing.

What belongs here: what a check is and what it found. Not the checks (`quality.py` of the artifact), nor how Dagster
learns of what they found (`recorder`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from media_assets.base.errors import BadMedia
from media_assets.base.section import Section
from media_assets.base.telling import text_of
from media_assets.pipeline.artifact import Stored

logger = logging.getLogger("media_assets")

Judged = TypeVar("Judged", bound=BaseModel)


class QualityLimits(Section):
    """What a section of limits for one stage has."""

    enabled: bool = True
    """Whether the files of this stage are checked."""


@dataclass(frozen=True)
class Verdict:
    """What a check found of one file."""

    passed: bool
    said: str
    """What was found, in a sentence without its full stop."""
    next_step: str = ""
    """What to do about it; for a check that did not pass."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was measured, by name; units as suffixes."""


@dataclass(frozen=True)
class QualityCheck(Generic[Judged]):
    """One thing that is looked at in every artifact of a stage."""

    name: str
    description: str
    judge: Callable[[Stored[Judged], Any], Verdict | None]
    """Called with the artifact and the limits; None where there is nothing to judge, such as the words of silence."""


@dataclass(frozen=True)
class Quality(Generic[Judged]):
    """The checks of one stage."""

    limits: Callable[[Any], QualityLimits]
    """Picks their limits from the settings of a library. They decide no result, so nothing is made anew for them."""
    checks: tuple[QualityCheck[Judged], ...]

    def wanted(self, settings: Any) -> tuple[QualityCheck[Judged], ...]:
        """The checks that a library has."""
        return self.checks if self.limits(settings).enabled else ()

    def judge(self, stored: Stored[Judged], settings: Any) -> dict[str, Verdict]:
        """What the checks found of an artifact, by their names; those that had nothing to judge are left out.

        One that fails itself says so in the place of a result: it may not stop what it looks at.
        """
        limits = self.limits(settings)
        found = {check.name: _judged(check, stored, limits) for check in self.wanted(settings)}
        return {name: verdict for name, verdict in found.items() if verdict}


def _judged(check: QualityCheck[Judged], stored: Stored[Judged], limits: QualityLimits) -> Verdict | None:
    try:
        return check.judge(stored, limits)
    except BadMedia:
        raise  # what is stored cannot be read, which concerns whoever reads it
    except Exception as error:
        asset = stored.manifest.asset
        logger.exception("the check %s of %s", check.name, asset)
        return Verdict(
            False,
            f"the check itself failed: {type(error).__name__}: {text_of(error)}",
            f"Mend `{check.judge.__name__}` in its code, or set `quality.{asset}.enabled: false` until then",
        )
