"""From what was heard in the windows of a recording to its transcript."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from media_assets.artifacts.transcript.hearing.guards import total, without_repeated_segments
from media_assets.artifacts.transcript.hearing.languages import Languages, the_one
from media_assets.artifacts.transcript.hearing.mending import lacking_note
from media_assets.artifacts.transcript.hearing.telling_languages import merged
from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.hearing.windows import Heard
from media_assets.artifacts.transcript.value import LanguageStretch, Transcript, seconds_by_language

UNDETERMINED = "und"
"""ISO 639-2's code for a language nobody can tell: none was configured, and there is no speech, or the engine did not
say."""
_NO_LANGUAGE = "The engine told no language: set `transcription.language` to the one that is spoken"


def to_transcript(
    windows: Sequence[Heard],
    *,
    engine: str,
    model: str,
    language: Languages,
    max_repetitions: int,
    duration_seconds: float,
    offset_seconds: float,
    note: str | None = None,
) -> Transcript:
    """The windows' segments on the timeline of the source, without those that repeat the ones before.

    Args:
        windows: With times in seconds from the start of the audio, in order.
        language: What is configured: one that is set is that of the transcript.
        duration_seconds: How long the audio is.
        offset_seconds: How much later than its source's timeline the audio starts.
        note: What a person should know of how it was heard.
    """
    kept, repeated = without_repeated_segments(
        place(
            chain.from_iterable(window.segments for window in windows),
            offset_seconds=offset_seconds,
            duration_seconds=duration_seconds,
        ),
        max_repetitions,
    )
    spoken = [] if the_one(language) else merged([one for window in windows for one in _spoken(window, offset_seconds)])
    # A window in which nothing was sure, such as one of music, has no say as long as there is another.
    sure = [one for window in windows if _is_sure(window) for one in _spoken(window, offset_seconds)]
    seconds = seconds_by_language(kept, sure or spoken)
    first = next((window.language for window in windows if window.language), UNDETERMINED)
    main = max(seconds, key=lambda code: seconds[code], default=first)
    several = len({stretch.language for stretch in spoken}) > 1
    lacking = lacking_note(total([window.lacking for window in windows]))
    spoken_in = the_one(language) or main
    speech_seconds = round(sum(window.speech_seconds for window in windows), 3)
    unknown = _NO_LANGUAGE if kept and spoken_in == UNDETERMINED else None
    return Transcript(
        language=spoken_in,
        languages=tuple(spoken) if several or any(one.probability is not None for one in spoken) else (),
        duration_seconds=duration_seconds,
        engine=engine,
        model=model,
        segments=kept,
        dropped=total([*(window.dropped for window in windows), repeated]),
        cost_usd=sum(window.cost_usd for window in windows),
        speech_seconds=speech_seconds or None,
        note="; ".join(filter(None, (note, lacking, _remarks(windows), unknown))) or None,
    )


def _is_sure(window: Heard) -> bool:
    return window.sure_language is not None or not window.languages


def _spoken(window: Heard, offset_seconds: float) -> list[LanguageStretch]:
    """The languages of a window on the timeline of the source. Windows of earlier versions have one, without times."""
    if not window.segments:
        return []
    whole = LanguageStretch(
        start_seconds=window.segments[0].start_seconds,
        end_seconds=max(segment.end_seconds for segment in window.segments),
        language=window.language or "",
    )
    return [
        one.model_copy(
            update={
                "start_seconds": round(one.start_seconds + offset_seconds, 3),
                "end_seconds": round(one.end_seconds + offset_seconds, 3),
            }
        )
        for one in window.languages or ([whole] if window.language else [])
    ]


def _remarks(windows: Sequence[Heard]) -> str | None:
    found = total([window.remarks for window in windows])
    counts = ", ".join(f"{what} ({count} of {len(windows)} pieces)" for what, count in found.items() if count)
    return f"Of the languages: {counts}" if counts else None
