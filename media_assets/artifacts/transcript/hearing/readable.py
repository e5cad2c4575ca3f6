"""Long segments split where a reader would pause: at the end of a sentence, at a comma, at a silence.

The limits are those subtitlers work by: two lines of 42 characters, seven seconds (Netflix Timed Text Style Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise

from media_assets.artifacts.transcript.hearing.utterances import mean_confidence
from media_assets.artifacts.transcript.value import TranscriptSegment, Word
from media_assets.base.writing import (
    CLAUSE_MARKS,
    CLOSING_MARKS,
    SENTENCE_MARKS,
    columns,
    unbroken_pieces,
    word_pieces,
)

MAX_SECONDS = 7.0
MAX_CHARACTERS = 84
"""What is displayed counts: a full-width character takes two."""
_CRUMB_CHARACTERS = 20
_WITHIN_WORD = 0.3

_CLOSING = rf"[{re.escape(CLOSING_MARKS)}]*$"
_SENTENCE_END = re.compile(rf"[{re.escape(SENTENCE_MARKS)}]{_CLOSING}")
_CLAUSE_END = re.compile(rf"[{re.escape(CLAUSE_MARKS)}]{_CLOSING}")


@dataclass(frozen=True)
class _ReadableToken:
    """A word, and where its characters stand in the text of the segment."""

    first: int
    last: int
    start: float
    end: float
    words: tuple[Word, ...]


def split_readably(segment: TranscriptSegment, most: int = MAX_CHARACTERS) -> tuple[TranscriptSegment, ...]:
    """The segment in pieces that each fit into a caption; a segment that fits stays as it is.

    The times of the pieces are those of their words; without words they follow from the share of characters. A single
    word is never split.

    Args:
        most: How much a piece may hold, as `MAX_CHARACTERS` counts: less where a name stands before it.
    """
    if _fits(segment.end_seconds - segment.start_seconds, segment.text, most):
        return (segment,)
    tokens = _unbroken(segment.text, _spoken_tokens(segment)) or _estimated_tokens(segment)
    pieces = tuple(_parts(segment.text, tokens, frozenset(_ends(word_pieces(segment.text))), most))
    if len(pieces) <= 1:
        return (segment,)
    borders = [0, *(piece[0].first for piece in pieces[1:]), len(segment.text)]
    texts = [segment.text[start:end].strip() for start, end in pairwise(borders)]
    starts = [segment.start_seconds, *(piece[0].start for piece in pieces[1:])]
    ends = [*(min(p[-1].end, start) for p, start in zip(pieces, starts[1:], strict=False)), segment.end_seconds]
    return tuple(_piece(segment, *piece) for piece in zip(texts, pieces, starts, ends, strict=True))


def _fits(seconds: float, text: str, most: int) -> bool:
    return seconds <= MAX_SECONDS and columns(text) <= most


def _spoken_tokens(segment: TranscriptSegment) -> list[_ReadableToken]:
    """The segment's words found in its text; empty when the two do not agree, or a word fits into no caption."""
    tokens: list[_ReadableToken] = []
    position = 0
    next_starts = [*(word.start_seconds for word in segment.words[1:]), segment.end_seconds]
    for word, next_start in zip(segment.words, next_starts, strict=False):
        first = segment.text.find(word.text, position)
        if first < 0 or columns(word.text) > MAX_CHARACTERS:
            return []
        position = first + len(word.text)
        end = next_start if word.end_seconds is None else word.end_seconds
        tokens.append(_ReadableToken(first, position, word.start_seconds, end, (word,)))
    return tokens


def _unbroken(text: str, tokens: Sequence[_ReadableToken]) -> list[_ReadableToken]:
    """The tokens, as one where no line may end between them: some engines take letters for words, or halves of
    numbers. What fits into no caption stays as it is."""
    breaks = frozenset(_ends(unbroken_pieces(text, MAX_CHARACTERS)))
    found: list[_ReadableToken] = []
    for token in tokens:
        before = found[-1] if found else None
        # A blank parts them even before a mark, where the rules of lines have none.
        parted = before is None or token.first > before.last or token.first in breaks
        if before is None or parted or columns(text[before.first : token.last]) > MAX_CHARACTERS:
            found.append(token)
        else:
            found[-1] = replace(before, last=token.last, end=token.end, words=before.words + token.words)
    return found


def _ends(pieces: Iterable[str]) -> Iterator[int]:
    return accumulate(map(len, pieces))


def _estimated_tokens(segment: TranscriptSegment) -> list[_ReadableToken]:
    seconds_per_character = (segment.end_seconds - segment.start_seconds) / max(1, len(segment.text))

    def at(character: int) -> float:
        return segment.start_seconds + character * seconds_per_character

    return [_ReadableToken(a, b, at(a), at(b), ()) for a, b in _written_tokens(segment.text)]


def _written_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Where what is written between spaces begins and ends, in parts where it is wider than a line."""
    for match in re.finditer(r"\S+", text):
        position = match.start()
        token = match.group()
        whole = token.isascii() and columns(token) <= MAX_CHARACTERS
        for piece in (token,) if whole else unbroken_pieces(token, MAX_CHARACTERS):
            yield position, position + len(piece)
            position += len(piece)


def _parts(
    text: str, tokens: Sequence[_ReadableToken], words: frozenset[int], most: int
) -> Iterator[Sequence[_ReadableToken]]:
    if len(tokens) < 2 or _fits(tokens[-1].end - tokens[0].start, text[tokens[0].first : tokens[-1].last], most):
        yield tokens
        return
    cut = max(range(1, len(tokens)), key=lambda index: _merit(text, tokens, index, words))
    yield from _parts(text, tokens[:cut], words, most)
    yield from _parts(text, tokens[cut:], words, most)


def _merit(text: str, tokens: Sequence[_ReadableToken], index: int, words: frozenset[int]) -> float:
    """How good it is to cut before the token at `index`: half a second of silence counts as much as the end of a
    sentence, a crumb on either side against it and the middle of a word, which Chinese and Japanese may be cut in, and
    equal halves are better where nothing else decides.

    Args:
        words: Where a word of the text ends.
    """
    before, after = tokens[index - 1], tokens[index]
    said = text[before.first : after.first].rstrip()
    mark = 1.0 if _SENTENCE_END.search(said) else 0.5 if _CLAUSE_END.search(said) else 0.0
    pause = min(1.0, max(0.0, (after.start - before.end) / 0.5))
    smaller, larger = sorted((before.last - tokens[0].first, tokens[-1].last - after.first))
    within = 0.0 if after.first in words else _WITHIN_WORD
    return mark + pause - within - max(0.0, 1.0 - smaller / _CRUMB_CHARACTERS) + 0.1 * smaller / max(larger, 1)


def _piece(
    segment: TranscriptSegment, text: str, tokens: Sequence[_ReadableToken], start: float, end: float
) -> TranscriptSegment:
    words = tuple(chain.from_iterable(token.words for token in tokens))
    return TranscriptSegment(
        start_seconds=round(start, 3),
        end_seconds=round(max(end, start + 0.001), 3),
        text=text,
        confidence=mean_confidence(words, segment.confidence),
        words=words,
        speaker=segment.speaker,
    )
