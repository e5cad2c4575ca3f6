"""What every section of library.yaml is, and the marks its keys may bear."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _NotInResult:
    """Marks a setting that changes how fast or where a result is made, but not the result: no part of fingerprints."""


NOT_IN_RESULT = _NotInResult()


class _CountsIfUnusual:
    """Marks a setting that came to a section that exists: as it is by default it is no part of fingerprints, so that
    what was made before there was such a setting is not made anew."""


COUNTS_IF_UNUSUAL = _CountsIfUnusual()


class _NameOrPath:
    """Marks text that is a path when it begins like one (`.`, `~`, `/`), and a name otherwise."""


NAME_OR_PATH = _NameOrPath()


class Section(BaseModel):
    """A part of library.yaml. A key nobody reads is a mistake, so unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def result_settings(self) -> dict[str, Any]:
        """The settings that change the result, as plain JSON values."""
        dumped = self.model_dump(mode="json")
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            unusual = value != field.get_default(call_default_factory=True)
            if any(isinstance(mark, _NotInResult) for mark in field.metadata) or (
                not unusual and any(isinstance(mark, _CountsIfUnusual) for mark in field.metadata)
            ):
                del dumped[name]
            elif isinstance(value, Section):
                dumped[name] = value.result_settings()
        return dumped

    def unusual_settings(self) -> dict[str, Any]:
        """Those of `result_settings` that are not as they are by default."""
        usual = type(self)().result_settings()
        return {name: value for name, value in self.result_settings().items() if value != usual[name]}
