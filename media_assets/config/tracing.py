"""The section `tracing` of library.yaml. Metrics need no section: they are read from what is recorded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat

from media_assets.base.section import Section
from media_assets.base.validators import WebAddress


class TracingSettings(Section):
    """OpenTelemetry traces, one for each version of each file, sent by OTLP over HTTP."""

    endpoint: WebAddress | None = None
    """Address of the collector, e.g. http://127.0.0.1:4318; absent: no traces."""
    service_name: str = "media-assets"
    """The name of this installation in the traces."""
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the files that are traced; a file is traced through all stages or not at all."""
    timeout_seconds: PositiveFloat = 2.0
    """How long the end of a run waits for the collector at most."""
