"""Manifests of all formats there ever were: older ones are brought up to date as they are read, newer ones refused.

What is stored stays as it was written; the next publication of the artifact writes the present format. To change the
format: raise `Manifest.format` and add the upgrade from the one before to `UPGRADES`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from media_assets.base.errors import Fatal
from media_assets.base.paths import LeadsOut
from media_assets.places.manifest import Manifest

logger = logging.getLogger(__name__)

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes the content of a manifest of one format that of the next; `format` itself is seen to."""

PRESENT: int = Manifest.model_fields["format"].default

UPGRADES: Mapping[int, Upgrade] = {}
"""The upgrades, by the format they start from. Format 1 is the first; nothing precedes it."""


class ManifestFormats:
    """Reads manifests.

    Args:
        upgrades: By the format they start from.
    """

    def __init__(self, upgrades: Mapping[int, Upgrade] = UPGRADES) -> None:
        self._upgrades = upgrades
        self._refused: set[str] = set()

    def read(self, text: bytes | str, where: str) -> Manifest | None:
        """A manifest as it is stored; None when no version wrote it so, and its artifact counts as missing.

        Args:
            where: It lies there, for messages.

        Raises:
            Fatal: a newer version wrote it.
        """
        try:
            return Manifest.model_validate_json(text)
        except ValidationError:
            pass  # an older or a newer one, cut off by a power failure, or damaged by hand
        try:
            return Manifest.model_validate(self._upgraded(json.loads(text), where))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.refuse(where, _reason(error))
            return None

    def refuse(self, where: str, reason: str) -> None:
        """Say once that an artifact counts as missing because of what its manifest says."""
        if where not in self._refused:
            self._refused.add(where)
            logger.warning("%s is no manifest (%s); its artifact counts as missing", where, reason)

    def manifest(self, content: object, where: str, *, repair: str) -> Manifest:
        """A manifest from its parsed JSON; for the rest see `read`."""
        try:
            return Manifest.model_validate(self._upgraded(content, where))
        except ValidationError as error:
            raise Fatal(
                f"{where} is not a manifest of this version: {error.errors()[0]['msg']}", next_step=repair
            ) from error

    def _upgraded(self, content: object, where: str) -> object:
        if not isinstance(content, dict):
            return content
        number = content.get("format")
        if isinstance(number, int) and number > PRESENT:
            raise Fatal(
                f"{where} is not a manifest of this version: a newer one wrote it in format {number}, and this one "
                f"knows formats up to {PRESENT}",
                next_step="Upgrade media-assets here: all machines that share a store need the same version",
            )
        while isinstance(number, int) and number in self._upgrades:
            content = {**self._upgrades[number](content), "format": number + 1}
            number += 1
        return content


def _reason(error: Exception) -> str:
    """What is wrong, without what stands in the manifest, unless it is a path that leads out."""
    found = error.errors() if isinstance(error, ValidationError) else ()
    causes = [cause for each in found if isinstance(cause := each.get("ctx", {}).get("error"), LeadsOut)]
    return str(causes[0]) if causes else type(error).__name__


FORMATS = ManifestFormats()
