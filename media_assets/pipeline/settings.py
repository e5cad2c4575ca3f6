"""How stages run and where artifacts go: `assets`, `outputs`, `retries`, `limits`, `retention` of library.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, PositiveFloat, PositiveInt

from media_assets.base.section import Section

Placement = Literal["folder", "beside_source"]

Pool = Literal["source", "ffmpeg", "encoder", "transcriber", "summarizer"]
"""The scarce things that stages use."""
USUAL_POOLS: dict[str, int] = {"source": 4, "ffmpeg": 2, "encoder": 1, "transcriber": 1, "summarizer": 4}
"""How many steps may use each at once where library.yaml says nothing else."""


class Output(Section):
    """Where the artifacts of one asset go."""

    store: str | None = None
    """A name under `stores`; absent: that of `outputs.default`."""
    placement: Placement | None = None
    """`folder`: in the store's own folder. `beside_source`: next to the source file, named after it."""


class ResolvedOutput(NamedTuple):
    """Where the artifacts of one asset go, with nothing left open."""

    store: str
    placement: Placement


class AssetTuning(Section):
    """How one asset is run. None of it changes a result. What is usual for a stage stands at the stage itself."""

    enabled: bool = True
    """Whether it is made at all. What is made from it has to be disabled with it."""
    batch: PositiveInt
    """Files per run. Every asset needs a number of its own: Dagster puts assets of equal policy into one run, and then
    one bad file stops the later stages of its whole batch."""
    workers: PositiveInt
    """Files worked on at once within a run."""
    time_limit_seconds: PositiveFloat
    """Time that every file may take, however short it is."""
    time_limit_per_media_second: Annotated[float, Field(ge=0)]
    """Time that a file may take beyond that for each second it plays, as far as its bytes can hold that much."""


class RetrySettings(Section):
    """How a batch is run again after a failure that a repetition may cure; a bad file is never repeated."""

    max_retries: Annotated[int, Field(ge=0)] = 3
    delay_seconds: PositiveFloat = 10.0
    """Time before the first repetition; doubled each time, with jitter."""


class LimitSettings(Section):
    """What one file, one process and the disks are held to. None of it changes a result."""

    min_free_bytes: Annotated[int, Field(ge=0)] = 1_000_000_000
    """Space that is left free on the disks of `state_dir` and of the stores."""
    reader_memory_bytes: PositiveInt = 2_000_000_000
    """Memory of a process that looks into one file. A file that needs more is red."""
    ffmpeg_memory_bytes: PositiveInt | None = None
    """Memory of one ffmpeg; absent: three quarters of what the machine or its container has, and 4 GB at least."""
    max_media_hours: PositiveFloat = 48.0
    """A file that plays for longer, by its own time stamps, is red: no claim of a file makes it more work than that."""


class RetentionSettings(Section):
    """How long is kept what serves work that was broken off, and what only a day needed."""

    journal_days: PositiveFloat = 14.0
    """Finished pieces of long work that was not taken up again, since the last one: windows of a transcription, parts
    of a summary or a translation. They hold what was said."""
    row_days: Annotated[int, Field(ge=2)] = 35
    """What each run spent and postponed on a day, in Dagster's database."""
