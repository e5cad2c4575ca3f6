"""summary: what a recording is about, as Markdown and JSON."""

from __future__ import annotations

from media_assets.artifacts.summary.checking import checked_summary
from media_assets.artifacts.summary.engines.openai.prompts import PROMPT_VERSION
from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.settings import SummarySettings
from media_assets.artifacts.summary.summarizers import Summarizers
from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import Transcript
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.work.engine_errors import named
from media_assets.work.work import Work


def describe(stored: Stored[Summary]) -> Metadata:
    import dagster as dg

    from media_assets.pipeline.shown import is_folded, markdown

    summary, text = stored.value, stored.local_path("summary.md").read_text("utf-8")
    return {
        **({"note": summary.note} if summary.note else {}),
        "summary": markdown(text),
        **({"whole_summary": dg.MetadataValue.md(text)} if is_folded(text) else {}),
        "engine": f"{summary.engine} {summary.model}".strip(),
        "extractive": summary.extractive,
        **({"template": summary.form.name} if summary.form else {}),
        "parts": summary.parts,
        "input_tokens": summary.usage.input_tokens,
        "output_tokens": summary.usage.output_tokens,
    }


@file_asset(
    group="text",
    kinds={"summary"},
    code_version=f"1-prompts{PROMPT_VERSION}",
    pool="summarizer",
    tuning=AssetTuning(batch=40, workers=2, time_limit_seconds=300, time_limit_per_media_second=0.5),
    result_settings=lambda settings: settings.summary,
    describe=describe,
    rules=lambda settings: settings.summary_rules,
    texts=lambda made, recording: {"summary.md": to_markdown(made, recording)},
)
def summary(
    transcript: Stored[Transcript], summarizers: Summarizers, settings: SummarySettings, work: Work
) -> Artifact[Summary]:
    """What a recording is about: title, abstract, key points, chapters with times, action items and topics.

    The whole transcript is read, in parts where it is long. A recording without speech has no summary. `summary_rules`
    may choose another engine for some transcripts, or a template: then the page has the form of that.
    """
    said = transcript.value
    engine = summarizers.engine(settings)
    ends = max([said.duration_seconds, *(segment.end_seconds for segment in said.segments)])
    with named(engine, settings.engine, work.directory):
        returned = engine.summarize(said, work)
    made = checked_summary(returned, engine, settings.engine, last_seconds=ends)
    made = made.model_copy(update={"speakers": tuple(dict.fromkeys(said.labels.values()))})
    document = work.directory / "summary.json"
    document.write_text(made.model_dump_json(indent=1), "utf-8", newline="\n")
    return Artifact(made, {document.name: document}, document=document.name, cost_usd=made.usage.cost_usd or 0.0)
