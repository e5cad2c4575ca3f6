"""The answers of other services' own APIs, in OpenAI's names and in seconds.

Gateways in front of them pass them on as they come. Seen in their documents: Deepgram (`results.channels`), Google and
IBM Watson (`results[].alternatives[].transcript`), AWS (`results.items`), Speechmatics
(`results[].alternatives[].content`), Azure (`phrases`), Rev (`monologues`) and AssemblyAI (`words` in milliseconds).
What is nested in no such way is the matter of `names`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from media_assets.artifacts.transcript.hearing.mending import number_of
from media_assets.base.words import said_in_a_row
from media_assets.base.writing import SENTENCE_MARKS

_Entry = dict[str, Any]
_STARTS = ("startTime", "startOffset", "start_time", "start_offset")
_ENDS = ("endTime", "endOffset", "end_time", "end_offset")
_RESULT_ENDS = ("resultEndTime", "resultEndOffset", "result_end_time", "result_end_offset")
_LANGUAGES = ("detected_language", "language_code", "languageCode", "language")
_ASSEMBLYAI = frozenset({"audio_url", "audio_duration", "utterances"})
_PERHAPS_ASSEMBLYAI = frozenset({"status", "id", "acoustic_model", "language_code", "speech_model", "sentences"})
_NOT_ASSEMBLYAI = frozenset({"word", "type", "logprob", "speaker_id"})


def of_other_service(body: _Entry) -> _Entry | None:
    """The answer with `text`, `segments`, `words` and `language`, times in seconds; None where it has no such shape."""
    for shape in (_deepgram, _aws, _speechmatics, _google, _azure, _rev, _assemblyai):
        found = shape(body)
        if found is not None:
            return {name: value for name, value in found.items() if value is not None}
    return None


def _deepgram(body: _Entry) -> _Entry | None:
    results = _object(body.get("results"))
    found = [(_first(each.get("alternatives")).get("transcript"), each) for each in _objects(results.get("channels"))]
    channels = {transcript: channel for transcript, channel in found if isinstance(transcript, str)}
    if not channels:
        return None
    heard = [_first(channel["alternatives"]) for channel in channels.values()]
    turns = _objects(results.get("utterances"))
    parts = [{**turn, "text": turn.get("transcript")} for turn in turns] or [
        sentence
        for each in heard
        for paragraph in _objects(_object(each.get("paragraphs")).get("paragraphs"))
        for sentence in _objects(paragraph.get("sentences"))
    ]
    spoken = [[_word(word) for word in _objects(each.get("words"))] for each in heard]
    if len(heard) > 1 and not parts:
        parts = [{**_span_of(words), "text": each["transcript"]} for each, words in zip(heard, spoken, strict=True)]
    return {
        "text": said_in_a_row(map(str.strip, channels)),
        "segments": sorted(({**_times(part), "text": part.get("text")} for part in parts), key=_order) or None,
        "words": [word for words in spoken for word in words],
        "language": _language(*channels.values(), *heard, body),
    }


def _google(body: _Entry) -> _Entry | None:
    results = _objects(body.get("results"))
    told = [(result, _first(result.get("alternatives"))) for result in results]
    told = [(result, best) for result, best in told if isinstance(best.get("transcript"), str)]
    billed = "totalBilledTime" in body or "totalBilledDuration" in _object(body.get("metadata"))
    if not told:
        return (
            {"text": ""}
            if billed and not any(_first(each.get("alternatives")).get("words") for each in results)
            else None
        )
    segments: list[_Entry] = []
    before = 0.0
    for result, best in told:
        words = [_word(word) for word in _objects(best.get("words"))] or list(_stamped(best))
        if words and not segments and words[0]["start"] is None and words[0]["end"] is not None:
            words[0]["start"] = 0.0  # Google leaves out what is zero
        end = _seconds_under(result, _RESULT_ENDS)
        span = _span_of(words)
        start = before if span["start"] is None and end is not None else span["start"]
        end = span["end"] if span["end"] is not None else end
        before = before if end is None else end
        segments.append({"text": best["transcript"], "start": start, "end": end, "words": words or None})
    return {
        "text": said_in_a_row(segment["text"].strip() for segment in segments),
        "segments": segments,
        "language": _language(*results, body),
    }


def _stamped(best: _Entry) -> Iterator[_Entry]:
    """IBM's words: `["one", 0.1, 0.5]`, and how sure it is of each in a list of its own."""
    sure = [entry[1] for entry in _lists(best.get("word_confidence"), 2)]
    for index, (word, start, end) in enumerate(_lists(best.get("timestamps"), 3)):
        yield {"word": word, "start": start, "end": end, "probability": sure[index] if index < len(sure) else None}


