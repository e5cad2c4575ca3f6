"""What the sections of library.yaml about engines have in common, so that nobody else has to tell engines apart."""

from __future__ import annotations

from typing import Any

from media_assets.base.promises import require_whole
from media_assets.base.section import Section


class EngineSection(Section):
    """A section about one engine of some stage: each engine has its own word for `engine`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """See that a section has all that is left to it, when it is declared."""
        super().__pydantic_init_subclass__(**kwargs)
        if "engine" in cls.model_fields:
            require_whole(cls)

    def server(self) -> str | None:
        """The address of the server that is asked with OPENAI_API_KEY; None where none is."""
        return None

    def unpriced(self) -> str | None:
        """The model that may cost something for which no price is set; None where budgets can be kept."""
        return None

    def packages(self) -> tuple[str, ...]:
        """What it stands on where it works on this machine, the likeliest culprit first; empty for a service."""
        return ()

    def is_here(self) -> bool:
        """Whether nothing has to be fetched before it can work."""
        return True
