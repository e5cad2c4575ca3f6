"""The section of library.yaml for summaries by a language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr

from media_assets.artifacts.summary.summarizer import SummarizerSection
from media_assets.artifacts.summary.template import SummaryTemplate, ready_template
from media_assets.base.secrets import Secrets
from media_assets.base.section import COUNTS_IF_UNUSUAL
from media_assets.base.validators import Language
from media_assets.services.openai.chat.section import ChatSection

if TYPE_CHECKING:
    from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer


class OpenAISummary(ChatSection, SummarizerSection):
    """Any server that speaks OpenAI's chat completions with structured output."""

    engine: Literal["openai"]
    language: Language | None = None
    """Language of the summary as ISO 639-1 code; absent: that of the transcript."""
    template: Annotated[str | None, COUNTS_IF_UNUSUAL] = None
    """A name under `summary_templates`, or one that is ready; absent: the usual summary."""
    part_characters: Annotated[int, Field(ge=2000)] = 24_000
    """Longer transcripts are split at segment borders into parts of at most so many characters."""

    _template: SummaryTemplate | None = PrivateAttr(default=None)

    def with_templates(self, templates: Mapping[str, SummaryTemplate]) -> Self:
        """The section with the template that it names.

        Raises:
            KeyError: there is none of that name.
        """
        if self.template is None:
            return self
        made = self.model_copy()
        made._template = templates[self.template] if self.template in templates else ready_template(self.template)
        return made

    @property
    def chosen_template(self) -> SummaryTemplate | None:
        """What it names; None for the usual summary."""
        if self.template is None or self._template is not None:
            return self._template
        return ready_template(self.template)

    def result_settings(self) -> dict[str, Any]:
        """See `Section`: what a template says counts, and not where it stands."""
        found = super().result_settings()
        if (template := self.chosen_template) is not None:
            found["template"] = {"name": self.template, **template.result_settings()}
        return found

    def open(self, secrets: Secrets) -> OpenAISummarizer:
        from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer

        return OpenAISummarizer(self, secrets)
