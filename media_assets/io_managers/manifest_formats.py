"""Manifests of all formats there ever were: older ones are brought up to date as they are read, newer ones refused.

What is stored stays as it was written; the next publication of the artifact writes the present format. To change the
format: raise `Manifest.format` and add the upgrade from the one before to `UPGRADES`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from media_assets.errors import Fatal
from media_assets.io_managers.manifest import Manifest

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""From the content of a manifest of one format to that of the next; `format` itself is seen to."""

PRESENT: int = Manifest.model_fields["format"].default

UPGRADES: Mapping[int, Upgrade] = {}
"""By the format they start from. Format 1 is the first; nothing precedes it."""


class ManifestFormats:
    """Reads manifests.

    Args:
        upgrades: By the format they start from.
    """

    def __init__(self, upgrades: Mapping[int, Upgrade] = UPGRADES) -> None:
        self._upgrades = upgrades

    def read(self, text: bytes | str, where: str, *, repair: str) -> Manifest | None:
        """A manifest as it is stored; None when it is damaged, so that its artifact counts as missing.

        Args:
            where: It lies there, for messages.
            repair: What to do about one that no version wrote.

        Raises:
            Fatal: a newer version wrote it, or none.
        """
        try:
            return Manifest.model_validate_json(text)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                return None  # cut off by a power failure, or damaged by hand
        return self.manifest(json.loads(text), where, repair=repair)

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


FORMATS = ManifestFormats()
