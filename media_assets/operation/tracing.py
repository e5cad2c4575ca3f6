"""OpenTelemetry: one trace for each version of a file, with a span for each stage.

Stages run in processes of their own, days apart, and know nothing of one another. So the id of a trace is not handed
on, it is computed: from the partition key and the revision of the source. The span all others hang on is written by the
first stage, under an id that is computed too.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from media_assets.base.errors import Cancelled
from media_assets.base.keys import display_name
from media_assets.base.secrets import Secrets
from media_assets.config.tracing import TracingSettings
from media_assets.pipeline.outcome import Outcome, RunFacts

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Tracer

logger = logging.getLogger("media_assets")

_TRACES_PATH = "/v1/traces"


def trace_id(key: str, revision: str) -> int:
    """The id of the trace of one version of one file, the same in every process; 128 bits, never 0."""
    return _number(f"trace\0{key}\0{revision}", 16)


def root_span_id(key: str, revision: str) -> int:
    """The id of the span that stands for the file; 64 bits, never 0."""
    return _number(f"file\0{key}\0{revision}", 8)


def _number(text: str, length_bytes: int) -> int:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:length_bytes], "big") or 1


class Tracing:
    """An observer that sends a span for each outcome to a collector.

    Spans wait in a bounded queue and are sent by a thread of their own. A collector that does not answer costs the end
    of one run `timeout_seconds`; the ends of later ones in the same process do not wait for it.
    """

    def __init__(self, settings: TracingSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._headers = _headers(secrets)
        self._lock = threading.Lock()
        self._answers = True

    def done(self, facts: RunFacts, outcome: Outcome) -> None:
        # Where the version of the source cannot be told, there is no trace to join.
        if outcome.revision is not None and not isinstance(outcome.error, Cancelled):
            self._write(facts, outcome, outcome.revision)

    def end(self) -> None:
        if "_provider" not in vars(self):
            return
        flush = threading.Thread(target=self._processor.force_flush, name="flush-traces", daemon=True)
        flush.start()
        flush.join(self._settings.timeout_seconds if self._answers else 0.0)
        if flush.is_alive():
            self._note(answers=False)

    def _note(self, *, answers: bool) -> None:
        """Log that the collector does not answer: once, and again only after it had answered in between."""
        with self._lock:  # the thread that sends and the one that waits for it may notice at once
            fails_now, self._answers = self._answers and not answers, answers
        if fails_now:
            logger.warning("the collector at %s takes no traces; the work goes on without", self._settings.endpoint)

    def _write(self, facts: RunFacts, outcome: Outcome, revision: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        ended = time.time_ns()
        started = ended - int(outcome.seconds * 1e9)
        status = Status(StatusCode.ERROR, outcome.error.reason) if outcome.error else Status(StatusCode.OK)
        tracer = self._tracer
        if facts.takes_up_files and not outcome.reused:
            self._ids.next = trace_id(outcome.key, revision), root_span_id(outcome.key, revision)
            attributes = {"media_assets.partition": outcome.key}
            tracer.start_span(display_name(outcome.key), _no_parent(), start_time=started, attributes=attributes).end(
                ended
            )
        span = tracer.start_span(
            facts.asset,
            _parent(outcome.key, revision),
            start_time=started,
            attributes=_attributes(facts, outcome),
        )
        span.set_status(status)
        span.end(ended)

    # ------------------------------------------------------------------------------------------ OpenTelemetry's parts

    @property
    def _tracer(self) -> Tracer:
        with self._lock:
            return self._provider.get_tracer("media_assets")

    @cached_property
    def _ids(self) -> Any:
        """Random ids, but for a span whose ids were set as `next` by the same thread."""
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        class Ids(RandomIdGenerator):
            def __init__(self) -> None:
                self._of_thread = threading.local()

            @property
            def next(self) -> tuple[int, int] | None:
                return getattr(self._of_thread, "next", None)

            @next.setter
            def next(self, ids: tuple[int, int] | None) -> None:
                self._of_thread.next = ids

            def generate_trace_id(self) -> int:
                return self.next[0] if self.next else super().generate_trace_id()

            def generate_span_id(self) -> int:
                ids, self.next = self.next, None
                return ids[1] if ids else super().generate_span_id()

        return Ids()

    @cached_property
    def _processor(self) -> BatchSpanProcessor:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

        note = self._note

        class Exporter(OTLPSpanExporter):
            def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
                result = super().export(spans)
                note(answers=result is SpanExportResult.SUCCESS)
                return result

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it tells of every attempt; `_note` tells once
        endpoint = str(self._settings.endpoint).rstrip("/")
        address = endpoint if endpoint.endswith(_TRACES_PATH) else endpoint + _TRACES_PATH
        return BatchSpanProcessor(Exporter(address, headers=self._headers, timeout=self._settings.timeout_seconds))

    @cached_property
    def _provider(self) -> TracerProvider:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

        provider = TracerProvider(
            sampler=TraceIdRatioBased(self._settings.sample_ratio),  # by the id, so all stages of a file decide alike
            resource=Resource.create({SERVICE_NAME: self._settings.service_name}),
            id_generator=self._ids,
            shutdown_on_exit=False,  # it would wait for a collector that does not answer
        )
        provider.add_span_processor(self._processor)
        return provider


def _attributes(facts: RunFacts, outcome: Outcome) -> Mapping[str, str | int | float | bool]:
    files = outcome.manifest.files if outcome.manifest else ()
    attributes: dict[str, str | int | float | bool] = {
        "media_assets.partition": outcome.key,
        "media_assets.asset": facts.asset,
        "media_assets.run_id": facts.run_id,
        "media_assets.reused": outcome.reused,
        "media_assets.bytes": sum(file.size_bytes for file in files),
        "media_assets.seconds": round(outcome.seconds, 3),
    }
    if engine := outcome.described.get("engine"):
        attributes["media_assets.engine"] = str(engine)
    if outcome.manifest and outcome.manifest.not_applicable:
        attributes["media_assets.not_applicable"] = outcome.manifest.not_applicable
    if outcome.error:
        attributes["error.type"] = type(outcome.error).__name__
    return attributes


def _no_parent() -> Context:
    from opentelemetry.context import Context

    return Context()


def _parent(key: str, revision: str) -> Context:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    identity = SpanContext(
        trace_id(key, revision), root_span_id(key, revision), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return set_span_in_context(NonRecordingSpan(identity), _no_parent())


def _headers(secrets: Secrets) -> dict[str, str]:
    """What the collector wants to see, as OpenTelemetry's own variable writes it: `name=value,name=value`."""
    from urllib.parse import unquote

    given = secrets.otel_exporter_otlp_headers
    pairs = (pair.partition("=") for pair in given.get_secret_value().split(",")) if given else ()
    return {name.strip().lower(): unquote(value.strip()) for name, separator, value in pairs if separator}