def _aws(body: _Entry) -> _Entry | None:
    results = _object(body.get("results"))
    transcripts = [each["transcript"] for each in _objects(results.get("transcripts")) if "transcript" in each]
    if not transcripts or not all(isinstance(text, str) for text in transcripts):
        return None
    return {
        "text": said_in_a_row(map(str.strip, transcripts)),
        "segments": list(_sentences(_objects(results.get("items")))) or None,
        "language": _language(results, body),
    }


def _speechmatics(body: _Entry) -> _Entry | None:
    results = _objects(body.get("results"))
    if not results:
        is_its_own = body.get("results") == [] and _object(body.get("metadata")).get("type") == "transcription"
        return {"text": ""} if is_its_own else None
    if not all(isinstance(_first(each.get("alternatives")).get("content"), str) for each in results):
        return None
    sentences = list(_sentences(results))
    configured = _object(_object(body.get("metadata")).get("transcription_config"))
    return {
        "text": said_in_a_row(sentence["text"] for sentence in sentences),
        "segments": sentences,
        "language": _language(_first(results[0]["alternatives"]), configured),
    }


def _sentences(items: Iterable[_Entry]) -> Iterator[_Entry]:
    """Words and marks that stand in a row, as sentences."""
    sentences: list[list[_Entry]] = []
    ended = True
    for item in items:
        best = _first(item.get("alternatives"))
        content = str(best.get("content") or "").strip()
        if item.get("type") == "punctuation":
            if sentences and content:
                sentences[-1][-1]["word"] += content
                ended = ended or bool(item.get("is_eos")) or content[-1:] in set(SENTENCE_MARKS)
        elif content:
            if ended:
                sentences.append([])
            sentences[-1].append({"word": content, **_times(item), "probability": best.get("confidence")})
            ended = False
    return map(_sentence, sentences)


def _sentence(words: list[_Entry]) -> _Entry:
    return {"text": said_in_a_row(word["word"] for word in words), **_span_of(words), "words": words}


def _azure(body: _Entry) -> _Entry | None:
    phrases = _objects(body.get("phrases"))
    if not phrases or not all("offsetMilliseconds" in each and isinstance(each.get("text"), str) for each in phrases):
        return None
    segments = [
        {**_lasting(phrase), "words": [_lasting(word) for word in _objects(phrase.get("words"))] or None}
        for phrase in phrases
    ]
    return {
        "text": said_in_a_row(phrase["text"].strip() for phrase in phrases),
        "segments": sorted(segments, key=_order),
        "language": next((phrase["locale"] for phrase in phrases if isinstance(phrase.get("locale"), str)), None),
    }


def _lasting(part: _Entry) -> _Entry:
    """Azure gives a start and how long it lasts, in milliseconds."""
    start, lasts = number_of(part.get("offsetMilliseconds")), number_of(part.get("durationMilliseconds"))
    end = None if start is None or lasts is None else (start + lasts) / 1000
    return {"text": part.get("text"), "start": None if start is None else start / 1000, "end": end}


