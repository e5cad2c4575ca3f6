"""A transcript as sentences with times, also where the recogniser wrote no punctuation.

With punctuation a sentence ends where it says so, and may span segments. Without, the speaker's pauses say it: segments
are utterances, short ones are joined to the nearer neighbour, and long ones are split where the pause is longest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_assets.artifacts.summary.engines.extractive.words import appended, word_count
from media_assets.artifacts.transcript.value import TranscriptSegment

_SHORT = 5
"""Words; an utterance below this seldom says something by itself."""
_LONG = 45
"""Words; beyond this people do not read a quotation."""
_JOIN_GAP_SECONDS = 1.5
_WORDS_PER_STOP = 80
"""Fewer sentence ends than one in so many words count as no punctuation."""

# Sentence ends of the world's scripts, with closing quotes and brackets behind them.
_END = re.compile(r"""[.!?…。！？｡．؟۔।॥።։။។]["'”’»)\]」』）]*$""")
_UNSPACED_END = re.compile(r"(?<=[。！？｡])(?=[^\s。！？｡」』）”’])")
_ABBREVIATION = re.compile(
    r"""["'(\[]*(?:\w|mr|mrs|ms|dr|prof|st|vs|etc|approx|e\.g|i\.e|no|z\.b|d\.h|bzw|ca|nr|hr|fr|sra?|dott|mme|m)\.""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sentence:
    """Consecutive words of a transcript."""

    text: str
    start_seconds: float
    end_seconds: float

    @property
    def ends_itself(self) -> bool:
        """Whether punctuation closes it."""
        return _END.search(self.text) is not None


@dataclass(frozen=True)
class _Token:
    """A word as written, and where it stands."""

    text: str
    start_seconds: float
    end_seconds: float
    first: bool
    """Whether a segment begins with it."""
    words: int


def sentences(segments: Sequence[TranscriptSegment]) -> list[Sentence]:
    """All that the segments say, in order. At least one sentence if a segment has text."""
    tokens = [token for segment in segments for token in _tokens(segment)]
    ends = [i for i, token in enumerate(tokens) if _ends(token, tokens[i + 1] if i + 1 < len(tokens) else None)]
    if len(ends) * _WORDS_PER_STOP >= sum(token.words for token in tokens):
        pieces = _cut(tokens, [i + 1 for i in ends])
    else:
        pieces = _joined(_cut(tokens, [i for i, token in enumerate(tokens) if token.first]))
    return [_sentence(short) for piece in pieces for short in _shortened(piece)]


def _tokens(segment: TranscriptSegment) -> Iterator[_Token]:
    """The words of a segment; without times of their own they get them by their share of the text."""
    texts = [piece for word in segment.text.split() for piece in _UNSPACED_END.split(word)]
    timed = len(segment.words) == len(texts)
    per_character = (segment.end_seconds - segment.start_seconds) / max(1, sum(map(len, texts)))
    position = 0
    for i, text in enumerate(texts):
        start = segment.start_seconds + position * per_character
        end = start + len(text) * per_character
        if timed:
            start = segment.words[i].start_seconds
            end = segment.words[i].end_seconds or start
        position += len(text)
        yield _Token(text, start, end, i == 0, word_count(text))


def _ends(token: _Token, following: _Token | None) -> bool:
    if _END.search(token.text) is None:
        return False
    if following is None:
        return True
    # "Dr. Smith", "e.g. this": no end.
    return not following.text[:1].islower() and _ABBREVIATION.fullmatch(token.text) is None


def _cut(tokens: Sequence[_Token], starts: Sequence[int]) -> list[list[_Token]]:
    borders = sorted({0, *starts, len(tokens)})
    return [list(tokens[a:b]) for a, b in pairwise(borders)]


def _joined(pieces: list[list[_Token]]) -> list[list[_Token]]:
    """Short pieces joined to the one before or behind them, whichever pause is shorter."""
    joined: list[list[_Token]] = []
    pending: list[_Token] = []
    for i, piece in enumerate(pieces):
        piece = pending + piece
        pending = []
        before = piece[0].start_seconds - joined[-1][-1].end_seconds if joined else float("inf")
        behind = pieces[i + 1][0].start_seconds - piece[-1].end_seconds if i + 1 < len(pieces) else float("inf")
        if _count(piece) >= _SHORT or min(before, behind) > _JOIN_GAP_SECONDS:
            joined.append(piece)
        elif before <= behind and _count(joined[-1]) < _LONG:
            joined[-1] += piece
        elif behind <= _JOIN_GAP_SECONDS:
            pending = piece
        else:
            joined.append(piece)
    return joined


def _shortened(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """The piece in pieces of readable length, split where the speaker paused longest away from the ends."""
    waiting = [tokens]
    while waiting:
        piece = waiting.pop()
        if _count(piece) <= _LONG or len(piece) < 2:
            yield piece
            continue
        middle = len(piece) / 2
        room = max(1, min(_SHORT, len(piece) // 3))

        def rank(i: int, piece: list[_Token] = piece, middle: float = middle) -> tuple[float, bool, float]:
            pause = round(piece[i].start_seconds - piece[i - 1].end_seconds, 2)
            return (pause if pause >= 0.2 else 0.0, piece[i].first, -abs(i - middle))

        cut = max(range(room, len(piece) - room + 1), key=rank)
        waiting += [piece[cut:], piece[:cut]]


def _count(tokens: Sequence[_Token]) -> int:
    return sum(token.words for token in tokens)


def _sentence(tokens: Sequence[_Token]) -> Sentence:
    text = ""
    for token in tokens:
        text = appended(text, token.text)
    return Sentence(text, tokens[0].start_seconds, max(token.end_seconds for token in tokens))
