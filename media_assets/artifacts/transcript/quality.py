"""What is looked at in a transcript: whether what was heard can be believed, and whether all that was said has text.

What a person wrote or corrected, and subtitles that were there, are believed.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.artifacts.transcript.hearing.assembling import UNDETERMINED
from media_assets.artifacts.transcript.hearing.guards import NOT_MADE_OUT
from media_assets.artifacts.transcript.subtitles.taking import ENGINE as SUBTITLES
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.validators import Language
from media_assets.base.wording import clock, counted
from media_assets.base.words import word_count
from media_assets.pipeline.artifact import Stored
from media_assets.pipeline.quality import Quality, QualityCheck, QualityLimits, Verdict

_ENOUGH_SECONDS = 10.0
"""Less speech says nothing of how fast somebody speaks, or how much of it has text."""
_HEAR_BETTER = "a larger model (`transcription.model: small`), the right `transcription.language` or a `vocabulary`"


class TranscriptQuality(QualityLimits):
    """Limits for what was heard."""

    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.7
    """How sure the engine was of its words at least, on average."""
    max_dropped_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Which share of the segments the guards may have taken out."""
    min_words_per_minute: Annotated[float, Field(ge=0)] = 50.0
    """How many words a minute of text has at least."""
    max_words_per_minute: Annotated[float, Field(gt=0)] = 300.0
    """How many it has at most."""
    languages: tuple[Language, ...] = ()
    """Which languages are expected; none: any."""
    min_language_probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How sure the engine was of the language at least, where it told it."""
    min_speech_with_text: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Which share of the speech has text at least."""


def _was_heard(said: Transcript) -> bool:
    return said.engine != SUBTITLES and said.correction is None


def _confidence(stored: Stored[Transcript], limits: TranscriptQuality) -> Verdict | None:
    said = stored.value
    words = [word.confidence for segment in said.segments for word in segment.words]
    sure = words or [segment.confidence for segment in said.segments]
    if not (sure and _was_heard(said)):
        return None
    mean = sum(sure) / len(sure)
    return Verdict(
        mean >= limits.min_confidence,
        f"the engine was {_percent(mean)} sure of its words",
        f"Listen to a few sentences beside the text; {_HEAR_BETTER} may hear it better",
        {"confidence": round(mean, 4)},
    )


def _dropped(stored: Stored[Transcript], limits: TranscriptQuality) -> Verdict | None:
    said = stored.value
    dropped = sum(said.dropped.values())
    if not (dropped or said.segments) or not _was_heard(said):
        return None
    share = dropped / (dropped + len(said.segments))
    guards = ", ".join(f"{name} {count}" for name, count in sorted(said.dropped.items()) if count)
    return Verdict(
        share <= limits.max_dropped_share,
        f"{counted(dropped, 'segment')} taken out as invented ({guards})" if dropped else "nothing was taken out",
        f"Listen where text is missing: of music and noise nothing is lost; for speech, {_HEAR_BETTER} may hear it",
        {"dropped_share": round(share, 4), "dropped_segments": dropped},
    )


def _pace(stored: Stored[Transcript], limits: TranscriptQuality) -> Verdict | None:
    said = stored.value
    seconds = sum(segment.end_seconds - segment.start_seconds for segment in said.segments)
    if seconds < _ENOUGH_SECONDS or not _was_heard(said):
        return None
    pace = word_count(said.text) / seconds * 60
    slow = "Words may be missing: listen to a few sentences beside the text"
    fast = "Words may be repeated, or the recording played too fast: listen to a few sentences beside the text"
    return Verdict(
        limits.min_words_per_minute <= pace <= limits.max_words_per_minute,
        f"{pace:.0f} words a minute",
        slow if pace < limits.min_words_per_minute else fast,
        {"words_per_minute": round(pace, 1)},
    )


def _language(stored: Stored[Transcript], limits: TranscriptQuality) -> Verdict | None:
    said = stored.value
    if said.dropped.get(NOT_MADE_OUT):
        return Verdict(
            False,
            f"the model {said.model} knows English alone, and did not make out what is said",
            "If it is another language, set `transcription.model: small`, or choose an engine for it by a rule",
        )
    if not said.segments:
        return _no_language(said)
    told = [(one.end_seconds - one.start_seconds, one.probability) for one in said.languages if one.probability]
    seconds = sum(length for length, _ in told)
    sure = sum(length * probability for length, probability in told) / seconds if seconds else None
    figures = {} if sure is None else {"language_probability": round(sure, 4)}
    spoken = f"it is in `{said.language}`"
    if limits.languages and said.language not in limits.languages:
        expected = ", ".join(limits.languages)
        return Verdict(
            False,
            f"{spoken}, and {expected} is expected",
            "If that is wrong, set `transcription.language`; else add it to `quality.transcript.languages`",
            figures,
        )
    if sure is None:
        return Verdict(True, spoken)
    return Verdict(
        sure >= limits.min_language_probability,
        f"{spoken}, by {_percent(sure)}",
        "Set `transcription.language` to what is spoken, for all files or by a rule",
        figures,
    )


def _no_language(said: Transcript) -> Verdict | None:
    """What it means that nothing was made out: there may be nothing to make out."""
    if said.language != UNDETERMINED or not said.speech_seconds:
        return None
    return Verdict(
        said.speech_seconds < _ENOUGH_SECONDS,
        f"no language could be told from {said.speech_seconds:.0f} s of speech",
        f"Set `transcription.language`; where {said.model} does not know it, `transcription.model: small` may",
    )


def _coverage(stored: Stored[Transcript], limits: TranscriptQuality) -> Verdict | None:
    figures = stored.manifest.figures
    speech = figures.get("speech_seconds", 0.0)
    if speech < _ENOUGH_SECONDS or not _was_heard(stored.value):
        return None
    share = figures["speech_with_text_seconds"] / speech
    where = ""
    if "untold_from_seconds" in figures:
        where = f" from {clock(figures['untold_from_seconds'])} to {clock(figures['untold_to_seconds'])}"
    return Verdict(
        share >= limits.min_speech_with_text,
        f"{_percent(share)} of the speech has text",
        f"Listen{where}: if somebody speaks there, {_HEAR_BETTER} may hear it; singing and crowds are taken for speech "
        "at times",
        {"speech_with_text": round(share, 4)},
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


TRANSCRIPT_QUALITY = Quality[Transcript](
    limits=lambda settings: settings.quality.transcript,
    checks=(
        QualityCheck("confidence", "The engine was sure of its words.", _confidence),
        QualityCheck("dropped", "Few segments were taken out as invented.", _dropped),
        QualityCheck("pace", "There are as many words a minute as people say.", _pace),
        QualityCheck("language", "The language is one that is expected, and surely told.", _language),
        QualityCheck("coverage", "What is said has text.", _coverage),
    ),
)