def _rev(body: _Entry) -> _Entry | None:
    turns = [_objects(turn.get("elements")) for turn in _objects(body.get("monologues"))]
    if not any(turns):
        return {"text": ""} if body.get("monologues") == [] else None
    sentences = [sentence for elements in turns for sentence in _sentences(map(_rev_item, elements))]
    return {"text": said_in_a_row(sentence["text"] for sentence in sentences), "segments": sentences}


def _rev_item(element: _Entry) -> _Entry:
    best = {"content": element.get("value"), "confidence": element.get("confidence")}
    kind = "word" if element.get("type") == "text" else "punctuation"
    return {"type": kind, "alternatives": [best], "start": element.get("ts"), "end": element.get("end_ts")}


def _assemblyai(body: _Entry) -> _Entry | None:
    """Its times are milliseconds, whole numbers always; of other servers that name words `text` they are seconds."""
    turns = _objects(body.get("utterances")) or _objects(body.get("sentences"))
    words = _objects(body.get("words"))
    parts = [*words, *turns]
    if not parts or not all(map(_in_milliseconds, parts)):
        return None
    sure = all("confidence" in part for part in parts)
    if not (_ASSEMBLYAI & body.keys() or (sure and _PERHAPS_ASSEMBLYAI & body.keys())):
        return None
    text = body.get("text")
    return {
        "text": text if isinstance(text, str) else said_in_a_row(part["text"].strip() for part in turns or words),
        "segments": [
            {**_divided(turn), "words": [_divided(word) for word in _objects(turn.get("words"))] or None}
            for turn in turns
        ]
        or None,
        "words": [_divided(word) for word in words],
        "language": _language(body),
    }


def _in_milliseconds(part: _Entry) -> bool:
    times = part.get("start"), part.get("end")
    return (
        isinstance(part.get("text"), str)
        and not _NOT_ASSEMBLYAI & part.keys()
        and all(isinstance(time, int) and not isinstance(time, bool) for time in times)
    )


def _divided(part: _Entry) -> _Entry:
    start, end = part.get("start"), part.get("end")
    return {
        "text": part.get("text"),
        "start": start / 1000 if isinstance(start, int) else None,
        "end": end / 1000 if isinstance(end, int) else None,
        "probability": part.get("confidence"),
    }


def _word(entry: _Entry) -> _Entry:
    text = entry.get("punctuated_word", entry.get("word"))
    return {"word": text, **_times(entry), "probability": entry.get("confidence")}


def _times(entry: _Entry) -> _Entry:
    return {"start": _seconds_under(entry, ("start", *_STARTS)), "end": _seconds_under(entry, ("end", *_ENDS))}


def _seconds_under(entry: _Entry, names: Iterable[str]) -> float | None:
    """Seconds as a number, as `"1.3"` or `"1.3s"`, as `{"seconds": "1", "nanos": 300000000}`."""
    found = next((entry[name] for name in names if entry.get(name) is not None), None)
    if not isinstance(found, dict):
        return number_of(found)
    whole, nanos = number_of(found.get("seconds", 0)), number_of(found.get("nanos", 0))
    return None if whole is None or nanos is None else whole + nanos / 1e9


def _span_of(words: list[_Entry]) -> _Entry:
    starts = [word["start"] for word in words if word["start"] is not None]
    ends = [word["end"] for word in words if word["end"] is not None]
    return {"start": min(starts, default=None), "end": max(ends, default=None)}


def _order(segment: _Entry) -> float:
    return 0.0 if segment["start"] is None else float(segment["start"])


def _language(*places: _Entry) -> object:
    told = (place.get(name) for place in places for name in _LANGUAGES)
    return next((language for language in told if isinstance(language, str) and language.strip()), None)


def _object(value: object) -> _Entry:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[_Entry]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _lists(value: object, length: int) -> list[list[Any]]:
    entries = value if isinstance(value, list) else []
    return [each for each in entries if isinstance(each, list) and len(each) == length]


def _first(value: object) -> _Entry:
    return next(iter(_objects(value)), {})
